"""Refuse request paths that would reach a route in a changed form."""

import re
import unicodedata
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import InvalidRequest
from service.http.error_handlers import error_response

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class CleanPaths:
    """Middleware that returns 422 for paths with control characters or invalid UTF-8.

    The router drops a line break at the end of a path, and invalid UTF-8 becomes replacement characters:
    either way a request would store or delete another document than the one it names.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _is_clean(scope):
            if "path" in scope:  # stored ids are in NFC, and file names of macOS are not
                scope["path"] = unicodedata.normalize("NFC", scope["path"])
            await self._app(scope, receive, send)
            return
        error = InvalidRequest(
            "The path has control characters or is not UTF-8. Percent-encode ids as UTF-8, as "
            "encodeURIComponent and urllib.parse.quote do."
        )
        await error_response(error, scope)(scope, receive, send)


def _is_clean(scope: Scope) -> bool:
    if _CONTROL.search(scope["path"]):
        return False
    try:
        unquote_to_bytes(scope.get("raw_path") or b"").decode()
    except UnicodeDecodeError:
        return False
    return True
