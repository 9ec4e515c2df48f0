from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest

from index.web import FetchFailed, FetchTimedOut, SystemResolver


def test_the_system_knows_this_host() -> None:
    found = SystemResolver().addresses("localhost", seconds=10)
    assert set(found) <= {IPv4Address("127.0.0.1"), IPv6Address("::1")}
    assert len(set(found)) == len(found) > 0


def test_a_number_is_its_own_address() -> None:
    assert SystemResolver().addresses("127.0.0.1", seconds=10) == [IPv4Address("127.0.0.1")]


@pytest.mark.parametrize("name", ["", "a" * 70, "no.such.host.invalid.", "\0"])
def test_a_name_that_nobody_has(name: str) -> None:
    with pytest.raises((FetchFailed, FetchTimedOut)):
        SystemResolver().addresses(name, seconds=2)


def test_there_is_no_waiting_when_the_time_is_up() -> None:
    for seconds in (0.0, -1.0):
        with pytest.raises(FetchTimedOut):
            SystemResolver().addresses("localhost", seconds=seconds)
