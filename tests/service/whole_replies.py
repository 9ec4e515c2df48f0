"""Requests to an application that take a fraction of the time of the test client's."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import anyio
import httpx
from starlette.testclient import TestClient
from starlette.types import Message

ADDRESS = "client"
"""Extension of a request: the address that it comes from."""


def whole_replies(client: TestClient) -> httpx.Client:
    """A client of the application of a test client that was entered, which reads each reply as a whole."""
    return httpx.Client(transport=_OneCall(client), base_url="http://testserver", follow_redirects=True)


class _OneCall(httpx.BaseTransport):
    """Crosses into the thread of the application once for each request.

    The test client does so seven times: for each message, and for what it waits for.
    """

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        portal = self._client.portal
        assert portal is not None
        body, messages = request.read(), list[Message]()
        portal.call(self._run, request, body, messages)
        start = next(one for one in messages if one["type"] == "http.response.start")
        content = b"".join(one.get("body", b"") for one in messages if one["type"] == "http.response.body")
        return httpx.Response(start["status"], headers=start["headers"], content=content)

    async def _run(self, request: httpx.Request, body: bytes, messages: list[Message]) -> None:
        unread, is_complete = [body], anyio.Event()

        async def receive() -> Message:
            if unread:
                return {"type": "http.request", "body": unread.pop(), "more_body": False}
            await is_complete.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            messages.append(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                is_complete.set()

        await self._client.app(self._scope(request), receive, send)

    def _scope(self, request: httpx.Request) -> dict[str, Any]:
        return {
            "type": "http",
            "http_version": "1.1",
            "method": request.method,
            "path": unquote(request.url.path),
            "raw_path": request.url.raw_path.partition(b"?")[0],
            "root_path": "",
            "scheme": request.url.scheme,
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": (request.extensions.get(ADDRESS, "testclient"), 50000),
            "server": (request.url.host, 80),
            "state": dict(self._client.app_state),
        }
