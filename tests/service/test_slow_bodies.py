"""Bodies that never end, or arrive slowly, take nothing from other requests."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from index.library import Library
from tests.patience import PATIENCE, eventually
from tests.service.http_service import app_of, assert_error, live, served
from tests.service.permits import held_by_all

BODY = b'{"text": "Mars has two'
MIB = 1 << 20
REQUESTS = [
    "PUT /v1/documents/unfinished.txt",
    "PATCH /v1/documents/mars.txt",
    "POST /v1/ingest",
    "POST /v1/prune",
    "POST /v1/ask",
    "POST /v1/verify",
]


def connection(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=PATIENCE)


def head(request: str, length: int = 1000, media_type: str = "application/json") -> bytes:
    lines = [f"{request} HTTP/1.1", "Host: localhost", f"Content-Type: {media_type}"]
    return "\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode()


@contextmanager
def unfinished(client: httpx.Client, request: str, count: int, **more: Any) -> Iterator[list[socket.socket]]:
    """As many requests whose bodies have begun to arrive, and do not end."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(connection(client)) for _ in range(count)]
        for one in sockets:
            one.sendall(head(request, **more) + BODY)
        yield sockets


def write(client: httpx.Client) -> int:
    return client.put("/v1/documents/mars.txt", json={"text": "Mars has two moons."}).status_code


@pytest.mark.parametrize("request_", REQUESTS)
@pytest.mark.parametrize("media_type", ["application/json", "multipart/form-data; boundary=edge"])
def test_unfinished_bodies_shut_nobody_out(library: Library, request_: str, media_type: str) -> None:
    with live(app_of(library, max_queue=4)) as client:
        assert write(client) == 201
        with unfinished(client, request_, 12, media_type=media_type):
            assert client.get("/readyz").status_code == 200  # the requests before are being served by now
            assert write(client) == 200
            assert client.post("/v1/ask", json={"question": "moons"}).status_code == 200
            assert client.post("/v1/verify", json={"quotes": ["moons"]}).status_code == 200


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_body_that_pauses_is_refused(library: Library, request_: str) -> None:
    app = app_of(library, body_seconds=2.0)
    with live(app) as client:
        write(client)
        with unfinished(client, request_, 1) as (one,):
            answer = b"".join(iter(lambda: one.recv(4096), b""))  # to the end: the connection is closed
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code": "body_timeout"' in answer
    assert b"LOCCIT_BODY_SECONDS" in answer


def test_a_body_that_trickles_is_refused(library: Library) -> None:
    with live(app_of(library, body_seconds=0.5)) as client:
        with unfinished(client, REQUESTS[0], 1) as (one,):
            one.settimeout(0.02)
            answer = b""
            while not answer:
                with suppress(ConnectionError):  # it may have been refused by now
                    one.sendall(b"x")
                try:
                    answer = one.recv(4096)
                except TimeoutError:
                    continue
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert write(client) == 201


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_client_that_hangs_up_in_a_body_is_no_failure(
    library: Library, request_: str, caplog: pytest.LogCaptureFixture
) -> None:
    with live(app_of(library)) as client, caplog.at_level("INFO", "loccit.access"):
        write(client)
        with unfinished(client, request_, 1):
            assert client.get("/readyz").status_code == 200
        eventually(lambda: "status=499" in caplog.text)
    assert "internal_error" not in caplog.text


def test_a_question_that_is_refused_early_may_not_trickle_either(library: Library) -> None:
    app = app_of(library, body_seconds=2.0)
    with live(app) as client:
        permits = app.state.runtime.pools.questions.permits
        with held_by_all(permits), unfinished(client, "POST /v1/ask", 1) as (one,):
            assert one.recv(4096).startswith(b"HTTP/1.1 429 ")


def test_uploads_that_go_to_disk_are_not_counted(library: Library) -> None:
    with served(library, max_body_bytes=2000) as client:
        files = [("files", (f"{n}.txt", b"x" * MIB)) for n in range(10)]
        assert client.post("/v1/ingest", files=files).status_code == 202


def test_a_write_is_refused_before_its_body_when_there_is_no_permit(client: TestClient) -> None:
    app: Any = client.app

    def body() -> Iterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    with held_by_all(app.state.runtime.pools.writes.permits):
        response = client.put("/v1/documents/mars.txt", content=body())
    assert_error(response, 429, "overloaded")
