"""Addresses that could be taken for others are refused before they reach a route."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from service.error_handlers import error_response, request_id_of
from service.errors import InvalidRequest

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class CleanAddresses:
    """Middleware that answers 422 to paths which would lose something on their way to a route.

    A line break at the end of a path is dropped by the router, and bytes that are not UTF-8 become
    replacement characters: either would put or delete another document than the one named.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _clean(scope):
            await self._app(scope, receive, send)
            return
        error = InvalidRequest(
            "The address has control characters, or is not UTF-8. Percent-encode ids as UTF-8, as "
            "encodeURIComponent and urllib.parse.quote do."
        )
        await error_response(error, request_id_of(scope))(scope, receive, send)


def _clean(scope: Scope) -> bool:
    if _CONTROL.search(scope["path"]):
        return False
    try:
        unquote_to_bytes(scope.get("raw_path") or b"").decode()
    except UnicodeDecodeError:
        return False
    return True
