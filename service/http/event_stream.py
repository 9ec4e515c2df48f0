"""Responses of server-sent events."""

from collections.abc import AsyncGenerator
from typing import Any

import anyio
from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse
from starlette.types import Send

from service.http.replies import encode_json

MEDIA_TYPE = "text/event-stream"
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Proxies must neither keep nor collect the events."""


def event(data: Any, name: str | None = None) -> bytes:
    """An event with JSON as data."""
    return format_sse_event(data_str=encode_json(data).decode(), event=name)


class EventStream(StreamingResponse):
    """Ends the work when the client goes away, also while an event is being sent."""

    def __init__(self, events: AsyncGenerator[bytes]) -> None:
        super().__init__(events, media_type=MEDIA_TYPE, headers=_HEADERS)
        self._events = events

    async def stream_response(self, send: Send) -> None:
        """See :class:`StreamingResponse`."""
        try:
            await super().stream_response(send)
        finally:
            with anyio.CancelScope(shield=True):
                await self._events.aclose()


def describe_event_stream(description: str) -> dict[int | str, dict[str, Any]]:
    """Describe for OpenAPI that a route may also answer with events."""
    # Without a schema: OpenAPI 3.1 has none for events, and programs take one for that of each event.
    return {200: {"description": description, "content": {MEDIA_TYPE: {}}}}
