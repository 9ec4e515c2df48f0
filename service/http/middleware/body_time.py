"""Limits on the time that a request body takes to arrive."""

import asyncio
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import BodyTimeout

_MIB = 1024 * 1024


class BodyTime:
    """Middleware that raises :class:`BodyTimeout` in the application when a body arrives too slowly.

    It has ``idle_seconds`` for each piece, and in all ``seconds`` for each MiB of it.
    """

    def __init__(self, app: ASGIApp, *, idle_seconds: float, seconds: float) -> None:
        self._app = app
        self._idle_seconds = idle_seconds
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = _Timed(receive, self._idle_seconds, self._seconds)
        await self._app(scope, receive, send)


class _Timed:
    """``receive`` of one request, with limits on time until the body is complete."""

    def __init__(self, receive: Receive, idle_seconds: float, seconds: float) -> None:
        self._receive = receive
        self._idle_seconds = idle_seconds
        self._seconds = seconds
        self._began = time.monotonic()
        self._size = 0
        self._complete = False

    async def __call__(self) -> Message:
        # Later messages tell of a disconnect, which may come at any time.
        if self._complete:
            return await self._receive()
        left = self._seconds * (1 + self._size / _MIB) - (time.monotonic() - self._began)
        try:
            async with asyncio.timeout(min(self._idle_seconds, left)):
                message = await self._receive()
        except TimeoutError:
            raise _error(self._idle_seconds, self._seconds) from None
        self._size += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        return message


def _error(idle_seconds: float, seconds: float) -> BodyTimeout:
    return BodyTimeout(
        f"The body did not arrive in time: a pause may take {idle_seconds:g} s, and each MiB {seconds:g} s "
        "(LOCCIT_BODY_SECONDS). Send it again.",
        headers={"Connection": "close"},
    )
