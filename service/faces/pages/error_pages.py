"""The pages that show errors of requests to people."""

from urllib.parse import parse_qs, quote, urlencode

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope as Connection

from index.errors import LoccitError
from service.errors import Unauthorized, headers_of, status_of
from service.faces.pages.context import context_of
from service.faces.pages.errors.plain_errors import plain_error
from service.faces.pages.navigation import is_form, is_page
from service.faces.pages.rendering import page, redirect, sign_in_page
from service.http.error_shapes import ErrorPages
from service.http.links import SIGN_IN, VIEW
from service.http.parts import parts_of
from service.state.credentials import Credentials
from service.state.identity import COOKIE

_HEADINGS = {
    401: "An API key is needed",
    403: "This is not allowed",
    404: "Not found",
    410: "No longer kept",
    429: "Too many requests",
    503: "Not ready yet",
}


def _error_page(connection: Connection, error: LoccitError, request_id: str) -> Response:
    """The page for an error of a request; without a key that will do, the form to sign in."""
    if isinstance(error, Unauthorized):
        after = _after_sign_in(connection)
        return _renewal(connection, after) or sign_in_page(connection, after, error)
    status, language = status_of(type(error)), context_of(connection).language
    response = page(
        connection,
        "error",
        status_code=status,
        status=status,
        heading=language.t(_HEADINGS.get(status, "That did not work")),
        error=plain_error(error, language),
        code=error.code,
        request_id=request_id,
    )
    response.headers.update(headers_of(error))
    return response


def _renewal(connection: Connection, after: str) -> Response | None:
    """The way to the provider for a person whose session is over; None for others, and for scripts.

    Who is still signed in there comes back without being asked, with the rights of now.
    """
    headers = Headers(scope=connection)
    cookie = HTTPConnection(connection).cookies.get(COOKIE, "")
    if connection["method"] != "GET" or headers.get("sec-fetch-mode", "navigate") != "navigate" or not cookie:
        return None
    provider = parts_of(connection)[Credentials].sessions.provider_of(cookie)
    if provider is None or not provider.client_id:
        return None
    start = f"{SIGN_IN}/{provider.name}/start?{urlencode({'next': after})}"
    return redirect(connection, start)


def _after_sign_in(connection: Connection) -> str:
    """The page that was wanted; for a form that was sent, the page that it belongs to.

    A browser does not send where in the page: a citation opens at its quote.
    """
    path = connection["path"]
    if connection["method"] == "POST":
        return f"/{quote(path.split('/')[1])}"
    query = connection["query_string"].decode("latin-1")
    wants_quote = path.startswith(VIEW) and not {"at", "page", "mark"} & parse_qs(query).keys()
    return f"{quote(path)}{'?' if query else ''}{query}{'#quote' if wants_quote else ''}"


ERROR_PAGES = ErrorPages(is_page, is_form, _error_page)
