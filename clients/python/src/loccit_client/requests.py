"""Make HTTP requests of calls. Both kinds of clients use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from loccit_client.calls import Call
from loccit_client.uploading import ReportedStream
from loccit_client.version import __version__

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_COLLECTION = "default"
DEFAULT_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(60.0, connect=5.0, read=None)
"""The next event of a stream may take any time."""


def headers(key: str | None, on_behalf_of: Sequence[str] | None) -> dict[str, str]:
    """The headers of every request."""
    found = {"User-Agent": f"loccit-client/{__version__}", "Accept": "*/*"}
    if key:
        found["Authorization"] = f"Bearer {key}"
    if on_behalf_of is not None:
        found["X-On-Behalf-Of"] = ",".join(on_behalf_of)
    return found


def build_request(
    http: httpx.Client | httpx.AsyncClient, call: Call[Any], collection: str, timeout: httpx.Timeout | None
) -> httpx.Request:
    """The request of a call; each attempt needs one of its own, as a body can be read once only."""
    query: dict[str, Any] = {name: value for name, value in call.query.items() if value is not None}
    if call.has_collection:
        name = call.collection or collection
        if name != DEFAULT_COLLECTION:
            query["collection"] = name
    options: dict[str, Any] = {} if call.json is None else {"json": call.json}
    if call.upload is not None:
        options |= call.upload.request_options
    if timeout is not None:
        options["timeout"] = timeout
    request = http.build_request(call.method, call.url.lstrip("/"), params=query, **options)
    if call.upload is not None and call.upload.on_progress is not None:
        total = int(request.headers["Content-Length"])
        request.stream = ReportedStream(request.stream, total, call.upload.on_progress)
    return request
