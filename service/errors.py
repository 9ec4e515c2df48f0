"""Errors of the HTTP API and their statuses."""

from collections.abc import Iterator, Mapping

from index import errors as library


class ServiceError(library.LoccitError):
    """Root of the service's own errors. Errors of the library are not wrapped."""

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.headers = dict(headers or {})


class InvalidSettings(ServiceError):
    """An environment variable or an option has a value that cannot be used."""


class DataNotWritable(ServiceError):
    """The data folder, or the folder to make it in, cannot be written to."""


class KeysLost(ServiceError):
    """The data was under API keys that are not there: nobody is let in by mistake."""


class DataMixed(ServiceError):
    """A database of the data folder is damaged, or belongs to another one."""


class InvalidRequest(ServiceError):
    """The request is not of the documented form; the message names the field, and ``param`` too."""

    def __init__(self, message: str, *, headers: Mapping[str, str] | None = None, param: str = "") -> None:
        super().__init__(message, headers=headers)
        self.param = param


class Unauthorized(ServiceError):
    """The API key is missing, wrong, revoked or expired."""

    asks_for_key = True
    """True if the reply explains how to send a key; not where a token or session was refused."""


class SignInFailed(ServiceError):
    """A sign-in at a provider of OpenID Connect did not succeed, or is not of this browser."""


class Forbidden(ServiceError):
    """The API key is valid, and does not allow this."""


class RemovalRefused(library.Conflict):
    """So many documents would be removed at once that it is more likely a mistake: none was."""


class RouteNotFound(ServiceError):
    """There is no such route."""


class MethodNotAllowed(ServiceError):
    """The route exists, but not for this method."""


class BodyTooLarge(ServiceError):
    """The request body is larger than the limit."""


class RangeNotSatisfiable(ServiceError):
    """The Range header names no byte of the file."""


class EncodedBody(ServiceError):
    """The request body is compressed, or encoded otherwise."""


class BodyTimeout(ServiceError):
    """The request body arrives too slowly."""


class CrossSiteRequest(ServiceError):
    """A page of another site made the browser send this request."""


class HostNotAllowed(ServiceError):
    """The Host header names a host that the service does not know, and no API key is set."""


class JobNotFound(library.NotFound):
    """There is no job with this id."""


class JobNotFinished(library.Conflict):
    """The job is still running or queued."""


class UploadNotFound(library.NotFound):
    """There is no file with this id."""

    code = "file_not_found"


class NoSuchModel(library.NotFound):
    """No model of this name is served."""


class KeyNotFound(library.NotFound):
    """There is no API key with this id."""


class PersonNotFound(library.NotFound):
    """No provider signed in a person with this id."""


class ClientGone(ServiceError):
    """The client disconnected before the response. Only the log shows this status."""


class Overloaded(ServiceError):
    """The service is handling as many requests of this kind as it accepts."""


class RateLimited(ServiceError):
    """The key, or the client's address, sent more than its rate limit allows."""


class SpoolFull(ServiceError):
    """There is no disk space for the upload."""


class NotReady(ServiceError):
    """The model is still loading or failed to load, or the service is stopping."""


def stopping() -> NotReady:
    """The error of a request that has come too late, or was not answered in time, while the service stops."""
    return NotReady("The service is stopping. Send the request again in a moment.")


class WriterFailed(ServiceError):
    """The model that writes answers cannot be reached, refused the request, or its text broke off."""


class WriterTimeout(ServiceError):
    """The model that writes answers took longer than the settings allow."""


class ProviderUnavailable(ServiceError):
    """The provider that signs people in cannot be reached, or does not answer as OpenID Connect says."""

    def __init__(
        self, message: str, *, headers: Mapping[str, str] | None = None, has_replied: bool = False
    ) -> None:
        super().__init__(message, headers=headers)
        self.has_replied = has_replied
        """True if the provider replied, with something that cannot be used."""


class InternalError(ServiceError):
    """Unexpected failure. The log has the reason under the request id."""


STATUS: Mapping[type[library.LoccitError], int] = {
    library.LoccitError: 500,
    # Errors that the client can correct: 422, or a more specific status where HTTP defines one.
    library.InvalidInput: 422,
    InvalidRequest: 422,
    library.DocumentIdTaken: 409,
    library.UnsupportedFormat: 415,
    library.DocumentTooLarge: 413,
    BodyTooLarge: 413,
    EncodedBody: 415,
    BodyTimeout: 408,
    RangeNotSatisfiable: 416,
    Unauthorized: 401,
    SignInFailed: 401,
    Forbidden: 403,
    CrossSiteRequest: 403,
    HostNotAllowed: 403,
    library.NotFound: 404,
    library.ChangeNotKept: 410,
    library.DocumentRetired: 410,
    RouteNotFound: 404,
    MethodNotAllowed: 405,
    library.Conflict: 409,
    ClientGone: 499,
    # Temporary errors: generic HTTP clients retry after 429 and 503.
    Overloaded: 429,
    RateLimited: 429,
    SpoolFull: 507,
    library.DiskFull: 507,
    library.DiskReadOnly: 503,
    library.CollectionBusy: 503,
    library.FormatInUse: 503,
    NotReady: 503,
    ProviderUnavailable: 503,
    # The endpoint that the operator configured.
    WriterFailed: 502,
    library.SourceError: 502,
    WriterTimeout: 504,
    # Errors that only the operator can correct.
    library.ModelError: 503,
    library.ModelFailed: 500,
    library.Damaged: 500,
    library.LedgerFailed: 500,
    library.ChangeNotReached: 503,
    library.IndexUnavailable: 503,
    library.StoreUnavailable: 503,
    library.ObjectsUnavailable: 503,
    library.ObjectsOfAnother: 409,
    library.ReadersUnavailable: 503,
    library.EngineUnsuitable: 500,
    InvalidSettings: 500,
    DataNotWritable: 500,
    KeysLost: 500,
    DataMixed: 500,
    InternalError: 500,
}
"""HTTP status by error class. Subclasses inherit the status of their nearest base class."""

RETRY_AFTER: Mapping[type[library.LoccitError], int] = {
    Overloaded: 1,
    RateLimited: 1,
    library.CollectionBusy: 1,
    library.FormatInUse: 5,
    library.ChangeNotReached: 1,
    library.IndexUnavailable: 5,
    library.StoreUnavailable: 5,
    library.ObjectsUnavailable: 5,
    library.ReadersUnavailable: 5,
    NotReady: 2,
    ProviderUnavailable: 5,
    library.DiskFull: 60,
    library.DiskReadOnly: 60,
}
"""Value of the Retry-After header in seconds, by error class."""


class MayRaise:
    """Says, in ``Annotated``, which errors a value of a type or a dependency can cause.

    The root of a branch of errors stands for all of them. The OpenAPI document gets the errors of each route
    from here, by the types of its parameters.
    """

    def __init__(self, *kinds: type[library.LoccitError]) -> None:
        self.kinds = tuple(leaf for kind in kinds for leaf in _leaves(kind))


def _leaves(kind: type[library.LoccitError]) -> Iterator[type[library.LoccitError]]:
    below = kind.__subclasses__()
    if not below:
        yield kind
    for one in below:
        yield from _leaves(one)


def status_of(kind: type[library.LoccitError]) -> int:
    """The status of an error class."""
    return next(STATUS[base] for base in kind.__mro__ if base in STATUS)


def headers_of(error: library.LoccitError) -> dict[str, str]:
    """The headers of the response for an error."""
    headers = dict(getattr(error, "headers", {}))
    if (seconds := RETRY_AFTER.get(type(error))) is not None:
        headers.setdefault("Retry-After", str(seconds))
    return headers


def error_json(code: str, message: str, request_id: str) -> dict[str, dict[str, str]]:
    """The body of every error response."""
    return {"error": {"code": code, "message": message, "request_id": request_id}}
