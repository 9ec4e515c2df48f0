"""Rate limits: of requests by key, and of wrong keys by client address."""

import math
import time
from collections.abc import Callable

from throttled.rate_limiter import RateLimitState

from service.errors import RateLimited
from service.settings.values import RateLimit
from service.state.identity.client_address import subscriber
from service.state.identity.principal import Principal
from service.state.limits.counting import WINDOW, Counter

_WRONG_KEYS = RateLimit(per_minute=10, burst=20)


class RateLimits:
    """Limits requests by caller. ``default`` is for keys without a limit of their own.

    With a key of public pages, each visitor has the limit ``visitors`` besides. ``secret`` is that of the
    ``counter``.
    """

    def __init__(self, default: str = "", *, visitors: str = "", secret: bytes = b"") -> None:
        self._default = default
        self._visitors = visitors
        self._parsed: dict[str, RateLimit | None] = {}
        self.counter = Counter("requests", secret=secret)

    def charge(self, caller: Principal, cost: int = 1, *, charged: int = 0) -> dict[str, str]:
        """Count requests of a caller; returns the RateLimit headers of the response.

        Raises :class:`service.errors.RateLimited`. A request that costs more than the burst takes the whole
        burst; ``charged`` is what it was charged before.
        """
        if not caller.key or cost < 1:
            return {}
        costs = charged, cost
        of_key = self._count(caller.rate or self._default, f"{caller.key}/{caller.user}", costs, "This key")
        if not caller.visitor:
            return of_key
        visitor = f"{caller.key}@{subscriber(caller.visitor)}"
        return self._count(self._visitors, visitor, costs, "A visitor") or of_key

    def _count(self, written: str, name: str, costs: tuple[int, int], who: str) -> dict[str, str]:
        limit, (charged, cost) = self._limit(written), costs
        if limit is None or (charged and charged >= limit.burst):
            return {}
        result = self.counter.count(name, limit, min(cost, limit.burst - charged))
        headers = _rate_headers(limit, result.state)
        if result.limited:
            # Whoever tries again is charged again what was charged before.
            again = charged * WINDOW / limit.per_minute
            wait = max(1, math.ceil(result.state.retry_after + again))
            raise RateLimited(
                f"{who} may send {limit.per_minute} requests a minute, and {limit.burst} at once. Wait "
                f"for {wait} seconds.",
                headers={**headers, "Retry-After": str(wait)},
            )
        return headers

    def _limit(self, written: str) -> RateLimit | None:
        if written not in self._parsed:
            self._parsed[written] = RateLimit.parse(written)
        return self._parsed[written]


class WrongKeys:
    """Limits wrong keys by client address; an IPv6 network of 64 bits is one address.

    ``secret`` is that of the ``counter``.
    """

    def __init__(self, *, secret: bytes = b"", clock: Callable[[], float] = time.monotonic) -> None:
        self.counter = Counter("wrong_keys", secret=secret)
        self._clock = clock

    def are_too_many(self, address: str) -> bool:
        """Whether an address must wait before it may try another key."""
        # Nearly every request brings a right key, and must not wait for an address to be looked up.
        if self._clock() >= self.counter.free_at:
            return False
        return self.counter.peek(subscriber(address), _WRONG_KEYS).remaining == 0

    def add(self, address: str) -> None:
        """Count a wrong key. Raises :class:`service.errors.RateLimited` when there were too many."""
        result = self.counter.count(subscriber(address), _WRONG_KEYS)
        if result.limited:
            wait = max(1, math.ceil(result.state.retry_after))
            raise RateLimited(
                f"Too many wrong API keys came from this address. Wait for {wait} seconds.",
                headers={"Retry-After": str(wait)},
            )


def _rate_headers(limit: RateLimit, state: RateLimitState) -> dict[str, str]:
    """The fields of draft-ietf-httpapi-ratelimit-headers."""
    return {
        "RateLimit-Policy": f'"default";q={limit.per_minute};w={WINDOW}',
        # Several processes together may have let through more than the limit.
        "RateLimit": f'"default";r={max(0, state.remaining)};t={math.ceil(state.reset_after)}',
    }
