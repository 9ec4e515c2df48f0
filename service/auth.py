"""One API key before everything but the health checks."""

from __future__ import annotations

import base64
import binascii
import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from service.error_handlers import told
from service.errors import Unauthorized
from service.openapi import OPEN_PATHS
from service.pages import is_page


class KeyRequired:
    """Middleware that answers 401 to whoever does not bring the key.

    It stands before the router, so that an address that was added without a thought of keys is closed
    too, and nobody without a key learns which addresses there are.
    """

    def __init__(self, app: ASGIApp, *, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in OPEN_PATHS or self._brings_key(scope):
            await self._app(scope, receive, send)
            return
        # A browser asks its user for a password where it is told Basic; a program is told Bearer.
        scheme = "Basic" if is_page(scope["path"]) or scope["path"] == "/docs" else "Bearer"
        error = Unauthorized(
            "This service asks for its API key: send it as 'Authorization: Bearer KEY' or 'X-API-Key: KEY', "
            "or give it to your browser as the password, with any name.",
            headers={"WWW-Authenticate": f'{scheme} realm="loccit"'},
        )
        await told(error, scope)(scope, receive, send)

    def _brings_key(self, scope: Scope) -> bool:
        # Browsers send a password along by themselves: it may read, but no page elsewhere makes it write.
        reads = scope.get("method") in {"GET", "HEAD"}
        brought = [key for name, value in scope["headers"] if (key := _key_in(name, value, basic=reads))]
        # Every one is compared, in constant time: how long it takes says nothing of the key.
        same = [hmac.compare_digest(key, self._key) for key in brought]
        return any(same)


def _key_in(name: bytes, value: bytes, *, basic: bool) -> bytes:
    if name == b"x-api-key":
        return value.strip()
    scheme, _, key = value.partition(b" ")
    if name == b"authorization" and scheme.lower() == b"bearer":
        return key.strip()
    if name == b"authorization" and scheme.lower() == b"basic" and basic:
        return _password(key.strip())
    return b""


def _password(credentials: bytes) -> bytes:
    """The password of Basic credentials (RFC 7617); the name says nothing here."""
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""
