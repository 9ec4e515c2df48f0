"""Limit the requests of each key, before they are routed and parsed."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import RateLimited
from service.http.error_handlers import render_error
from service.http.links import OPEN_PATHS
from service.http.parts import parts_of
from service.state.identity import caller_of
from service.state.limits.rates import RateLimits


class RateLimiting:
    """Middleware that returns 429 beyond a key's rate limit, and tells each caller what is left."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        try:
            headers = parts_of(scope)[RateLimits].charge(caller_of(scope))
        except RateLimited as error:
            await render_error(error, scope)(scope, receive, send)
            return
        if not headers:
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in headers.items():
                    found.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)
