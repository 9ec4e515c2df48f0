from __future__ import annotations

import pytest

from service.state.identity.client_address import client_address, networks, subscriber

PROXIES = networks(["10.0.0.0/8", "fd00::1"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.5", [], "203.0.113.5"),
        ("203.0.113.5", ["198.51.100.7"], "203.0.113.5"),  # no proxy: what it says is not believed
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.7"], "198.51.100.7"),  # the client wrote the first
        ("10.0.0.1", ["1.2.3.4", "198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("fd00::1", ["2001:db8::5"], "2001:db8::5"),
        ("10.0.0.1", ["198.51.100.7:50123"], "198.51.100.7"),
        ("10.0.0.1", ["198.51.100.7:50123, 10.0.0.2:443"], "198.51.100.7"),
        ("fd00::1", ["[2001:db8::5]:50123, [fd00::1]"], "2001:db8::5"),
        ("fd00::1", ["[::ffff:198.51.100.7]:1"], "::ffff:198.51.100.7"),
        ("fd00::1", ["2001:db8::5:6"], "2001:db8::5:6"),
        ("10.0.0.1", ["198.51.100.7:x"], "10.0.0.1"),
        ("10.0.0.1", ["[198.51.100.7]:1:2"], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["1.2.3.4, unknown, 10.0.0.2"], "10.0.0.2"),
        ("testclient", ["198.51.100.7"], "testclient"),
    ],
)
def test_only_trusted_proxies_say_who_the_client_is(peer: str, forwarded: list[str], client: str) -> None:
    headers = [(b"x-forwarded-for", one.encode()) for one in forwarded]
    assert client_address({"client": (peer, 1), "headers": headers}, PROXIES) == client


def test_a_connection_without_an_address_has_none() -> None:
    assert client_address({"client": None, "headers": []}, PROXIES) == ""


def test_the_addresses_of_one_subscriber_are_one() -> None:
    assert subscriber("203.0.113.5") == "203.0.113.5"
    assert subscriber("2001:db8::1") == subscriber("2001:db8::2:2") != subscriber("2001:db8:0:1::1")
    assert subscriber("testclient") == "testclient"


def test_an_ipv4_address_in_ipv6_is_the_ipv4_address() -> None:
    assert subscriber("::ffff:203.0.113.5") == subscriber("203.0.113.5") != subscriber("::ffff:203.0.113.6")
    scope = {"client": ("::ffff:10.0.0.1", 1), "headers": [(b"x-forwarded-for", b"198.51.100.7")]}
    assert client_address(scope, PROXIES) == "198.51.100.7"
