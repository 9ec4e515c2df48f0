"""Request bodies are counted as they come, whatever their headers say."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.error_handlers import error_response, request_id_of
from service.errors import BodyTooLarge

DOCUMENTS = "/v1/documents/"
UPLOADS = "/v1/ingest"


class BodyLimit:
    """Middleware that answers 413 as soon as a body has passed its limit.

    Documents may be large, and uploads, which go to disk, larger. Everything else is JSON that the event
    loop reads, and is kept small, so that no single request holds up the others.
    """

    def __init__(self, app: ASGIApp, *, uploads: int, documents: int, others: int) -> None:
        self._app = app
        self._uploads = uploads
        self._documents = documents
        self._others = min(others, documents)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        counted = _Counted(receive, send, limit=limit, too_large=announced(scope) > limit)
        if not counted.too_large:
            try:
                await self._app(scope, counted.receive, counted.send)
            except BodyTooLarge:
                if not counted.too_large:
                    raise
        if counted.too_large and not counted.started:
            error = BodyTooLarge(f"The body has more than {limit:,} bytes, which is the limit here.")
            await error_response(error, request_id_of(scope))(scope, receive, send)

    def _limit(self, path: str) -> int:
        if path == UPLOADS:
            return self._uploads
        return self._documents if path.startswith(DOCUMENTS) else self._others


class _Counted:
    """The two ends of one request, with its bytes counted."""

    def __init__(self, receive: Receive, send: Send, *, limit: int, too_large: bool) -> None:
        self._receive = receive
        self._send = send
        self._left = limit
        self.too_large = too_large
        self.started = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            if self._left < 0:
                self.too_large = True
                raise BodyTooLarge("The body is too large.")
        return message

    async def send(self, message: Message) -> None:
        # The framework makes its own error of what receive raised, and would answer with that.
        if not self.too_large or self.started:
            self.started = True
            await self._send(message)


def announced(scope: Scope) -> int:
    """Bytes that the body has by its header; 0 where that says nothing."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
