"""Decide which IP addresses may be connected to, against server-side request forgery (CWE-918).

Without this, a caller who names a page to fetch could read what only this machine can reach: services in its
network, and its cloud's metadata service, which returns credentials.

The networks are those of the IANA registries of special-purpose addresses for
`IPv4 <https://www.iana.org/assignments/iana-ipv4-special-registry>`_ and
`IPv6 <https://www.iana.org/assignments/iana-ipv6-special-registry>`_. They are written out because
:mod:`ipaddress` answers differently in different patch releases of Python.
"""

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
"""168.63.129.16 is a public address, but Azure serves it from the host itself."""

_V6 = {
    "::/128": "of this host itself",
    "::1/128": "of this host itself",
    "::/96": "an embedded IPv4 address",
    "::ffff:0:0/96": "an embedded IPv4 address",
    "64:ff9b::/96": "an embedded IPv4 address",
    "64:ff9b:1::/48": "an embedded IPv4 address",
    "2001::/32": "an embedded IPv4 address",
    "2001::/23": "reserved",
    "2001:db8::/32": "reserved",
    "2002::/16": "an embedded IPv4 address",
    "2620:4f:8000::/48": "reserved",
    "3fff::/20": "reserved",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "ff00::/8": "multicast",
}
_GLOBAL_UNICAST = IPv6Network("2000::/3")
"""IANA assigns addresses from this block only; all others are refused."""

_SPECIAL: tuple[tuple[IPNetwork, str], ...] = tuple(
    (ip_network(network), kind) for network, kind in (*_V4.items(), *_V6.items())
)
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressPolicy:
    """Allows public addresses, and those in ``allowed`` networks such as ``10.1.0.0/16``.

    Raises :class:`ValueError` for an invalid network.
    """

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._allowed = tuple(ip_network(network) for network in allowed)

    def refusal(self, address: IPAddress) -> str | None:
        """The kind of an address that may not be connected to, such as "private"; None if it may."""
        if any(address in network for network in self._allowed):
            inner = _embedded_ipv4(address)
            return self.refusal(inner) if inner is not None else None
        return _special_kind(address)


def _special_kind(address: IPAddress) -> str | None:
    for network, kind in _SPECIAL:
        if address in network:
            return kind
    return None if isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST else "reserved"


def _embedded_ipv4(address: IPAddress) -> IPv4Address | None:
    """The IPv4 address that a gateway would forward packets for this IPv6 address to."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
