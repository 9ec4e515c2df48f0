"""Make HTTP requests of calls. Both kinds of clients use it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from loccit_client.calls import Call
from loccit_client.errors import InvalidArgument
from loccit_client.uploading import ReportedStream
from loccit_client.version import __version__

DEFAULT_URL = "http://127.0.0.1:8000"
DEFAULT_COLLECTION = "default"
DEFAULT_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(60.0, connect=5.0, read=300.0)
"""The next event of a stream may take longer than a reply, but a service that is gone sends none."""


def headers(key: str | None, on_behalf_of: Sequence[str] | None) -> dict[str, str]:
    """The headers of every request. Raises :class:`InvalidArgument` for what no header can carry."""
    for what, value in (("key", key or ""), ("on_behalf_of", "".join(on_behalf_of or ()))):
        if not (value.isascii() and value.isprintable()):
            raise InvalidArgument(f"{what} has characters that no HTTP header can carry. Use visible ASCII.")
    found = {"User-Agent": f"loccit-client/{__version__}", "Accept": "*/*"}
    if key:
        found["Authorization"] = f"Bearer {key}"
    if on_behalf_of is not None:
        found["X-On-Behalf-Of"] = ",".join(on_behalf_of)
    return found


def address(url: str) -> httpx.URL:
    """The address of a service. Raises :class:`InvalidArgument`."""
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise InvalidArgument(f"The address of the service is none: {error}.") from None
    if found.scheme not in ("http", "https") or not found.host:
        raise InvalidArgument("The address of the service is none. Write it like http://127.0.0.1:8000.")
    return found


def shown(base: httpx.URL) -> httpx.URL:
    """An address without the name and password that it may have."""
    return base.copy_with(username=None, password=None)


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
