from __future__ import annotations

import ssl
from ipaddress import ip_address

import httpcore2
import pytest

from index.sources.web.network import Deadline, PinnedNetwork, TooMuchSent
from tests.index.sources.web.standins import WatchedNetwork


def pinned(network: WatchedNetwork, deadline: Deadline, *addresses: str) -> PinnedNetwork:
    found = [ip_address(address) for address in addresses]
    return PinnedNetwork(network, found, deadline=deadline, connect_seconds=5, max_bytes=100)


def test_no_connection_is_made_after_the_deadline(network: WatchedNetwork) -> None:
    with pytest.raises(httpcore2.ConnectTimeout):
        pinned(network, Deadline(0), "1.1.1.1").connect_tcp("site.test", 80)
    assert network.connections == []


def test_a_connection_ends_at_the_deadline(network: WatchedNetwork) -> None:
    now = 7.0
    network.canned["1.1.1.1"] = b"data"
    stream = pinned(network, Deadline(0.1, clock=lambda: now), "1.1.1.1").connect_tcp("site.test", 80)
    assert stream.read(2, timeout=None) == b"da"
    stream.write(b"x")
    now += 0.1
    with pytest.raises(httpcore2.ReadTimeout):
        stream.read(2, timeout=1000)
    with pytest.raises(httpcore2.WriteTimeout):
        stream.write(b"y")
    with pytest.raises(httpcore2.ConnectTimeout):
        stream.start_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "site.test")
    assert network.streams[0].written == b"x"
    assert network.streams[0].tls_name is None
    assert network.streams[0].closed


def test_the_byte_limit_includes_tls(network: WatchedNetwork) -> None:
    network.canned["1.1.1.1"] = bytes(1000)
    stream = pinned(network, Deadline(10), "1.1.1.1").connect_tcp("site.test", 443)
    stream = stream.start_tls(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), "site.test")
    assert len(stream.read(100)) == 100
    with pytest.raises(TooMuchSent):
        stream.read(1)


def test_without_an_address_there_is_no_connection(network: WatchedNetwork) -> None:
    with pytest.raises(httpcore2.ConnectError, match=r"no address for site\.test"):
        pinned(network, Deadline(10)).connect_tcp("site.test", 80)
    assert network.connections == []
