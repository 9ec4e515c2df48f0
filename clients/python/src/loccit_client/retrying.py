"""Rules for sending a request again, and the pause before it."""

from __future__ import annotations

import random
from dataclasses import dataclass

import httpx

from loccit_client.errors import ApiError, ConnectionFailed

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Failures before anything reached the service."""


@dataclass(frozen=True, slots=True)
class Retries:
    """The number of times that a request is sent again, and the longest pause before it, in seconds.

    A request that the service refused with 429, or that did not reach it, has had no effect: it is sent again
    whatever it does. After 503 and broken connections only requests are repeated that have the same effect
    once or twice. The pause is that of ``Retry-After``, or else doubles from ``first``, with a random part so
    that clients do not come back together. Where ``Retry-After`` is longer than ``longest``, the error is
    raised at once.
    """

    most: int = 4
    first: float = 0.25
    longest: float = 30.0

    def pause_after(
        self, error: ApiError | ConnectionFailed, attempt: int, *, repeatable: bool
    ) -> float | None:
        """Seconds to wait before the next attempt; None to give up. The first attempt is number 0."""
        if attempt >= self.most or not _may_repeat(error, repeatable=repeatable):
            return None
        wanted = error.retry_after if isinstance(error, ApiError) else None
        if wanted is None:
            return min(self.longest, self.first * 2.0**attempt) * random.uniform(0.5, 1.0)  # noqa: S311
        return wanted if wanted <= self.longest else None


NO_RETRIES = Retries(most=0)


def _may_repeat(error: ApiError | ConnectionFailed, *, repeatable: bool) -> bool:
    if isinstance(error, ApiError):
        return error.status == httpx.codes.TOO_MANY_REQUESTS or (
            error.status == httpx.codes.SERVICE_UNAVAILABLE and repeatable
        )
    cause = error.__cause__
    if isinstance(cause, _NOT_SENT):
        return True
    # A slow reply is not asked for again: that would make a busy service busier.
    return repeatable and not isinstance(cause, httpx.TimeoutException)


def connection_failed(error: httpx.HTTPError, url: httpx.URL) -> ConnectionFailed:
    """The error that a failure of the HTTP library is; raise it from that failure."""
    address = _address(url)
    if isinstance(error, httpx.TimeoutException):
        return ConnectionFailed(f"{address} did not reply in time. Try again, or give the client more time.")
    reason = str(error) or type(error).__name__
    return ConnectionFailed(f"{address} could not be reached: {reason}. Is the service running there?")


def require_finished(event: str, url: httpx.URL) -> None:
    """Raise :class:`ConnectionFailed` unless this is the name of the last event of a stream."""
    if event != "finished":
        raise ConnectionFailed(f"{_address(url)} ended a stream that was not finished. Ask again.")


def _address(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"
