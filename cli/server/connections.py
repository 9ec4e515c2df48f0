"""HTTP connections that are closed when the head of a request does not arrive in time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.app import HEADER_SECONDS
from service.errors import error_json


class PromptProtocol(HttpToolsProtocol):
    """The server's protocol with a limit on the time for the head of each request.

    It runs from the connection, and later from the first byte of a request: the server itself limits only
    the pause between two requests. The limit comes from the lifespan state of the application.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request."""
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time."""
        self._stop()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Start the time for a request whose first byte is here."""
        super().on_message_begin()
        self._start()

    def on_headers_complete(self) -> None:
        """Stop the time: what limits the body is in the application."""
        self._stop()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP request, in the shape of all errors."""
        message = f"{msg.rstrip('.')}. Check that what is sent is HTTP/1.1, and what a proxy makes of it."
        body = json.dumps(error_json("invalid_request", message, "")).encode()
        head = (
            b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nConnection: close\r\n"
            b"X-Content-Type-Options: nosniff\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        self.transport.write(head + body)
        self.transport.close()

    def _start(self) -> None:
        if self._timer is None:
            self._timer = self.loop.call_later(self.app_state[HEADER_SECONDS], self.transport.close)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
