"""Rate limits: of requests by key, and of wrong keys by client address."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from throttled import Throttled, rate_limiter
from throttled.rate_limiter import RateLimitState
from throttled.store import MemoryStore

from service.errors import RateLimited
from service.identity.client_address import subscriber
from service.identity.principal import Principal

_WRITTEN = re.compile(r"([1-9][0-9]{0,6})(?::([1-9][0-9]{0,5}))?")
_WINDOW = 60
_MOST_CALLERS = 100_000
"""Callers that are remembered; the one that asked first is forgotten first."""
_WRONG_KEYS = "10:20"


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Requests a minute on average, and how many may come at once."""

    per_minute: int
    burst: int

    @staticmethod
    def parse(written: str) -> RateLimit | None:
        """Read ``600:50``, or ``600`` with a burst of a tenth; None for an empty string.

        Raises a ValueError that says what is wrong.
        """
        if not written:
            return None
        match = _WRITTEN.fullmatch(written)
        if match is None:
            raise ValueError(
                f"{written!r} is not a rate limit. Write requests a minute and the burst, such as 600:50."
            )
        per_minute = int(match[1])
        return RateLimit(per_minute, int(match[2] or max(1, per_minute // 10)))


class RateLimits:
    """Counts requests by caller, in this process. ``default`` is for keys without a limit of their own.

    With a key of public pages, each visitor has the limit ``visitors`` besides.
    """

    def __init__(self, default: str = "", *, visitors: str = "") -> None:
        self._default = default
        self._visitors = visitors
        self._store = MemoryStore(options={"MAX_SIZE": _MOST_CALLERS})
        self._limiters: dict[str, tuple[RateLimit, Throttled] | None] = {}

    def charge(self, caller: Principal, cost: int = 1) -> dict[str, str]:
        """Count requests of a caller; returns the RateLimit headers of the response.

        Raises :class:`service.errors.RateLimited`. A cost above the burst takes the whole burst.
        """
        if not caller.key or cost < 1:
            return {}
        of_key = self._count(caller.rate or self._default, f"{caller.key}/{caller.user}", cost, "This key")
        if not caller.visitor:
            return of_key
        visitor = f"{caller.key}@{subscriber(caller.visitor)}"
        return self._count(self._visitors, visitor, cost, "A visitor") or of_key

    def _count(self, written: str, name: str, cost: int, who: str) -> dict[str, str]:
        limiter = self._limiter(written)
        if limiter is None:
            return {}
        limit, throttled = limiter
        result = throttled.limit(name, min(cost, limit.burst))
        headers = _headers(limit, result.state)
        if result.limited:
            wait = max(1, math.ceil(result.state.retry_after))
            raise RateLimited(
                f"{who} may send {limit.per_minute} requests a minute, and {limit.burst} at once. Wait "
                f"for {wait} seconds.",
                headers={**headers, "Retry-After": str(wait)},
            )
        return headers

    def _limiter(self, written: str) -> tuple[RateLimit, Throttled] | None:
        if written not in self._limiters:
            limit = RateLimit.parse(written)
            self._limiters[written] = None if limit is None else (limit, _throttled(limit, self._store))
        return self._limiters[written]


class WrongKeys:
    """Counts wrong keys by client address, in this process; an IPv6 network of 64 bits is one address."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        limit = RateLimit.parse(_WRONG_KEYS)
        assert limit is not None  # noqa: S101 -- it is written above
        self._throttled = _throttled(limit, MemoryStore(options={"MAX_SIZE": _MOST_CALLERS}))
        self._clock = clock
        self._forgets_after = _WINDOW * limit.burst / limit.per_minute
        self._forgotten = -math.inf
        """From this time on no address is limited, unless another wrong key comes."""

    def are_too_many(self, address: str) -> bool:
        """Whether an address must wait before it may try another key."""
        # Nearly every request brings a right key, and must not wait for an address to be looked up.
        if self._clock() >= self._forgotten:
            return False
        return self._throttled.peek(subscriber(address)).remaining == 0

    def add(self, address: str) -> None:
        """Count a wrong key. Raises :class:`service.errors.RateLimited` when there were too many."""
        self._forgotten = self._clock() + self._forgets_after
        result = self._throttled.limit(subscriber(address))
        if result.limited:
            wait = max(1, math.ceil(result.state.retry_after))
            raise RateLimited(
                f"Too many wrong API keys came from this address. Wait for {wait} seconds.",
                headers={"Retry-After": str(wait)},
            )


def _throttled(limit: RateLimit, store: MemoryStore) -> Throttled:
    quota = rate_limiter.per_min(limit.per_minute, burst=limit.burst)
    return Throttled(using="gcra", quota=quota, store=store)


def _headers(limit: RateLimit, state: RateLimitState) -> dict[str, str]:
    """The fields of draft-ietf-httpapi-ratelimit-headers."""
    return {
        "RateLimit-Policy": f'"default";q={limit.per_minute};w={_WINDOW}',
        "RateLimit": f'"default";r={state.remaining};t={math.ceil(state.reset_after)}',
    }
