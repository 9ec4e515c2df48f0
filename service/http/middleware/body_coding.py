"""Refuses request bodies that are compressed or encoded otherwise, before any of them is read."""

from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import EncodedBody
from service.http.error_handlers import render_error
from service.http.middleware.body_limit import content_length

_LONGEST_SHOWN = 40


class BodyCoding:
    """Middleware that returns 415 for a body with a ``Content-Encoding`` other than ``identity``.

    Nothing decodes bodies: their limits count bytes as they are sent, and a small one may grow without end.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (codings := _codings(scope)) or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        error = EncodedBody(
            f"The Content-Encoding of the body is {', '.join(codings)[:_LONGEST_SHOWN]!r}, and no encoded "
            "body is read. Send it unencoded.",
            headers={"Accept-Encoding": "identity"},
        )
        await render_error(error, scope)(scope, receive, send)


def _codings(scope: Scope) -> list[str]:
    """The encodings of the body, in any of its headers, but for those that leave it as it is."""
    values = [value.decode("latin-1") for name, value in scope["headers"] if name == b"content-encoding"]
    named = (one.strip() for value in values for one in value.split(","))
    return [one for one in named if one and one.lower() != "identity"]


def _has_body(scope: Scope) -> bool:
    return content_length(scope) > 0 or any(name == b"transfer-encoding" for name, _ in scope["headers"])
