"""Count what callers spend in this process, and add what other processes have counted.

The algorithm is GCRA: for each caller there is the time at which it has its whole burst again, and each
request moves that time by what the limit takes to give one request back. That time is what processes
exchange, with the sum of the costs since their last exchange (:class:`Spent`).
"""

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b

from throttled import Throttled, rate_limiter
from throttled.rate_limiter import RateLimitResult, RateLimitState
from throttled.store import MemoryStore

from service.settings.values import RateLimit

WINDOW = 60
MOST_CALLERS = 100_000
"""Callers that are remembered; the one that asked first is forgotten first."""
_PREFIX = "loccit"
_STORED = f"{_PREFIX}:v1:gcra:{{}}"
"""Under which key the library keeps the time of a caller; it documents this form."""


@dataclass(frozen=True, slots=True)
class Due:
    """When a caller has its whole burst again: ``at``, in seconds of :func:`time.monotonic` of this process.

    ``counter`` names the limits that it is counted for. ``caller`` is a keyed hash of 16 bytes.
    """

    counter: str
    caller: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Spent:
    """Requests of a caller that a process has counted since its last exchange.

    ``cost`` is the seconds in which the limit gives it back. ``due`` is when the caller has its whole burst
    again, as far as this process knows.
    """

    due: Due
    cost: float


class Counter:
    """Counts the requests of callers by their limits. Thread-safe.

    ``secret`` keys the hashes of callers, so that no name or address leaves this process.
    """

    def __init__(self, name: str, *, secret: bytes = b"") -> None:
        self.name = name
        self._secret = secret
        self._store = MemoryStore(options={"MAX_SIZE": MOST_CALLERS})
        self._limiters: dict[RateLimit, Throttled] = {}
        self._spent: dict[bytes, float] | None = None
        self._on_spent: Callable[[], object] = lambda: None
        self._lock = threading.Lock()
        self.free_at = -math.inf
        """From then on (:func:`time.monotonic`) all callers have their whole burst, unless more comes."""

    def share(self, on_spent: Callable[[], object]) -> None:
        """Collect from now on what :meth:`take` returns; ``on_spent`` is called when there is something."""
        self._on_spent = on_spent
        self._spent = {}

    def count(self, caller: str, limit: RateLimit, cost: int = 1) -> RateLimitResult:
        """Count requests, at most as many as the burst, unless they are too many: then none of them."""
        name = self._hash(caller)
        with self._lock:
            result = self._limiter(limit).limit(name.hex(), cost)
            if result.limited:
                return result
            self.free_at = max(self.free_at, time.monotonic() + result.state.reset_after)
            if self._spent is not None:
                self._spent[name] = self._spent.get(name, 0.0) + cost * WINDOW / limit.per_minute
        self._on_spent()
        return result

    def peek(self, caller: str, limit: RateLimit) -> RateLimitState:
        """The requests that a caller has left."""
        return self._limiter(limit).peek(self._hash(caller).hex())

    def take(self) -> list[Spent]:
        """Return what was counted here since the last call."""
        names = list(self._spent or ())
        return [self._take(name) for name in names]

    def merge(self, dues: Iterable[Due]) -> None:
        """Add what other processes counted, from the times at which callers have their whole burst again.

        These times have what :meth:`take` returned before they were asked for.
        """
        for due in dues:
            key = _STORED.format(due.caller.hex())
            with self._lock:
                now = time.monotonic()
                # Beside what was spent here meanwhile. Both times have what was spent here, so the later one
                # is right; it is that of this process where the other processes have lost theirs.
                at = due.at + (self._spent or {}).get(due.caller, 0.0)
                if at > max(now, self._due_at(due.caller, now)):
                    self._store.set(key, at, math.ceil(at - now))
                    self.free_at = max(self.free_at, at)

    def _take(self, caller: bytes) -> Spent:
        assert self._spent is not None  # noqa: S101 -- it has the caller
        with self._lock:  # no request may be in one of the two, and not in the other
            cost = self._spent.pop(caller)
            at = self._due_at(caller, time.monotonic())
        return Spent(Due(self.name, caller, at), cost)

    def _due_at(self, caller: bytes, now: float) -> float:
        return float(self._store.get(_STORED.format(caller.hex())) or now)

    def _hash(self, caller: str) -> bytes:
        named = f"{self.name}/{caller}".encode("utf-8", "surrogatepass")
        return blake2b(named, key=self._secret, digest_size=16).digest()

    def _limiter(self, limit: RateLimit) -> Throttled:
        if limit not in self._limiters:
            quota = rate_limiter.per_min(limit.per_minute, burst=limit.burst)
            self._limiters[limit] = Throttled(
                using="gcra", quota=quota, store=self._store, key_prefix=_PREFIX
            )
        return self._limiters[limit]
