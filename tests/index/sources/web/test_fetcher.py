from __future__ import annotations

import gzip
import inspect
import socket
import ssl
import time
import zlib
from collections.abc import Callable
from contextlib import suppress

import brotli  # type: ignore[import-untyped]
import httpcore2
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import InvalidInput
from index.sources.web import (
    AddressRefused,
    Fetcher,
    FetchFailed,
    FetchRefused,
    FetchTimedOut,
    InvalidUrl,
    Page,
    PageTooLarge,
    UnexpectedStatus,
    WebConfig,
    WebUrl,
)
from index.sources.web import errors as web_errors
from index.sources.web.fetcher import _translate_errors
from index.sources.web.urls import parse_url
from tests.index.sources.web.conftest import MakeFetcher
from tests.index.sources.web.standins import NamedHosts, Server, WatchedNetwork, answer, redirect
from tests.sizes import examples, size

PAGE = b"<p>Rivers of the north</p>"


# --- What comes back


def test_a_page_has_the_values_of_its_headers(server: Server, fetcher: Fetcher) -> None:
    server.answers["/a?b=c"] = answer(
        PAGE,
        media_type="Text/HTML; Charset=UTF-8",
        ETag='"v1"',
        Last_Modified="Mon, 01 Jan 2024 00:00:00 GMT",
        X_Robots_Tag="noindex",
    )
    assert fetcher.fetch(server.url("/a?b=c#part")) == Page(
        url=server.url("/a?b=c"),
        data=PAGE,
        media_type="text/html",
        charset="utf-8",
        etag='"v1"',
        last_modified="Mon, 01 Jan 2024 00:00:00 GMT",
        robots_tag="noindex",
    )


def test_a_request_has_user_agent_and_host(server: Server, fetcher: Fetcher) -> None:
    server.answers["/"] = answer(PAGE)
    fetcher.fetch(server.url("/"))
    head = server.requests[0].lower()
    assert f"\r\nhost: site.test:{server.port}\r\n" in head
    assert f"\r\nuser-agent: {WebConfig().user_agent.lower()}\r\n" in head
    assert WebConfig().user_agent.startswith("Loccit/")
    assert "cookie" not in head


@pytest.mark.parametrize("status", ["301 M", "302 F", "303 S", "307 T", "308 P"])
def test_redirects_are_followed_and_the_page_has_the_last_address(
    server: Server, fetcher: Fetcher, status: str
) -> None:
    server.answers["/old/a"] = redirect("../new?x=ü", status)
    server.answers["/new?x=%C3%BC"] = answer(PAGE)
    assert fetcher.fetch(server.url("/old/a")).url == server.url("/new?x=%C3%BC")


def test_a_page_that_has_not_changed_is_not_sent_again(server: Server, fetcher: Fetcher) -> None:
    server.answers["/"] = answer(status="304 Not Modified")
    assert fetcher.fetch_changed(server.url("/"), etag='"v1"', last_modified="Mon, 01 Jan 2024") is None
    assert 'if-none-match: "v1"\r\nif-modified-since: mon, 01 jan 2024' in server.requests[0].lower()
    server.answers["/"] = answer(PAGE, ETag='"v2"')
    page = fetcher.fetch_changed(server.url("/"), etag='"v1"')
    assert page is not None
    assert page.etag == '"v2"'


def test_not_modified_is_an_error_for_an_unconditional_request(server: Server, fetcher: Fetcher) -> None:
    server.answers["/"] = answer(status="304 Not Modified")
    with pytest.raises(UnexpectedStatus):
        fetcher.fetch_changed(server.url("/"))


def test_a_validator_cannot_smuggle_headers_in(server: Server, fetcher: Fetcher) -> None:
    server.answers["/"] = answer(PAGE)
    fetcher.fetch_changed(server.url("/"), etag='"a"\r\nX-Evil: yes', last_modified="ü")
    assert "evil" not in server.requests[0].lower()
    assert "if-modified" not in server.requests[0].lower()


@pytest.mark.parametrize("status", [204, 206, 301, 304, 401, 404, 410, 429, 500, 503])
def test_other_statuses_are_refused(server: Server, fetcher: Fetcher, status: int) -> None:
    server.answers["/"] = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()
    with pytest.raises(UnexpectedStatus) as caught:
        fetcher.fetch(server.url("/"))
    assert caught.value.status == status
    assert caught.value.message.startswith(server.url("/"))


def test_every_refusal_is_invalid_input_with_its_own_code() -> None:
    classes = [
        cls for cls in vars(web_errors).values() if inspect.isclass(cls) and issubclass(cls, FetchRefused)
    ]
    assert all(issubclass(cls, InvalidInput) for cls in classes)
    assert len({cls.code for cls in classes}) == len(classes) > 10
    drawn = [
        word for line in (web_errors.__doc__ or "").splitlines() for word in line.split() if "──" in line
    ]
    assert [cls.__name__ for cls in classes[1:]] == [word for word in drawn if word.isalpha()]


# --- Where it does not go


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2/",
        "http://localhost.test/",
        "http://169.254.169.254/latest/meta-data/",
        "http://metadata.test/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fd00:ec2::254]/",
        "http://10.0.0.1/",
        "https://192.168.0.1/",
        "http://0.0.0.0/",
        "http://①⑥⑨.254.169.254/",
        "http://intranet.test/",
        "http://half.test/",
    ],
)
def test_addresses_that_are_not_public_are_never_connected_to(network: WatchedNetwork, url: str) -> None:
    resolver = NamedHosts(
        localhost_test="127.0.0.1",
        metadata_test="169.254.169.254",
        intranet_test="10.1.2.3 fd00::1",
        half_test="93.184.216.34 192.168.0.7",
    )
    with pytest.raises(AddressRefused) as caught:
        Fetcher(resolver=resolver, network=network).fetch(url)
    assert network.connections == []
    assert caught.value.message.startswith(str(parse_url(url)))
    for inner in ("10.1.2.3", "192.168.0.7"):
        assert inner not in caught.value.message


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("http://127.0.0.2/", AddressRefused),
        ("http://169.254.169.254/latest/meta-data/", AddressRefused),
        ("//[::1]/", AddressRefused),
        ("http://[::ffff:169.254.169.254]/", AddressRefused),
        ("https://192.168.0.1/", AddressRefused),
        ("http://intranet.test/", AddressRefused),
        ("http://site.test:22/", AddressRefused),
        ("http://2130706433/", InvalidUrl),
        ("http://site.test@127.0.0.1/", InvalidUrl),
        ("file:///etc/passwd", InvalidUrl),
        ("gopher://site.test/", InvalidUrl),
        ("http://127.0.0.1\\@site.test/", InvalidUrl),
    ],
)
def test_redirects_to_private_addresses_are_refused(
    server: Server, network: WatchedNetwork, location: str, error: type[FetchRefused]
) -> None:
    server.answers["/"] = redirect(location)
    fetcher = Fetcher(
        WebConfig(allowed_networks=("127.0.0.1/32",), ports=(80, 443, server.port)),
        resolver=NamedHosts(site_test="127.0.0.1", intranet_test="10.1.2.3"),
        network=network,
    )
    with pytest.raises(error):
        fetcher.fetch(server.url("/"))
    assert network.connections == [("127.0.0.1", server.port)]


def test_only_configured_ports_are_connected_to(resolver: NamedHosts, network: WatchedNetwork) -> None:
    fetcher = Fetcher(WebConfig(allowed_networks=("127.0.0.0/8",)), resolver=resolver, network=network)
    with pytest.raises(AddressRefused, match="port 6379"):
        fetcher.fetch("http://site.test:6379/")
    assert resolver.lookups == []
    assert network.connections == []


def test_dns_rebinding_has_no_effect(network: WatchedNetwork) -> None:
    network.canned["93.184.216.34"] = answer(PAGE)
    resolver = NamedHosts(rebound_test=["93.184.216.34", "127.0.0.1"])
    fetcher = Fetcher(resolver=resolver, network=network)
    assert fetcher.fetch("http://rebound.test/").data == PAGE
    assert network.connections == [("93.184.216.34", 80)]
    assert resolver.lookups == ["rebound.test"]


def test_each_hop_is_looked_up_once_and_checked_again(network: WatchedNetwork) -> None:
    network.canned["93.184.216.34"] = redirect("http://rebound.test/again")
    resolver = NamedHosts(rebound_test=["93.184.216.34", "10.0.0.1"])
    with pytest.raises(AddressRefused):
        Fetcher(resolver=resolver, network=network).fetch("http://rebound.test/")
    assert resolver.lookups == ["rebound.test", "rebound.test"]
    assert network.connections == [("93.184.216.34", 80)]


def test_tls_and_the_host_header_use_the_name_not_the_address(network: WatchedNetwork) -> None:
    network.canned["93.184.216.34"] = answer(PAGE)
    fetcher = Fetcher(resolver=NamedHosts(secure_test="93.184.216.34"), network=network)
    assert fetcher.fetch("https://secure.test/a").url == "https://secure.test/a"
    (stream,) = network.streams
    assert network.connections == [("93.184.216.34", 443)]
    assert stream.tls_name == "secure.test"
    assert stream.tls_context is not None
    assert stream.tls_context.verify_mode is ssl.CERT_REQUIRED
    assert stream.tls_context.check_hostname
    assert stream.written.startswith(b"GET /a HTTP/1.1\r\nHost: secure.test\r\n")
    assert stream.closed


def test_an_ipv6_address_has_brackets_in_the_host_header_only(network: WatchedNetwork) -> None:
    network.canned["2606:4700::1111"] = answer(PAGE)
    resolver = NamedHosts()
    fetcher = Fetcher(WebConfig(ports=(80, 8080)), resolver=resolver, network=network)
    fetcher.fetch("http://[2606:4700:0::1111]:8080/")
    assert network.connections == [("2606:4700::1111", 8080)]
    assert b"\r\nHost: [2606:4700::1111]:8080\r\n" in network.streams[0].written
    assert resolver.lookups == []


def test_the_next_address_is_tried_when_one_does_not_answer(network: WatchedNetwork) -> None:
    network.canned["1.1.1.1"] = answer(PAGE)
    resolver = NamedHosts(two_test="8.8.8.8 1.1.1.1")
    assert Fetcher(resolver=resolver, network=network).fetch("http://two.test/").data == PAGE
    assert network.connections == [("8.8.8.8", 80), ("1.1.1.1", 80)]


def test_the_gate_can_stop_each_hop(server: Server, fetcher: Fetcher, resolver: NamedHosts) -> None:
    class Gate:
        def __init__(self) -> None:
            self.hops: list[str] = []

        def admit(self, url: WebUrl) -> None:
            self.hops.append(url.target)
            if url.path == "/b":
                raise web_errors.OutsideCrawl("not there")

        def admit_type(self, url: WebUrl, media_type: str) -> None:
            raise AssertionError

    gate = Gate()
    server.answers["/a"] = redirect("/b")
    with pytest.raises(web_errors.OutsideCrawl):
        fetcher.fetch(server.url("/a"), gate=gate)
    assert gate.hops == ["/a", "/b"]
    assert server.targets == ["/a"]
    assert len(resolver.lookups) == 1


# --- Hostile servers


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
    class Slow:
        def admit(self, url: WebUrl) -> None:
            time.sleep(0.5)

        def admit_type(self, url: WebUrl, media_type: str) -> None:
            pass

    server.answers["/"] = answer(PAGE)
    assert make_fetcher(seconds=0.4).fetch(server.url("/"), gate=Slow()).data == PAGE


def deflated(data: bytes) -> bytes:
    raw = zlib.compressobj(wbits=-15)
    return raw.compress(data) + raw.flush()


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "identity": bytes,
}


@pytest.mark.parametrize("coding", CODINGS)
def test_content_codings_are_decoded(server: Server, fetcher: Fetcher, coding: str) -> None:
    text = bytes(range(256)) * 3000
    server.answers["/"] = answer(CODINGS[coding](text), Content_Encoding=coding.upper())
    assert fetcher.fetch(server.url("/")).data == text
    server.answers["/"] = answer(CODINGS[coding](b""), Content_Encoding=coding)
    assert fetcher.fetch(server.url("/")).data == b""


def test_deflate_without_its_header_and_gzip_in_members(server: Server, fetcher: Fetcher) -> None:
    server.answers["/"] = answer(deflated(PAGE), Content_Encoding="deflate")
    assert fetcher.fetch(server.url("/")).data == PAGE
    members = gzip.compress(PAGE) + gzip.compress(PAGE) + b"\0" * 100
    server.answers["/"] = answer(members, Content_Encoding="gzip")
    assert fetcher.fetch(server.url("/")).data == PAGE * 2


@pytest.mark.timeout(50)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_a_decompression_bomb_is_stopped(server: Server, make_fetcher: MakeFetcher, coding: str) -> None:
    limit = 100_000
    packed = CODINGS[coding](bytes(size(50_000_000)))
    assert len(packed) < limit
    server.answers["/"] = answer(packed, Content_Encoding=coding)
    with pytest.raises(PageTooLarge, match="limit of 100000 bytes"):
        make_fetcher(max_bytes=limit).fetch(server.url("/"))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_the_size_limit_is_inclusive(server: Server, make_fetcher: MakeFetcher, coding: str) -> None:
    server.answers["/"] = answer(CODINGS[coding](bytes(100_000)), Content_Encoding=coding)
    assert len(make_fetcher(max_bytes=100_000).fetch(server.url("/")).data) == 100_000
    with pytest.raises(PageTooLarge):
        make_fetcher(max_bytes=99_999).fetch(server.url("/"))


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
@pytest.mark.parametrize("cut", [0, 1, 5, -1])
def test_a_compressed_page_that_is_cut_or_damaged_is_refused(
    server: Server, fetcher: Fetcher, coding: str, cut: int
) -> None:
    packed = CODINGS[coding](bytes(range(256)) * 50)
    server.answers["/"] = answer(packed[:cut], Content_Encoding=coding)
    with pytest.raises(FetchFailed, match="damaged"):
        fetcher.fetch(server.url("/"))
    server.answers["/"] = answer(b"\x1f\x8b not so" * 9, Content_Encoding=coding)
    with pytest.raises(FetchFailed, match="damaged"):
        fetcher.fetch(server.url("/"))


@pytest.mark.parametrize("coding", ["zstd", "gzip, gzip", "nonsense"])
def test_a_coding_that_was_not_requested_is_refused(server: Server, fetcher: Fetcher, coding: str) -> None:
    server.answers["/"] = answer(PAGE, Content_Encoding=coding)
    with pytest.raises(FetchFailed, match="not requested"):
        fetcher.fetch(server.url("/"))


def test_a_page_with_a_large_content_length_is_not_read(server: Server, make_fetcher: MakeFetcher) -> None:
    server.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 60000000000\r\n\r\n"
    with pytest.raises(PageTooLarge):
        make_fetcher(seconds=5).fetch(server.url("/"))


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
    assert process.num_fds() <= before


def test_every_error_of_httpcore2_is_translated() -> None:
    exceptions = [
        exception
        for name in httpcore2.__all__
        if inspect.isclass(exception := getattr(httpcore2, name)) and issubclass(exception, Exception)
    ]
    assert len(exceptions) > 12
    for exception in exceptions:
        with pytest.raises(FetchFailed), _translate_errors(parse_url("http://site.test/")):
            raise exception
