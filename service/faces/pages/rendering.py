"""Render pages from templates on the server."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Scope as Connection

from index.errors import LoccitError
from index.text import without_bidi_controls
from service.errors import headers_of, status_of
from service.faces.pages.assets import asset_path
from service.faces.pages.context import PageContext, context_of
from service.faces.pages.errors.plain_errors import plain_message
from service.faces.pages.languages import LANGUAGES
from service.faces.pages.navigation import places
from service.http.links import in_collection
from service.http.parts import parts_of
from service.state.files import Titles
from service.state.openid import Providers

TEMPLATES = Path(__file__).parent / "templates"
HEADERS = {
    # Our own scripts only, and nothing from elsewhere, whatever a document contains.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
    "Vary": "Accept-Language, Cookie",
}
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["without_controls"] = without_bidi_controls


def page(connection: Connection, template: str, *, status_code: int = 200, **values: Any) -> Response:
    """Render a page of a request from a template.

    Beside the values, a template has the page's context as ``here``; ``t``, ``tn`` and ``th`` translate
    (:class:`service.faces.pages.languages.Language`), ``at`` makes the address of a path, ``asset`` that of a
    stylesheet or script, and ``home_query`` is the query that keeps the collection.
    """
    here = context_of(connection)
    html = _ENVIRONMENT.get_template(f"{template}.html.jinja").render(
        {**_globals(connection, here), "has_help": connection["app"].state.help is not None, **values}
    )
    # Input may contain lone surrogates, which cannot be encoded as UTF-8.
    return HTMLResponse(html.encode("utf-8", "replace"), status_code, HEADERS)


def redirect(connection: Connection, path: str) -> Response:
    """Lead from a form, or from a former address, to another page of this service."""
    return RedirectResponse(context_of(connection).at(path), status_code=303)


def _globals(connection: Connection, here: PageContext) -> dict[str, Any]:
    return {
        "here": here,
        "t": here.language.t,
        "tn": here.language.tn,
        "th": here.language.th,
        "at": here.at,
        "asset": lambda name: here.at(asset_path(name)),
        "places": places(here.caller, has_providers=bool(parts_of(connection)[Providers])),
        "languages": LANGUAGES.values(),
        "home_query": in_collection("", here.collection),
        "title_of": _titles(connection),
    }


def _titles(connection: Connection) -> Callable[[str], str]:
    """The titles of collections, which are read when the first is asked for; blocks."""
    known: dict[str, str] = {}
    read = False

    def title_of(name: str) -> str:
        nonlocal read
        titles = parts_of(connection).get(Titles)
        if not read and titles is not None:
            with suppress(LoccitError):  # without them the page has names
                known.update(titles.all())
            read = True
        return known.get(name, name)

    return title_of


def sign_in_page(
    connection: Connection, after: str, error: LoccitError | None = None, *, another: str = ""
) -> Response:
    """The form to sign in, which leads to the page ``after``; with the error of an attempt.

    ``another`` is the provider at which the person may have another account that is let in.
    """
    status = 200 if error is None else status_of(type(error))
    # Without a message nobody signed in yet, which is no error to a person.
    has_message = error is not None and error.message
    message = plain_message(error, context_of(connection).language) if error and has_message else ""
    known = parts_of(connection)[Providers].issuers.values()
    providers = [one.provider for one in known if one.provider.client_id]
    response = page(
        connection,
        "sign_in",
        status_code=status,
        next=after,
        message=message,
        providers=providers,
        another=another,
    )
    if error is not None:
        response.headers.update(headers_of(error))
    return response
