"""Where the fetcher does not go."""

from __future__ import annotations

import ssl

import pytest

from index.sources.web import (
    AddressRefused,
    Fetcher,
    FetchRefused,
    InvalidUrl,
    WebConfig,
    WebUrl,
    errors as web_errors,
)
from index.sources.web.urls import parse_url
from tests.index.sources.web.standins import PAGE, NamedHosts, Server, WatchedNetwork, answer, redirect


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
