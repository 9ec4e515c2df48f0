"""Errors of this package.

::

    LoccitError
    ├── ConnectionFailed     no reply: not connected, cut off, or too slow
    ├── InvalidArgument      what no request can carry: nothing was sent
    ├── InvalidReply         a reply of another form than the API's
    ├── WaitTimeout          a job was not finished in time
    └── ApiError             an error reply: code, message, request_id, status
        ├── InvalidRequest   400, 408, 413, 415, 422: the request has to be changed
        ├── Unauthorized     401: the key is missing, wrong, revoked or expired
        ├── Forbidden        403: the key does not allow this
        ├── NotFound         404, 410
        ├── Conflict         409
        ├── TooManyRequests  429: over the rate limit, or the service is at its limit
        └── ServerError      5xx
            └── Unavailable  503: not ready, or busy

``code`` is what programs test; the wording of ``message`` may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx


class LoccitError(Exception):
    """Root of all errors of this package."""

    code = "client_error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidArgument(LoccitError):
    """An address, key or name that no request can carry. Nothing was sent."""

    code = "invalid_argument"


class ConnectionFailed(LoccitError):
    """There is no reply: the service is not reached, the connection broke, or it took too long."""

    code = "connection_failed"


class InvalidReply(LoccitError):
    """The reply has not the form of the API's: another service, or a proxy, may have sent it."""

    code = "invalid_reply"


class WaitTimeout(LoccitError):
    """A job was not finished within the time to wait. It goes on."""

    code = "wait_timeout"


class ApiError(LoccitError):
    """The service replied with an error.

    ``code`` and ``message`` are those of the reply, ``request_id`` finds it in the service's log, ``status``
    is that of HTTP. ``retry_after`` has the seconds after which the same request may succeed, if it may.
    """

    def __init__(
        self, message: str, *, code: str, request_id: str, status: int, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id
        self.status = status
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.message} ({self.code}, status {self.status}, request {self.request_id or 'unknown'})"


class InvalidRequest(ApiError):
    """The service refuses the request as it is; the message says what to change."""


class Unauthorized(ApiError):
    """The key is missing, wrong, revoked or expired."""


class Forbidden(ApiError):
    """The key is valid, and does not allow this."""


class NotFound(ApiError):
    """There is no such collection, document, version, citation, change or job, or it is not kept."""


class Conflict(ApiError):
    """The state of the collection, document or job does not allow this."""


class TooManyRequests(ApiError):
    """More requests than the rate limit or the service's limits allow."""


class ServerError(ApiError):
    """The service failed; its log has the reason under the request id."""


class Unavailable(ServerError):
    """The service is not ready, or too busy to do this now."""


_KINDS: Mapping[int, type[ApiError]] = {
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    429: TooManyRequests,
    503: Unavailable,
}


def error_of(response: httpx.Response) -> ApiError:
    """The error that a response with a status of 400 or more is. Its body must have been read."""
    kind = _KINDS.get(response.status_code, ServerError if response.is_server_error else InvalidRequest)
    detail = _read_detail(response)
    request_id = str(detail.get("request_id") or response.headers.get("X-Request-ID", ""))
    return kind(
        str(detail.get("message") or f"{response.status_code} {response.reason_phrase}, without a reason."),
        code=str(detail.get("code") or f"http_{response.status_code}"),
        request_id=request_id,
        status=response.status_code,
        retry_after=retry_after_of(response),
    )


def error_in_stream(event: Mapping[str, Any]) -> ServerError:
    """The error that an event in a stream is, which began with a status of 200."""
    given = event.get("error")
    detail = given if isinstance(given, dict) else {}
    return ServerError(
        str(detail.get("message", "The stream ended with an error, without a reason.")),
        code=str(detail.get("code", "stream_error")),
        request_id=str(detail.get("request_id", "")),
        status=httpx.codes.OK,
    )


def _read_detail(response: httpx.Response) -> Mapping[str, object]:
    """Read the error from a JSON body; empty for another body, as the page of a proxy."""
    try:
        detail = response.json()["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return detail if isinstance(detail, dict) else {}


def retry_after_of(response: httpx.Response) -> float | None:
    """The seconds of ``Retry-After``; None without one, and for a date, which the service never sends."""
    written = response.headers.get("Retry-After", "")
    return float(written) if written.isascii() and written.isdigit() else None
