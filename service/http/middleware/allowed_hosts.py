"""Protection against DNS rebinding: without an API key, only known host names are served.

A site can point its domain name at this machine after a browser has loaded its page. The browser then treats
the service as part of that site, and the page can read everything. Its Host header still has the site's name,
which contains a dot.
"""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import HostNotAllowed
from service.http.error_handlers import render_error
from service.http.links import OPEN_PATHS
from service.http.parts import parts_of
from service.state.credentials import Credentials
from service.state.identity.client_address import is_address

ANY = "*"
"""As an allowed name: every name."""


class AllowedHosts:
    """Middleware that returns 403 for requests to unknown host names.

    IP addresses, names without a dot, ``localhost``, its subdomains and the ``allowed`` names are served.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str]) -> None:
        self._app = app
        self._allowed = {name.lower().rstrip(".") for name in allowed}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        unknown = None if scope["type"] == "lifespan" else self._unknown_host(scope)
        if unknown is None or parts_of(scope)[Credentials].are_required:
            await self._app(scope, receive, send)
            return
        error = HostNotAllowed(
            f"This service does not know {unknown[:200]!r} for its name. If it is one, name it in "
            "LOCCIT_ALLOWED_HOSTS, or make a key with `loccit keys create`."
        )
        await render_error(error, scope)(scope, receive, send)

    def _unknown_host(self, scope: Scope) -> str | None:
        """The first unknown name that a request gives; None without one, and where any is served."""
        if scope["path"] in OPEN_PATHS or ANY in self._allowed:
            return None
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        return next((host for host in map(_host_name, hosts) if not self._is_allowed(host)), None)

    def _is_allowed(self, name: str) -> bool:
        return "." not in name or name in self._allowed or name.endswith(".localhost") or is_address(name)


def _host_name(host: str) -> str:
    """The name or address of a Host header (RFC 9110, 7.2), without the port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].strip().lower().rstrip(".")
