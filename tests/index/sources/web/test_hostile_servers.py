"""Servers that are slow, endless or broken."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest
from hypothesis import given, settings, strategies as st

from index.sources.web import (
    Fetcher,
    FetchFailed,
    FetchRefused,
    FetchTimedOut,
    PageTooLarge,
    WebConfig,
    WebUrl,
)
from tests.index.sources.web.conftest import MakeFetcher
from tests.index.sources.web.standins import PAGE, NamedHosts, Server, WatchedNetwork, answer, redirect
from tests.patience import PATIENCE, eventually
from tests.sizes import examples


def test_the_number_of_redirects_is_limited(server: Server, fetcher: Fetcher) -> None:
    for n in range(10):
        server.answers[f"/{n}"] = redirect(f"/{n + 1}")
    server.answers["/round"] = redirect("/round")
    with pytest.raises(FetchFailed, match="more than 5 redirects"):
        fetcher.fetch(server.url("/0"))
    assert len(server.requests) == 6
    with pytest.raises(FetchFailed, match="redirects"):
        fetcher.fetch(server.url("/round"))


def drip(data: bytes, then: bytes, pause: float = 0.02) -> Callable[[socket.socket], None]:
    def send(connection: socket.socket) -> None:
        connection.sendall(data)
        for _ in range(500):
            connection.sendall(then)
            time.sleep(pause)

    return send


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "slow",
    [
        drip(b"", b"H"),
        drip(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(b"")),
    ],
    ids=["status", "head", "informational", "body", "chunks", "members"],
)
def test_a_slow_server_is_abandoned_at_the_deadline(
    server: Server, make_fetcher: MakeFetcher, slow: Callable[[socket.socket], None]
) -> None:
    server.answers["/"] = slow
    with pytest.raises(FetchTimedOut):
        make_fetcher(seconds=0.4).fetch(server.url("/"))


def test_all_redirects_share_one_deadline(server: Server, make_fetcher: MakeFetcher) -> None:
    def slow_redirect(connection: socket.socket) -> None:
        time.sleep(0.25)
        connection.sendall(redirect("/"))

    server.answers["/"] = slow_redirect
    with pytest.raises(FetchTimedOut):
        make_fetcher(seconds=0.6).fetch(server.url("/"))
    assert len(server.requests) <= 3


def test_time_in_the_gate_does_not_count(server: Server, make_fetcher: MakeFetcher) -> None:
    in_the_gate = 0.0

    class Slow:
        def admit(self, url: WebUrl) -> None:
            nonlocal in_the_gate
            in_the_gate += 2 * PATIENCE

        def admit_type(self, url: WebUrl, media_type: str) -> None:
            pass

    server.answers["/"] = answer(PAGE)
    fetcher = make_fetcher(clock=lambda: time.monotonic() + in_the_gate)
    assert fetcher.fetch(server.url("/"), gate=Slow()).data == PAGE


def test_a_page_with_a_large_content_length_is_not_read(server: Server, make_fetcher: MakeFetcher) -> None:
    server.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 60000000000\r\n\r\n"
    with pytest.raises(PageTooLarge):
        make_fetcher().fetch(server.url("/"))


@pytest.mark.parametrize("head", [b"", b"Transfer-Encoding: chunked\r\n"])
def test_an_endless_page_is_stopped(server: Server, make_fetcher: MakeFetcher, head: bytes) -> None:
    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        for _ in range(1000):
            connection.sendall(b"10000\r\n" + bytes(0x10000) + b"\r\n")

    server.answers["/"] = flood
    with pytest.raises(PageTooLarge):
        make_fetcher(max_bytes=1_000_000).fetch(server.url("/"))


def test_endless_headers_are_stopped(server: Server, make_fetcher: MakeFetcher) -> None:
    def flood(connection: socket.socket) -> None:
        for _ in range(10_000):
            connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: " + b"x" * 10_000 + b"\r\n\r\n")

    server.answers["/"] = flood
    with pytest.raises(PageTooLarge, match=f"^{server.url('/')}: headers and body together are larger than"):
        make_fetcher(max_bytes=1_000_000).fetch(server.url("/"))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"+PONG\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n123456",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9" + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X-Huge: " + b"x" * 200_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(20_000)) + b"\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nbytes",
        b"HTTP/1.1 999 Odd\r\n\r\n",
        b"\x00\xff" * 100,
    ],
)
def test_a_broken_or_too_long_response_is_refused(server: Server, fetcher: Fetcher, raw: bytes) -> None:
    server.answers["/"] = raw
    with pytest.raises(FetchRefused) as caught:
        fetcher.fetch(server.url("/"))
    assert caught.value.message.startswith(server.url("/"))
    assert "SSH" not in caught.value.message


def test_bytes_after_the_declared_length_are_ignored(server: Server, fetcher: Fetcher) -> None:
    server.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nshortHTTP/1.1 200 OK\r\n\r\nmore"
    assert fetcher.fetch(server.url("/")).data == b"short"


@settings(max_examples=examples(200))
@given(
    st.binary(max_size=300)
    | st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 200 OK\r\n" + tail)
    | st.binary(max_size=200).map(
        lambda tail: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + tail
    )
    | st.binary(max_size=99).map(lambda value: b"HTTP/1.1 302 X\r\nLocation: " + value + b"\r\n\r\n")
    | st.tuples(st.sampled_from([b"gzip", b"deflate", b"br"]), st.binary(max_size=200)).map(
        lambda pair: b"HTTP/1.1 200 OK\r\nContent-Encoding: " + pair[0] + b"\r\n\r\n" + pair[1]
    )
)
def test_any_bytes_are_a_page_or_a_refusal(raw: bytes) -> None:
    network = WatchedNetwork()
    network.canned["1.1.1.1"] = raw
    fetcher = Fetcher(resolver=NamedHosts(any_test="1.1.1.1"), network=network)
    with suppress(FetchRefused):
        assert fetcher.fetch("http://any.test/").url.startswith("http")
    assert {address for address, _ in network.connections} <= {"1.1.1.1"}
    assert all(stream.closed for stream in network.streams)


def test_an_unreachable_server_is_refused(server: Server, make_fetcher: MakeFetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(FetchFailed, match="could not be reached"):
        make_fetcher(ports=(port,)).fetch(f"http://site.test:{port}/")
    with pytest.raises(FetchFailed, match="no host of this name"):
        make_fetcher().fetch("http://missing.test/")


def test_a_server_that_never_completes_the_tls_handshake() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        fetcher = Fetcher(
            WebConfig(allowed_networks=("127.0.0.1/32",), ports=(port,), seconds=0.5),
            resolver=NamedHosts(site_test="127.0.0.1"),
        )
        with pytest.raises(FetchTimedOut):  # connected by the system, never answered
            fetcher.fetch(f"https://site.test:{port}/")


def test_all_connections_are_closed(server: Server, make_fetcher: MakeFetcher) -> None:
    fetcher = make_fetcher(max_bytes=1000, seconds=0.2)
    server.answers |= {
        "/good": answer(PAGE),
        "/large": answer(bytes(5000)),
        "/broken": b"garbage",
        "/slow": drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x", pause=0.05),
        "/away": redirect("http://10.0.0.1/"),
    }
    process = psutil.Process()
    before = process.num_fds()
    for n in range(50):
        for target in ("/good", "/large", "/broken", "/away", *(["/slow"] if n % 25 == 0 else [])):
            with suppress(FetchRefused):
                fetcher.fetch(server.url(target))
    server.close()  # its side of the connections
    eventually(lambda: process.num_fds() <= before)
