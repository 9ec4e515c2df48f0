"""Protection against cross-site request forgery.

A form on any page can be sent to any address, also to a service that listens on this machine only. Browsers
say where a request comes from (Fetch Metadata, W3C); other programs send no such header.
"""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import CrossSiteRequest
from service.http.error_handlers import error_response

READS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN = frozenset({b"same-origin", b"none"})


class CrossSiteProtection:
    """Middleware that returns 403 for writing requests from pages of another origin.

    Pages of the ``allowed`` origins may write with a key in a header, which no browser sends by itself.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str] = ()) -> None:
        self._app = app
        self._allowed = {origin.encode() for origin in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READS or self._admits(dict(scope["headers"])):
            await self._app(scope, receive, send)
            return
        error = CrossSiteRequest(
            "A page of another site sent this, and only programs and this site's own pages may write. Send "
            "it from a program, or serve the page from this address."
        )
        await error_response(error, scope)(scope, receive, send)

    def _admits(self, headers: dict[bytes, bytes]) -> bool:
        if _is_own(headers):
            return True
        allowed = headers.get(b"origin") in self._allowed or b"*" in self._allowed
        return allowed and _brings_key(headers)


def _brings_key(headers: dict[bytes, bytes]) -> bool:
    return b"x-api-key" in headers or headers.get(b"authorization", b"").lower().startswith(b"bearer ")


def _is_own(headers: dict[bytes, bytes]) -> bool:
    if (site := headers.get(b"sec-fetch-site")) is not None:
        return site in _OWN
    # Over plain HTTP to another machine, browsers send the Origin header only.
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"://")[2] == headers.get(b"host")
