"""Parse the addresses of web pages into one normal form.

:func:`parse_url` refuses addresses in which two programs could see two different hosts, so that the host
that is checked is the host that is connected to: those with user names, backslashes, percent-encoded hosts,
or numbers that some programs take for IPv4 addresses (``2130706433``, ``0x7f.1``, ``0177.0.0.1``).
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote, urljoin, urlsplit

import idna

from index.sources.web.errors import InvalidUrl

MAX_URL = 8000
"""Characters of an address: the length that RFC 9110, 4.1 asks everyone to support."""

DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_HOST = 253
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\\ud800-\udfff\u2028\u2029]")
_AUTHORITY = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<name>[^\[\]:@%\s]+))(?::(?P<port>[0-9]{0,5}))?")
_USER = re.compile(r"//[^/?#]*@")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_TRIPLET = re.compile(r"%([0-9A-Fa-f]{2})")
_LONE_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True)
class WebUrl:
    """A normalised http or https address: ``str()`` is the same for all spellings of one address.

    ``host`` is lower-case ASCII; an IPv6 address has no brackets. ``path`` begins with a slash and has no
    dot segments; ``path`` and ``query`` are percent-encoded. The fragment is dropped.
    """

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def target(self) -> str:
        """The target of the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def authority(self) -> str:
        """The value of the Host header: with the port only if it is not the scheme's default."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_url(text: str, base: WebUrl | None = None) -> WebUrl:
    """Parse an address, or a reference relative to ``base``. Raises :class:`InvalidUrl`."""
    text = text.strip(" \t\r\n\f")
    if len(text) > MAX_URL:
        raise InvalidUrl(
            f"{display_url(text)}: an address has at most {MAX_URL} characters, this has {len(text)}."
        )
    if _FORBIDDEN.search(text):
        raise InvalidUrl(
            f"{display_url(text)}: the address has control characters or backslashes. Encode them."
        )
    try:
        parts = urlsplit(urljoin(str(base), text) if base else text)
    except ValueError as error:
        raise InvalidUrl(f"{display_url(text)}: the address cannot be read: {error}.") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise InvalidUrl(
            f"{display_url(text)}: only addresses that begin with http:// or https:// are fetched."
        )
    if "@" in parts.netloc:
        raise InvalidUrl(f"{display_url(text)}: the address has a user name or a password. Leave them out.")
    match = _AUTHORITY.fullmatch(parts.netloc)
    if match is None:
        raise InvalidUrl(f"{display_url(text)}: the address has no host, or one that cannot be read.")
    port = int(match["port"] or DEFAULT_PORTS[parts.scheme])
    if not 0 < port < 1 << 16:
        raise InvalidUrl(f"{display_url(text)}: there is no port {port}.")
    host = _ipv6(match["v6"], text) if match["v6"] else _host(match["name"], text)
    path = _remove_dot_segments(_percent_encode(parts.path or "/", "/!$&'()*+,;=:@"))
    return WebUrl(parts.scheme, host, port, path, _percent_encode(parts.query, "/?!$&'()*+,;=:@[]|"))


def display_url(url: str | WebUrl) -> str:
    """An address for use in a message: shortened, on one line, without user name and password."""
    url = _USER.sub("//…@", str(url), count=1)
    url = _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", url)
    return url if len(url) <= 200 else url[:199] + "…"


def _ipv6(text: str, url: str) -> str:
    try:
        return str(IPv6Address(text))
    except AddressValueError:
        raise InvalidUrl(f"{display_url(url)}: [{display_url(text)}] is not an IPv6 address.") from None


def _host(name: str, url: str) -> str:
    """The host in ASCII; international names are converted as browsers do (UTS 46, RFC 5891)."""
    invalid = InvalidUrl(f"{display_url(url)}: the address has no valid host name.")
    if len(name) > _MAX_HOST + 1:
        raise invalid
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise invalid from None
    name = name.lower().removesuffix(".")
    labels = name.split(".")
    if len(name) > _MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise invalid
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(name))
        except AddressValueError:
            raise InvalidUrl(
                f"{display_url(url)}: a host that ends in a number must be an IPv4 address in its usual "
                "form, four decimal numbers without leading zeros."
            ) from None
    return name


def _percent_encode(text: str, safe: str) -> str:
    """Percent-encode what must be encoded and decode the rest, in upper case (RFC 3986, 6.2.2)."""
    text = quote(_LONE_PERCENT.sub("%25", text), safe=safe + "%")
    return _TRIPLET.sub(_normalise_triplet, text)


def _normalise_triplet(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def _remove_dot_segments(path: str) -> str:
    """Remove ``.`` and ``..`` segments (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1:] in (["."], [".."]):
        kept.append("")
    return "/" + "/".join(kept)
