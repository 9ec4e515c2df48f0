"""HTML pages, rendered on the server without scripts, so that nothing in a document can run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from index.errors import LoccitError
from index.text import without_bidi_controls
from service.advice import message_with_advice
from service.errors import headers_of, status_of

WEB = Path(__file__).parents[1] / "web"
_HEADERS = {
    # No scripts, frames, images or external resources, whatever a document contains.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(WEB),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["without_controls"] = without_bidi_controls
_HEADINGS = {
    401: "An API key is needed",
    403: "Not under this name",
    404: "Not found",
    410: "No longer kept",
    429: "Too many requests",
    503: "Not ready yet",
}


def is_page(path: str) -> bool:
    """Whether a path is an HTML page, whose errors are HTML pages too."""
    return path == "/" or path.startswith("/view/")


def page(template: str, *, status_code: int = 200, **values: Any) -> Response:
    """Render a page from a template."""
    html = _ENVIRONMENT.get_template(f"{template}.html.jinja").render({"home_query": "", **values})
    # Input may contain lone surrogates, which cannot be encoded as UTF-8.
    return HTMLResponse(html.encode("utf-8", "replace"), status_code, _HEADERS)


def error_page(error: LoccitError, request_id: str) -> Response:
    """The page for an error."""
    status = status_of(type(error))
    response = page(
        "error",
        status_code=status,
        status=status,
        heading=_HEADINGS.get(status, "That did not work"),
        message=message_with_advice(error),
        code=error.code,
        request_id=request_id,
    )
    response.headers.update(headers_of(error))
    return response


def sign_in_page(after: str, error: LoccitError | None = None) -> Response:
    """The form to sign in, which leads to the page ``after``; with the error of an attempt."""
    status = 200 if error is None else status_of(type(error))
    message = "" if error is None else message_with_advice(error)
    response = page(
        "sign_in", status_code=status, next=after, message=message, heading="Sign in with an API key"
    )
    if error is not None:
        response.headers.update(headers_of(error))
    return response


def stylesheet() -> Response:
    """The stylesheet of all pages."""
    return Response(
        (WEB / "style.css").read_bytes(),
        headers={"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"},
        media_type="text/css",
    )


def pages_in_words(pages: tuple[int, int] | None) -> str:
    """Page numbers in words; empty without pages."""
    if pages is None:
        return ""
    first, last = pages
    return f"page {first}" if first == last else f"pages {first}–{last}"
