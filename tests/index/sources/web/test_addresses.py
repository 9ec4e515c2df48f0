from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given, strategies as st

from index.sources.web.addresses import AddressPolicy

PUBLIC = AddressPolicy()


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "of this host itself"),
        ("127.255.255.254", "of this host itself"),
        ("0.0.0.0", "of this host itself"),  # noqa: S104
        ("0.1.2.3", "of this host itself"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "shared by a provider"),
        ("100.100.100.200", "shared by a provider"),
        ("169.254.169.254", "link-local"),
        ("168.63.129.16", "of a cloud's own services"),
        ("192.0.0.192", "reserved"),
        ("192.0.2.1", "reserved"),
        ("198.18.0.1", "reserved"),
        ("198.51.100.1", "reserved"),
        ("203.0.113.1", "reserved"),
        ("192.88.99.1", "reserved"),
        ("224.0.0.1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "of this host itself"),
        ("::1", "of this host itself"),
        ("::7f00:1", "an embedded IPv4 address"),
        ("::ffff:127.0.0.1", "an embedded IPv4 address"),
        ("::ffff:8.8.8.8", "an embedded IPv4 address"),
        ("64:ff9b::7f00:1", "an embedded IPv4 address"),
        ("64:ff9b:1::1", "an embedded IPv4 address"),
        ("2002:7f00:1::", "an embedded IPv4 address"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "an embedded IPv4 address"),
        ("2001:2::1", "reserved"),
        ("2001:db8::1", "reserved"),
        ("3fff::1", "reserved"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("fe80::1", "link-local"),
        ("fec0::1", "reserved"),
        ("ff02::1", "multicast"),
        ("100::1", "reserved"),
        ("5f00::1", "reserved"),
    ],
)
def test_addresses_that_are_not_public_are_refused(address: str, kind: str) -> None:
    assert PUBLIC.refusal(ip_address(address)) == kind


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "168.63.129.17", "2606:4700::1111"],
)
def test_public_addresses_may_be_connected_to(address: str) -> None:
    assert PUBLIC.refusal(ip_address(address)) is None


@given(st.ip_addresses())
def test_addresses_that_python_calls_private_are_refused(address: IPv4Address | IPv6Address) -> None:
    if address.is_private or address.is_multicast or address.is_reserved or address.is_link_local:
        assert PUBLIC.refusal(address) is not None


def test_only_addresses_in_an_allowed_network_are_allowed() -> None:
    policy = AddressPolicy(["10.1.0.0/16", "fd12::/16"])
    assert policy.refusal(ip_address("10.1.2.3")) is None
    assert policy.refusal(ip_address("fd12::5")) is None
    assert policy.refusal(ip_address("10.2.0.1")) == "private"
    assert policy.refusal(ip_address("::ffff:10.1.2.3")) == "an embedded IPv4 address"


def test_an_address_embedded_in_an_allowed_one_is_checked_too() -> None:
    policy = AddressPolicy(["64:ff9b::/96", "2002::/16", "::ffff:0:0/96"])
    for address in ("64:ff9b::7f00:1", "2002:7f00:1::", "::ffff:127.0.0.1"):
        assert policy.refusal(ip_address(address)) == "of this host itself"
    assert policy.refusal(ip_address("64:ff9b::808:808")) is None


def test_an_invalid_network_is_an_error_at_the_start() -> None:
    with pytest.raises(ValueError, match="not-a-network"):
        AddressPolicy(["not-a-network"])
