"""Without a key, the service answers under its own names only.

A page whose name is made to lead to this machine after it was loaded (DNS rebinding) counts as one of this
service's own to the browser, which lets it read everything. But the browser still says by which name it
came, and a name on the internet has a dot in it.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from ipaddress import ip_address

from starlette.types import ASGIApp, Receive, Scope, Send

from service.error_handlers import told
from service.errors import HostNotAllowed
from service.openapi import OPEN_PATHS

ANY = "*"
"""Among the allowed names: any name."""


class OwnHosts:
    """Middleware that answers 403 to requests for names that may be anyone's.

    Addresses, names without a dot, ``localhost`` and names below it, and those ``allowed`` are answered.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = {name.lower().rstrip(".") for name in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"] in OPEN_PATHS or ANY in self._allowed:
            await self._app(scope, receive, send)
            return
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        strange = next((host for host in map(_name, hosts) if not self._is_own(host)), None)
        if strange is None:
            await self._app(scope, receive, send)
            return
        error = HostNotAllowed(
            f"This service does not know {strange[:200]!r} for its name. If it is one, name it in "
            "LOCCIT_ALLOWED_HOSTS, or set LOCCIT_API_KEY."
        )
        await told(error, scope)(scope, receive, send)

    def _is_own(self, name: str) -> bool:
        return "." not in name or name in self._allowed or name.endswith(".localhost") or _is_address(name)


@lru_cache(maxsize=256)
def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _name(host: str) -> str:
    """The name or address in a Host header (RFC 9110, 7.2), without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].strip().lower().rstrip(".")
