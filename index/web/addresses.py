"""Which IP addresses may be connected to.

Whoever can have a page fetched would otherwise read what only this machine can reach: the services of
its own network, and the metadata service of its cloud, which hands out credentials (CWE-918).

The networks are those of the IANA registries of special-purpose addresses for
`IPv4 <https://www.iana.org/assignments/iana-ipv4-special-registry>`_ and
`IPv6 <https://www.iana.org/assignments/iana-ipv6-special-registry>`_. They are written out because
:mod:`ipaddress` answers differently from one patch release of Python to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

_V4 = {
    "0.0.0.0/8": "of this host itself",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared by a provider",
    "127.0.0.0/8": "of this host itself",
    "168.63.129.16/32": "of a cloud's own services",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "reserved",
    "192.31.196.0/24": "reserved",
    "192.52.193.0/24": "reserved",
    "192.88.99.0/24": "reserved",
    "192.168.0.0/16": "private",
    "192.175.48.0/24": "reserved",
    "198.18.0.0/15": "reserved",
    "198.51.100.0/24": "reserved",
    "203.0.113.0/24": "reserved",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
"""Azure answers on 168.63.129.16 from inside the host, although the address is public by its number."""

_V6 = {
    "::/128": "of this host itself",
    "::1/128": "of this host itself",
    "::/96": "an IPv4 address in disguise",
    "::ffff:0:0/96": "an IPv4 address in disguise",
    "64:ff9b::/96": "an IPv4 address in disguise",
    "64:ff9b:1::/48": "an IPv4 address in disguise",
    "2001::/32": "an IPv4 address in disguise",
    "2001::/23": "reserved",
    "2001:db8::/32": "reserved",
    "2002::/16": "an IPv4 address in disguise",
    "2620:4f:8000::/48": "reserved",
    "3fff::/20": "reserved",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "ff00::/8": "multicast",
}
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""IANA gives out addresses from this block only; all others are refused, known or not."""

_SPECIAL: tuple[tuple[IPNetwork, str], ...] = tuple(
    (ip_network(network), kind) for network, kind in (*_V4.items(), *_V6.items())
)
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressPolicy:
    """Public addresses, and those in ``allowed`` networks such as ``10.1.0.0/16``.

    Raises :class:`ValueError` for a network that cannot be read.
    """

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._allowed = tuple(ip_network(network) for network in allowed)

    def refusal(self, address: IPAddress) -> str | None:
        """What kind of address this is if it may not be connected to, None if it may."""
        if any(address in network for network in self._allowed):
            inner = _embedded(address)
            return self.refusal(inner) if inner is not None else None
        return _special(address)


def _special(address: IPAddress) -> str | None:
    for network, kind in _SPECIAL:
        if address in network:
            return kind
    return None if isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST else "reserved"


def _embedded(address: IPAddress) -> IPv4Address | None:
    """The IPv4 address that packets to this IPv6 address would be passed on to."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
