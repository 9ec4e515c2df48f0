"""The address of a client, also behind proxies that the operator trusts."""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

_WITH_PORT = re.compile(r"(?:(?P<v4>[0-9.]+)|\[(?P<v6>[0-9A-Fa-f:.]+)\])(?::[0-9]{1,5})?")
Networks = Sequence[IPv4Network | IPv6Network]


def networks(written: Sequence[str]) -> Networks:
    """Networks from their notations. Raises a ValueError that names the wrong one."""
    return [ip_network(one) for one in written]


def client_address(scope: Scope, proxies: Networks) -> str:
    """The address of the client; empty where it is unknown.

    Where a trusted proxy sent the request, X-Forwarded-For is read from its end, up to the first address
    that is not a trusted proxy: a client can write what stands before it.
    """
    address = scope["client"][0] if scope.get("client") else ""
    if not is_trusted(address, proxies):
        return address
    forwarded = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
    for part in reversed(forwarded.decode("latin-1").split(",")):
        written = _without_port(part.strip())
        if not is_address(written):
            break
        address = written
        if not is_trusted(address, proxies):
            break
    return address


def is_secure(scope: Scope, proxies: Networks) -> bool:
    """True if the client uses TLS, with this service or with a trusted proxy."""
    if scope.get("scheme") in ("https", "wss"):
        return True
    address = scope["client"][0] if scope.get("client") else ""
    if not is_trusted(address, proxies):
        return False
    return any(
        value.strip().lower() == b"https" for name, value in scope["headers"] if name == b"x-forwarded-proto"
    )


def is_trusted(address: str, proxies: Networks) -> bool:
    """Whether an address is that of a trusted proxy."""
    if not proxies or not is_address(address):
        return False
    found = _parse(address)
    return any(found in network for network in proxies)


@lru_cache(maxsize=1024)
def subscriber(address: str) -> str:
    """The addresses of one subscriber: an IPv4 address, or the /64 network of an IPv6 address."""
    if not is_address(address):
        return address
    found = _parse(address)
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)


def _parse(address: str) -> IPv4Address | IPv6Address:
    """The address; the IPv4 address of one that a socket for both versions shows as ``::ffff:192.0.2.1``."""
    found = ip_address(address)
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def _without_port(written: str) -> str:
    """Return an address without the port that some proxies add, and without the brackets of IPv6 then."""
    found = _WITH_PORT.fullmatch(written)
    return found["v4"] or found["v6"] if found else written


@lru_cache(maxsize=256)
def is_address(written: str) -> bool:
    """Whether this is an IPv4 or IPv6 address."""
    try:
        ip_address(written)
    except ValueError:
        return False
    return True
