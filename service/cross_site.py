"""Pages of other sites cannot make a browser write here.

A form on any page may be sent anywhere, and what listens on this machine alone is reached by whoever's
page is open on it. Browsers say where a request comes from (Fetch Metadata, W3C); programs say nothing.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from service.error_handlers import error_response, request_id_of
from service.errors import CrossSiteRequest

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({b"same-origin", b"none"})


class SameSiteWrites:
    """Middleware that answers 403 to whatever writes and was sent by a page of another origin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _READS or _is_own(dict(scope["headers"])):
            await self._app(scope, receive, send)
            return
        error = CrossSiteRequest(
            "A page of another site sent this, and only programs and this site's own pages may write. Send "
            "it from a program, or serve the page from this address."
        )
        await error_response(error, request_id_of(scope))(scope, receive, send)


def _is_own(headers: dict[bytes, bytes]) -> bool:
    if (site := headers.get(b"sec-fetch-site")) is not None:
        return site in _OWN
    # Over plain HTTP to another machine browsers leave that out, and give the origin alone.
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"://")[2] == headers.get(b"host")
