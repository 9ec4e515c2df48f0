"""A service that stops answers what it cannot finish: with an error that says to send it again."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from starlette.types import Message

from index.library import Library
from tests.patience import PATIENCE, eventually
from tests.service.http_service import app_of, live, served

BODY = b"Mars has two moons."
UNFINISHED = [
    "PUT /v1/documents/mars.txt",
    "POST /v1/ask",
    "POST /v1/chat/completions",
    "POST /v1/ingest",
    "POST /mcp",
]


@contextmanager
def sent(client: Any, request: str, body: bytes, *, length: int) -> Iterator[socket.socket]:
    head = f"{request} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    with socket.create_connection((client.base_url.host, client.base_url.port or 80)) as connection:
        connection.settimeout(PATIENCE)
        connection.sendall(head.encode() + body)
        yield connection


def answered(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    received = b""
    while part := connection.recv(65_536):
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return int(first.split()[1]), headers, json.loads(body)


@pytest.mark.parametrize("request_", UNFINISHED)
def test_an_unfinished_request_is_told_to_be_sent_again(library: Library, request_: str) -> None:
    with ExitStack() as connections:
        with live(app_of(library), timeout_graceful_shutdown=0) as client:
            connection = connections.enter_context(sent(client, request_, BODY, length=100))
            assert client.get("/readyz").status_code == 200
        status, headers, told = answered(connection)
    assert status == 503
    assert headers["x-content-type-options"] == "nosniff"
    assert int(headers["retry-after"]) >= 1
    assert "Send the request again" in json.dumps(told)
    assert library.names() == []
    with served(library) as again:
        assert again.get("/v1/jobs").json()["jobs"] == []


def test_a_write_that_waits_for_vectors_is_stored_whole(library: Library) -> None:
    with ExitStack() as connections:
        with live(app_of(library), timeout_graceful_shutdown=0) as client:
            request = "PUT /v1/documents/mars.txt?wait=true"
            connection = connections.enter_context(sent(client, request, BODY, length=len(BODY)))
            eventually(lambda: client.get("/v1/documents/mars.txt").status_code == 200)
        status, _, told = answered(connection)
    if status == 503:  # else its vectors were there before
        assert "Send the request again" in told["error"]["message"]
    with served(library) as again:
        assert again.get("/v1/documents/mars.txt/text").text == BODY.decode()
        assert again.put("/v1/documents/mars.txt", content=BODY).json()["status"] == "unchanged"


@pytest.mark.anyio
async def test_a_request_that_is_cancelled_is_answered(library: Library) -> None:
    app, told = app_of(library), []

    async def receive() -> Message:
        await asyncio.sleep(PATIENCE)
        raise AssertionError

    async def send(message: Message) -> None:
        told.append(message)

    with live(app):
        scope = {"type": "http", "method": "POST", "path": "/v1/ask", "headers": [], "query_string": b""}
        task = asyncio.create_task(app(scope, receive, send))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [message["type"] for message in told] == ["http.response.start", "http.response.body"]
    assert told[0]["status"] == 503
