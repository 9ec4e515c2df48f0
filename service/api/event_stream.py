"""Responses of server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from fastapi.sse import format_sse_event
from pydantic_core import to_json
from starlette.responses import StreamingResponse

MEDIA_TYPE = "text/event-stream"
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
"""Proxies must neither keep nor collect the events."""


def event(data: Any, name: str | None = None) -> bytes:
    """An event with JSON as data."""
    return format_sse_event(data_str=to_json(data).decode(), event=name)


def event_stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """A response that sends events as they come."""
    return StreamingResponse(events, media_type=MEDIA_TYPE, headers=_HEADERS)


def documented(description: str) -> dict[int | str, dict[str, Any]]:
    """How OpenAPI describes that a route may also answer with events."""
    content = {MEDIA_TYPE: {"schema": {"type": "string"}}}
    return {200: {"description": description, "content": content}}
