"""HTTP connections that are closed when the head of a request does not arrive in time, or is too large."""

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.app import HEADER_SECONDS
from service.errors import error_json

HEAD_BYTES = 65_536
"""Most bytes of the headers of a request, or of what follows its body."""
_FIELD_BYTES = 32
"""Bytes that a field counts beside its name and value, as in HTTP/2: many small ones take memory, too."""
_TOO_LARGE = (
    f"The headers have more than {HEAD_BYTES // 1024} KiB, of which each counts {_FIELD_BYTES} bytes more"
)


class _Refused(Exception):
    """The parser is to go no further."""


class PromptProtocol(HttpToolsProtocol):
    """The server's protocol with limits on the time and the size of the head of each request.

    The time runs from the connection, and later from the first byte of a request: the server itself limits
    only the pause between two requests. It comes from the lifespan state of the application. What follows a
    body in chunks is no header: a proxy that takes away what clients may not send does so in the head.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._timer: asyncio.TimerHandle | None = None
        self._refusal = ""
        self._fields = 0
        self._unread = 0
        self._is_in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request."""
        super().connection_made(transport)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Refuse a field that does not end, which the parser keeps without a word."""
        self._unread += len(data)
        super().data_received(data)
        if self._unread > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response(_TOO_LARGE)

    def on_message_begin(self) -> None:
        """Start the time for a request whose first byte is here."""
        self._fields, self._is_in_head = 0, True
        super().on_message_begin()
        self._start()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a field, and take it for a header unless it follows the body."""
        self._unread = 0
        self._fields += len(name) + len(value) + _FIELD_BYTES
        if self._fields > HEAD_BYTES:
            self._refuse(_TOO_LARGE)
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop the time: what limits the body is in the application."""
        self._stop()
        self._unread, self._fields, self._is_in_head = 0, 0, False
        if sum(name == b"host" for name, _ in self.headers) > 1:
            self._refuse("The request names more than one Host")
        super().on_headers_complete()

    def on_chunk_header(self) -> None:
        """Note that the size of a chunk was read, with what may stand beside it."""
        self._unread = 0

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._unread = 0
        super().on_body(body)

    def _refuse(self, why: str) -> None:
        self._refusal = why
        raise _Refused

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP request, in the shape of all errors."""
        why = (self._refusal or msg).rstrip(".")
        message = f"{why}. Check that what is sent is HTTP/1.1, and what a proxy makes of it."
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
