"""A body that is encoded is refused before any of it is read, wherever a body can be sent."""

from __future__ import annotations

import gzip

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient
from starlette.types import Message

from service.app.application import all_routes
from service.errors import EncodedBody
from service.http.middleware.body_coding import BodyCoding
from service.http.middleware.cross_site import READS
from tests.service.http_service import assert_error

WRITES = sorted(
    {
        (method, route.path)
        for route in all_routes()
        if isinstance(route, APIRoute)
        for method in (route.methods or set()) - READS
    }
)
TYPES = ["application/json", "multipart/form-data; boundary=b", "application/zip", "text/plain"]


def test_every_route_that_writes_refuses_an_encoded_body(client: TestClient) -> None:
    for at, (method, path) in enumerate(WRITES):
        headers = {"content-type": TYPES[at % len(TYPES)], "content-encoding": "gzip"}
        reply = client.request(method, path, content=gzip.compress(b"{}"), headers=headers)
        assert reply.status_code in {400, 415}, (method, path)
        assert reply.headers["accept-encoding"] == "identity"
        assert "unencoded" in reply.text or "text/html" in reply.headers["content-type"], (method, path)


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "br", "deflate, identity", "identity, zstd", "x" * 500])
def test_the_error_names_the_encoding(client: TestClient, coding: str) -> None:
    reply = client.post("/v1/ask", content=b"x", headers={"content-encoding": coding})
    message = assert_error(reply, 415, EncodedBody.code)
    assert coding.replace("identity", "").strip(" ,")[:20] in message
    assert len(message) < 200


@pytest.mark.parametrize("coding", ["identity", "Identity", "", " identity , identity"])
def test_a_body_that_is_left_as_it_is_is_read(client: TestClient, coding: str) -> None:
    reply = client.put(
        "/v1/documents/a.txt",
        content=b"The lamp is lit.",
        headers={"content-type": "text/plain", "content-encoding": coding},
    )
    assert reply.is_success


def test_what_has_no_body_has_no_encoding(client: TestClient) -> None:
    assert client.get("/v1/collections", headers={"content-encoding": "gzip"}).status_code == 200


@pytest.mark.anyio
@pytest.mark.parametrize("head", [(b"content-length", b"5"), (b"transfer-encoding", b"chunked")])
async def test_nothing_of_it_is_read(client: TestClient, head: tuple[bytes, bytes]) -> None:
    sent: list[Message] = []

    async def never(*_: object) -> Message:
        raise AssertionError("It was read.")

    async def send(message: Message) -> None:
        sent.append(message)

    app = BodyCoding(never)  # type: ignore[arg-type]
    scope = {"type": "http", "app": client.app, "method": "PUT", "path": "/v1/documents/a"}
    await app({**scope, "headers": [head, (b"content-encoding", b"gzip")]}, never, send)
    assert sent[0]["status"] == 415
