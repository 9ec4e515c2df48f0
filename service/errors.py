"""Every error of the HTTP API: the classes, and the one table of their statuses."""

from __future__ import annotations

from collections.abc import Mapping

from index import errors as library


class ServiceError(library.LoccitError):
    """The root of what the service raises by itself. The library's errors pass through it unchanged."""

    code = "service_error"

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = dict(headers or {})


class InvalidSettings(ServiceError):
    """An environment variable or an option has a value that cannot be used."""

    code = "invalid_settings"


class InvalidRequest(ServiceError):
    """The request is not of the documented form; the message names the field."""

    code = "invalid_request"


class Unauthorized(ServiceError):
    """The API key is missing or wrong."""

    code = "unauthorized"


class RouteNotFound(ServiceError):
    """No such address in the API."""

    code = "route_not_found"


class MethodNotAllowed(ServiceError):
    """The address exists, but not with this method."""

    code = "method_not_allowed"


class BodyTooLarge(ServiceError):
    """The body of the request is larger than the limit."""

    code = "body_too_large"


class CrossSiteRequest(ServiceError):
    """A page of another site made a browser send this."""

    code = "cross_site_request"


class HostNotAllowed(ServiceError):
    """The service does not know the name that it was asked under, and no API key is set."""

    code = "host_not_allowed"


class JobNotFound(library.NotFound):
    """No job of this id is kept."""

    code = "job_not_found"


class JobNotFinished(library.Conflict):
    """The job is still going on."""

    code = "job_not_finished"


class ClientGone(ServiceError):
    """The caller hung up before the answer; nobody reads this, but the log has the status."""

    code = "client_gone"


class Overloaded(ServiceError):
    """As many requests as the service takes are in it already."""

    code = "overloaded"


class SpoolFull(ServiceError):
    """There is no room on the disk for what is sent."""

    code = "spool_full"


class NotReady(ServiceError):
    """The model is still loading, or could not be loaded, or the service is stopping."""

    code = "not_ready"


class InternalError(ServiceError):
    """Something that should not happen did; the log has it under the request id."""

    code = "internal_error"


STATUS: Mapping[type[library.LoccitError], int] = {
    library.LoccitError: 500,
    # The caller can mend it. One status for all, unless HTTP has a name of its own for the case.
    library.InvalidInput: 422,
    InvalidRequest: 422,
    library.UnsupportedFormat: 415,
    library.DocumentTooLarge: 413,
    BodyTooLarge: 413,
    Unauthorized: 401,
    CrossSiteRequest: 403,
    HostNotAllowed: 403,
    library.NotFound: 404,
    library.ChangeNotKept: 410,
    RouteNotFound: 404,
    MethodNotAllowed: 405,
    library.Conflict: 409,
    ClientGone: 499,
    # It passes: clients that know nothing of us try again after 429 and 503.
    Overloaded: 429,
    SpoolFull: 507,
    library.CollectionBusy: 503,
    NotReady: 503,
    # Only the operator can mend it.
    library.ModelError: 503,
    library.ModelFailed: 500,
    library.Damaged: 500,
    InvalidSettings: 500,
    InternalError: 500,
}
"""The status of every error, looked up along the class's bases."""

RETRY_AFTER: Mapping[type[library.LoccitError], int] = {
    Overloaded: 1,
    library.CollectionBusy: 1,
    NotReady: 2,
}
"""Seconds after which the same request may well succeed."""

EVERYWHERE = (Unauthorized, InternalError)
"""What any address but the health checks may answer."""


def status_of(kind: type[library.LoccitError]) -> int:
    """The status of an error class."""
    return next(STATUS[base] for base in kind.__mro__ if base in STATUS)


def headers_of(error: library.LoccitError) -> dict[str, str]:
    """The headers of the answer that tells an error."""
    headers = dict(getattr(error, "headers", {}))
    if (seconds := RETRY_AFTER.get(type(error))) is not None:
        headers.setdefault("Retry-After", str(seconds))
    return headers


def error_json(code: str, message: str, request_id: str) -> dict[str, dict[str, str]]:
    """The one body that every error has."""
    return {"error": {"code": code, "message": message, "request_id": request_id}}
