from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from index.sources.web import FetchFailed, FetchTimedOut, SystemResolver


def test_localhost_is_found() -> None:
    found = SystemResolver().addresses("localhost", seconds=10)
    assert set(found) <= {IPv4Address("127.0.0.1"), IPv6Address("::1")}
    assert len(set(found)) == len(found) > 0


def test_an_ip_address_resolves_to_itself() -> None:
    assert SystemResolver().addresses("127.0.0.1", seconds=10) == [IPv4Address("127.0.0.1")]


@pytest.mark.parametrize("name", ["", "a" * 70, "no.such.host.invalid.", "\0"])
def test_an_unknown_name_is_an_error(name: str) -> None:
    with pytest.raises((FetchFailed, FetchTimedOut)):
        SystemResolver().addresses(name, seconds=2)


def test_no_lookup_starts_after_the_deadline() -> None:
    for seconds in (0.0, -1.0):
        with pytest.raises(FetchTimedOut):
            SystemResolver().addresses("localhost", seconds=seconds)
