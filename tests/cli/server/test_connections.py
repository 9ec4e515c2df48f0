"""Connections whose requests do not begin or whose heads do not end, over sockets of a real server."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from cli.server.connections import PromptProtocol
from index.embedding import WordEmbedder
from index.library import Library
from tests.patience import PATIENCE
from tests.service.http_service import app_of, live

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    with (
        Library(tmp_path, embedder=WordEmbedder()) as library,
        live(app_of(library, body_seconds=1.5), http=PromptProtocol) as client,
    ):
        yield client


def connected(client: httpx.Client) -> socket.socket:
    return socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=PATIENCE)


@pytest.mark.parametrize("sent", [b"", b"G", REQUEST])
def test_a_connection_without_a_whole_head_is_closed(client: httpx.Client, sent: bytes) -> None:
    with connected(client) as one:
        one.sendall(sent)
        assert one.recv(100) == b""


def test_what_is_no_http_is_an_error_in_the_shape_of_all(client: httpx.Client) -> None:
    with connected(client) as one:
        one.sendall(b"GET /<script>alert(1)</script>\r\nno http\r\n\r\n")
        received = b""
        while part := one.recv(4096):
            received += part
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"X-Content-Type-Options: nosniff" in head
    assert b"Content-Type: application/json" in head
    assert json.loads(body)["error"]["code"] == "invalid_request"
    assert b"script" not in body


def test_a_head_that_trickles_is_cut_off(client: httpx.Client) -> None:
    with connected(client) as one:
        one.sendall(REQUEST)
        one.settimeout(0.05)
        while not is_closed(one):
            with suppress(ConnectionError):
                one.sendall(b"X: y\r\n")


def is_closed(one: socket.socket) -> bool:
    """Whether the other end is closed, after the time of the socket at the latest."""
    try:
        return one.recv(100) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_the_head_of_a_later_request_has_the_same_time(client: httpx.Client) -> None:
    with connected(client) as one:
        one.sendall(REQUEST + b"\r\n")
        assert one.recv(4096).startswith(b"HTTP/1.1 200 ")
        one.sendall(REQUEST)
        assert one.recv(100) == b""


def test_a_pause_between_requests_may_be_longer(client: httpx.Client) -> None:
    with connected(client) as one:
        for _ in range(2):
            one.sendall(REQUEST + b"\r\n")
            reply = b""
            while not reply.endswith(b'{"status":"up"}'):  # it may come in parts
                part = one.recv(4096)
                assert part, reply
                reply += part
            assert reply.startswith(b"HTTP/1.1 200 ")
            one.settimeout(0.8)
            with pytest.raises(TimeoutError):
                one.recv(100)
            one.settimeout(PATIENCE)


FIELD = b"X: abcdefgh\r\n"
POST = b"POST /v1/ask HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
TOO_LARGE = {
    "a name without end": REQUEST + b"x" * 400_000,
    "a value without end": REQUEST + b"X: " + b"x" * 400_000,
    "a long field": REQUEST + b"X: " + b"x" * 70_000 + b"\r\n\r\n",
    "many short fields": REQUEST + FIELD * 2_000,
    "many fields after a body": POST + b"0\r\n" + FIELD * 2_000,
    "a field without end after a body": POST + b"0\r\nX: " + b"x" * 400_000,
    "what stands beside the size of a chunk": POST + b"5;" + b"x" * 400_000,
}


@pytest.mark.parametrize("sent", TOO_LARGE)
def test_a_head_without_end_is_refused(client: httpx.Client, sent: str) -> None:
    """Nine bytes of memory were taken for each byte of short fields, by anybody."""
    with connected(client) as one:
        # What is left unread on close may reset the connection before the reply is read.
        with suppress(ConnectionError):
            one.sendall(TOO_LARGE[sent])
        received = b""
        with suppress(ConnectionError):
            while part := one.recv(65536):
                received += part
    assert not received or b" 400 " in received.partition(b"\r\n")[0]
    assert client.get("/healthz").status_code == 200


def test_fields_of_an_ordinary_size_are_read(client: httpx.Client) -> None:
    with connected(client) as one:
        one.sendall(REQUEST + FIELD * 1_000 + b"\r\n" + REQUEST + b"X: " + b"x" * 60_000 + b"\r\n\r\n")
        received = b""
        while received.count(b" 200 ") < 2:
            received += one.recv(65536)


def test_a_request_with_two_hosts_is_refused(client: httpx.Client) -> None:
    with connected(client) as one:
        one.sendall(REQUEST + b"Host: example.org\r\n\r\n")
        assert one.recv(4096).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("field", [b"X-API-Key: correct-horse", b"X-User: eve", b"Cookie: a=b"])
def test_what_follows_a_body_is_no_header(tmp_path: Path, field: bytes) -> None:
    """A proxy takes away headers that clients may not send, such as the name of the person."""
    settings = {
        "api_key": "correct-horse",
        "proxy_user_header": "X-User",
        "trusted_proxies": "127.0.0.1",
    }
    with (
        Library(tmp_path, embedder=WordEmbedder()) as library,
        live(app_of(library, **settings), http=PromptProtocol) as client,
        connected(client) as one,
    ):
        one.sendall(POST + b"2\r\n{}\r\n0\r\n" + field + b"\r\n\r\n")
        assert one.recv(4096).startswith(b"HTTP/1.1 401 ")
