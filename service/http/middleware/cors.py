"""Let pages of other origins use the API from a browser, where the operator allows it (CORS)."""

from collections.abc import Sequence

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "If-None-Match",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Protocol-Version",
    "Mcp-Session-Id",
    "X-API-Key",
    "X-On-Behalf-Of",
    "X-Request-ID",
)
_RESPONSE_HEADERS = (
    "ETag",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Server-Timing",
    "X-Loccit-Text-SHA256",
    "X-Loccit-Version",
    "X-Request-ID",
)


def cors(origins: Sequence[str]) -> list[Middleware]:
    """The middleware that answers pages of these origins; none without origins.

    Credentials that a browser sends by itself, such as cookies, are never allowed.
    """
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=list(origins),
            allow_methods=_METHODS,
            allow_headers=_REQUEST_HEADERS,
            expose_headers=_RESPONSE_HEADERS,
        )
    ]
