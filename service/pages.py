"""Pages for people: rendered here, without scripts, so that nothing in a document can ever run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from index.errors import LoccitError
from service.errors import headers_of, status_of

WEB = Path(__file__).with_name("web")
_HEADERS = {
    # No script, no frame, no image, nothing from elsewhere, whatever a document says.
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
_HEADINGS = {
    401: "An API key is needed",
    403: "Not under this name",
    404: "Not found",
    410: "Not kept any more",
    429: "Too many requests",
    503: "Not ready yet",
}


def is_page(path: str) -> bool:
    """Whether an address is a page for people, and so are the errors there."""
    return path == "/" or path.startswith("/view/")


def page(template: str, *, status_code: int = 200, **values: Any) -> Response:
    """A page made of a template."""
    html = _ENVIRONMENT.get_template(f"{template}.html.jinja").render({"home_query": "", **values})
    # What came in may have halves of surrogate pairs; they have no UTF-8.
    return HTMLResponse(html.encode("utf-8", "replace"), status_code, _HEADERS)


def error_page(error: LoccitError, request_id: str) -> Response:
    """The page that tells an error."""
    status = status_of(type(error))
    response = page(
        "error",
        status_code=status,
        status=status,
        heading=_HEADINGS.get(status, "That did not work"),
        message=error.message,
        code=error.code,
        request_id=request_id,
    )
    response.headers.update(headers_of(error))
    return response


def stylesheet() -> Response:
    """The style of all pages."""
    return Response(
        (WEB / "style.css").read_bytes(),
        headers={"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"},
        media_type="text/css",
    )


def pages_in_words(pages: tuple[int, int] | None) -> str:
    """Page numbers as readers say them; empty without pages."""
    if pages is None:
        return ""
    first, last = pages
    return f"page {first}" if first == last else f"pages {first}–{last}"
