"""Limits on the size of request bodies, counted while they are received."""

from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import BodyTooLarge, Overloaded
from service.http.error_handlers import render_error
from service.state.identity import caller_of

DOCUMENTS = ("/v1/documents/", "/api/v1/")
UPLOADS = frozenset({"/v1/ingest", "/v1/files", "/library/upload"})
STREAMED = (b"multipart/form-data", b"application/zip", b"application/x-zip-compressed")
"""Content types of uploads that are written to disk as they arrive."""
_SMALL = 65_536
"""Most bytes of a body that counts as small."""


class BodyLimit:
    """Middleware that returns 413 as soon as a body exceeds its limit.

    Documents may be large, and uploads, which are written to disk, larger. All other bodies are JSON that the
    event loop parses: they are kept small so that one request does not block the others.

    All bodies that are in memory have at most ``together`` bytes, and those of one caller half of that, or
    one document: the next piece of one is refused with 429. Small bodies, such as questions, have room
    whatever others hold: two callers who send slowly would keep everybody out.
    """

    def __init__(self, app: ASGIApp, *, uploads: int, documents: int, others: int, together: int) -> None:
        self._app = app
        self._uploads = uploads
        self._documents = documents
        self._others = min(others, documents)
        together = max(together, documents)
        self._memory = _Memory(together, each=max(together // 2, documents))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope["path"])
        memory = None if _is_streamed(scope) else self._memory
        counted = _Counted(
            receive,
            send,
            None if memory is None else _Share(memory, caller_of(scope).holder),
            limit=limit,
            too_large=content_length(scope) > limit,
        )
        if not counted.too_large:
            try:
                await self._app(scope, counted.receive, counted.send)
            except BodyTooLarge:
                if not counted.too_large:
                    raise
            finally:
                counted.release()
        if counted.too_large and not counted.started:
            error = BodyTooLarge(
                f"The body has more than {limit:,} bytes, which is the limit here."
                f"{_limit_advice(scope['path'])}"
            )
            await render_error(error, scope)(scope, receive, send)

    def _limit(self, path: str) -> int:
        if path in UPLOADS:
            return self._uploads
        return self._documents if path.startswith(DOCUMENTS) else self._others


def _limit_advice(path: str) -> str:
    """The setting of the limit; empty for bodies whose limit is fixed."""
    if path in UPLOADS:
        return " The setting is LOCCIT_MAX_UPLOAD_BYTES."
    return " The setting is LOCCIT_MAX_BODY_BYTES." if path.startswith(DOCUMENTS) else ""


class _Memory:
    """The bytes of all bodies that are in memory: ``most`` together, and ``each`` of one caller."""

    def __init__(self, most: int, *, each: int) -> None:
        self.most = most
        self.each = each
        self.small = min(_SMALL, most // 1024)
        self.taken = 0
        self._held: Counter[str] = Counter()

    def take(self, size: int, holder: str, *, is_small: bool) -> None:
        """Count bytes of a caller, of a small body or not. Raises :class:`Overloaded` without room."""
        if not is_small and self.taken + size > self.most:
            raise Overloaded(
                f"The bodies of requests may take {self.most:,} bytes together, and others take "
                f"{self.taken:,} now. Try again in a moment. The limit grows with LOCCIT_MAX_BODY_BYTES."
            )
        if (own := self._held[holder]) + size > self.each:
            raise Overloaded(
                f"The bodies of your requests may take {self.each:,} bytes together, and they take {own:,} "
                "now. Send fewer at a time. The limit grows with LOCCIT_MAX_BODY_BYTES."
            )
        self.taken += size
        self._held[holder] += size

    def release(self, size: int, holder: str) -> None:
        """Stop counting bytes of a caller."""
        self.taken -= size
        self._held[holder] -= size
        if not self._held[holder]:
            del self._held[holder]


class _Share:
    """The bytes of one body in memory."""

    def __init__(self, memory: _Memory, holder: str) -> None:
        self._memory = memory
        self._holder = holder
        self._taken = 0

    def take(self, size: int) -> None:
        """Count bytes. Raises :class:`Overloaded` when there is no room for them."""
        is_small = self._taken + size <= self._memory.small
        self._memory.take(size, self._holder, is_small=is_small)
        self._taken += size

    def release(self) -> None:
        """Stop counting the body, which is in memory no more."""
        self._memory.release(self._taken, self._holder)


class _Counted:
    """``receive`` and ``send`` of one request, with a count of the received bytes.

    ``memory`` is None for a body that does not stay in memory.
    """

    def __init__(
        self, receive: Receive, send: Send, memory: _Share | None, *, limit: int, too_large: bool
    ) -> None:
        self._receive = receive
        self._send = send
        self._memory = memory
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
            if self._memory is not None:
                self._memory.take(len(message.get("body", b"")))
        return message

    def release(self) -> None:
        """Stop counting the body, which is in memory no more."""
        if self._memory is not None:
            self._memory.release()

    async def send(self, message: Message) -> None:
        # The framework converts the error that receive raised, and would send its own response.
        if not self.too_large or self.started:
            self.started = True
            await self._send(message)


def _is_streamed(scope: Scope) -> bool:
    """Whether a body is an upload that goes to disk as it arrives."""
    kinds = [value.partition(b";")[0] for name, value in scope["headers"] if name == b"content-type"]
    return scope["path"] in UPLOADS and kinds != [] and kinds[0].strip().lower() in STREAMED


def content_length(scope: Scope) -> int:
    """The Content-Length of the body; 0 without one."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0
