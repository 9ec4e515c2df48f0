"""Answers 429 before a question is routed, parsed and checked, while the service is overloaded."""

from contextlib import suppress

from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import BodyTimeout, Overloaded
from service.http.error_handlers import error_response
from service.http.middleware.body_limit import content_length
from service.http.parts import parts_of
from service.state.identity import caller_of
from service.state.limits.pools import Pools

_SMALL = 65_536
"""Bytes of a body that are read, so that the connection can be kept."""


class EarlyRefusal:
    """Middleware that refuses questions under overload before they are routed and parsed.

    Each refusal takes processor time from the requests that are admitted.
    """

    def __init__(self, app: ASGIApp, *, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._path and scope["method"] == "POST":
            try:
                # Only a check: the route takes the permit and counts the request as admitted.
                parts_of(scope)[Pools].questions.permits.require(caller_of(scope).holder)
            except Overloaded as error:
                response = error_response(error, scope)
                if not await _drain_small_body(scope, receive):
                    response.headers["Connection"] = "close"
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _drain_small_body(scope: Scope, receive: Receive) -> bool:
    """Read a small body to its end; whether it was, so that the connection can carry another request."""
    if content_length(scope) > _SMALL or any(name == b"expect" for name, _ in scope["headers"]):
        return False
    left = _SMALL
    with suppress(BodyTimeout):
        while left >= 0 and (message := await receive())["type"] == "http.request":
            if not message.get("more_body", False):
                return True
            left -= len(message.get("body", b""))
    return False
