"""Limits: rates of callers, concurrent requests, and the thread pools that they share.

``open_limit_store`` chooses the implementation of :class:`LimitStore`. Nothing else constructs one.
"""

from service.state.limits.exchange import LimitExchange
from service.state.limits.postgresql import PostgresqlLimitStore
from service.state.limits.protocols import LimitStore
from service.state.limits.rates import RateLimits, WrongKeys


def open_limit_store(*, store: str = "") -> LimitStore | None:
    """Open the limits that processes share at a URL of PostgreSQL; without one, None: each counts alone."""
    return PostgresqlLimitStore(store) if store else None


__all__ = ["LimitExchange", "LimitStore", "RateLimits", "WrongKeys", "open_limit_store"]
