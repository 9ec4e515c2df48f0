"""Fetch one web page, connecting only to addresses that have been checked.

Every hop of a fetch, redirects included, takes the same steps: parse the address (``urls``), look its host up
once, check all the IP addresses found (``addresses``), and connect to one of exactly these (``network``). So
DNS rebinding, a name that resolves to another address a moment later, has no effect. Proxies of the
environment are not used: they would look names up again.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from ipaddress import ip_address
from typing import Protocol

import httpcore2

from index.sources.web.addresses import AddressPolicy, IPAddress
from index.sources.web.config import WebConfig
from index.sources.web.decoding import ACCEPTED, Undecodable, decoder
from index.sources.web.errors import (
    AddressRefused,
    FetchFailed,
    FetchTimedOut,
    PageTooLarge,
    UnexpectedStatus,
)
from index.sources.web.network import Deadline, PinnedNetwork, Resolver, SystemResolver, TooMuchSent
from index.sources.web.pages import Page
from index.sources.web.urls import WebUrl, display_url, parse_url

_MAX_ADDRESSES = 4
_HEAD_BYTES = 1 << 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PAGES = frozenset({200, 203})


class Gate(Protocol):
    """Lets a caller stop a fetch, by raising a :class:`index.sources.web.FetchRefused`."""

    def admit(self, url: WebUrl) -> None:
        """Check the address of a hop; called before its host is looked up."""

    def admit_type(self, url: WebUrl, media_type: str) -> None:
        """Check the media type; called after the headers have been received, before the body is read."""


class OpenGate:
    """A gate that stops nothing."""

    def admit(self, url: WebUrl) -> None:
        pass

    def admit_type(self, url: WebUrl, media_type: str) -> None:
        pass


class Fetcher:
    """Fetches pages by GET. It keeps no state between fetches and is thread-safe.

    Tests pass a ``resolver`` and a ``network`` instead of DNS and sockets, and a ``clock``.
    """

    def __init__(
        self,
        config: WebConfig | None = None,
        *,
        resolver: Resolver | None = None,
        network: httpcore2.NetworkBackend | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.config = config or WebConfig()
        self._policy = AddressPolicy(self.config.allowed_networks)
        self._resolver = resolver or SystemResolver()
        self._network = network or httpcore2.SyncBackend()
        self._clock = clock

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Loaded at the first https request, because reading the system's certificates takes time."""
        return httpcore2.default_ssl_context()

    def fetch(self, url: str, *, gate: Gate | None = None) -> Page:
        """Fetch the page at ``url``. Raises only subclasses of :class:`index.sources.web.FetchRefused`."""
        gate = gate or OpenGate()
        deadline = Deadline(self.config.seconds, clock=self._clock)
        hop = parse_url(url)
        for _ in range(self.config.max_redirects + 1):
            self._check_port(hop)
            with deadline.pause():
                gate.admit(hop)
            outcome = self._request_hop(hop, gate, deadline)
            if not isinstance(outcome, WebUrl):
                return outcome
            hop = outcome
        raise FetchFailed(
            f"{display_url(url)}: more than {self.config.max_redirects} redirects. "
            "Use the address that they lead to."
        )

    def _request_hop(self, hop: WebUrl, gate: Gate, deadline: Deadline) -> Page | WebUrl:
        """Send one request: the page, or the address of a redirect."""
        with translate_errors(hop), closing(self.connection(hop, deadline)) as connection:
            response = connection.handle_request(self._request(hop))
            return self._read_response(hop, response, gate)

    def connection(self, hop: WebUrl, deadline: Deadline) -> httpcore2.HTTPConnection:
        """A connection to one of the checked addresses of a host, for one request.

        Raises :class:`index.sources.web.AddressRefused`, and :class:`index.sources.web.FetchFailed` without
        any address; what its requests raise, :func:`translate_errors` translates.
        """
        self._check_port(hop)
        network = PinnedNetwork(
            self._network,
            self._resolve_checked(hop, deadline),
            deadline=deadline,
            connect_seconds=self.config.connect_seconds,
            max_bytes=2 * self.config.max_bytes + _HEAD_BYTES,  # a chunk may have a head as long as itself
        )
        origin = httpcore2.Origin(hop.scheme.encode(), hop.host.encode(), hop.port)
        tls = self._tls if hop.scheme == "https" else None
        return httpcore2.HTTPConnection(origin, ssl_context=tls, network_backend=network)

    def _request(self, hop: WebUrl) -> httpcore2.Request:
        headers = {
            "Host": hop.authority,
            "User-Agent": self.config.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPTED,
            "Connection": "close",
        }
        url = httpcore2.URL(scheme=hop.scheme, host=hop.host, port=hop.port, target=hop.target)
        return httpcore2.Request("GET", url, headers=list(headers.items()))

    def _read_response(self, hop: WebUrl, response: httpcore2.Response, gate: Gate) -> Page | WebUrl:
        headers, status = Headers(response.headers), response.status
        if status in _REDIRECTS and headers.location:
            return parse_url(headers.location, hop)
        if status not in _PAGES:
            raise UnexpectedStatus(f"{display_url(hop)}: the server responded {status}.", status=status)
        gate.admit_type(hop, headers.media_type)
        return Page(
            url=str(hop),
            data=self._read_body(hop, response, headers),
            media_type=headers.media_type,
            charset=headers.charset,
            robots_tag=headers.robots_tag,
        )

    def _read_body(self, hop: WebUrl, response: httpcore2.Response, headers: Headers) -> bytes:
        limit = self.config.max_bytes
        too_large = PageTooLarge(f"{display_url(hop)}: the page is larger than the limit of {limit} bytes.")
        if headers.content_length > limit:
            raise too_large
        decoding = decoder(headers.content_encoding)
        if decoding is None:
            raise FetchFailed(f"{display_url(hop)}: the server used a content coding that was not requested.")
        body = bytearray()
        try:
            for data in response.iter_stream():
                for piece in decoding.feed(data):
                    body += piece
                    if len(body) > limit:
                        raise too_large
            decoding.finish()
        except Undecodable:
            raise FetchFailed(f"{display_url(hop)}: the compressed page is damaged. Try again.") from None
        return bytes(body)

    def _check_port(self, hop: WebUrl) -> None:
        if hop.port not in self.config.ports:
            raise AddressRefused(
                f"{display_url(hop)}: pages are not fetched from port {hop.port}, but only from "
                f"{', '.join(map(str, self.config.ports))}."
            )

    def _resolve_checked(self, hop: WebUrl, deadline: Deadline) -> Sequence[IPAddress]:
        """Resolve a host and check its addresses. If one of them is refused, so is the host."""
        try:
            found: Sequence[IPAddress] = [ip_address(hop.host)]
        except ValueError:
            found = self._resolver.addresses(hop.host, seconds=deadline.left)
        for address in found:
            kind = self._policy.refusal(address)
            if kind is not None:
                # The message does not disclose the address that the name has in this network.
                raise AddressRefused(
                    f"{display_url(hop)}: the host has an address that is {kind}. Only pages on public "
                    "addresses, and on networks that this service is configured to allow, are fetched."
                )
        return found[:_MAX_ADDRESSES]


@contextmanager
def translate_errors(hop: WebUrl) -> Iterator[None]:
    """Translate every error of httpcore2 into one of this package."""
    name = display_url(hop)
    try:
        yield
    except httpcore2.TimeoutException:
        raise FetchTimedOut(f"{name}: the server took too long. Try again later.") from None
    except TooMuchSent:
        raise PageTooLarge(f"{name}: headers and body together are larger than the limit.") from None
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol):
        raise FetchFailed(f"{name}: the server's response is incomplete or is not HTTP. Try again.") from None
    except (httpcore2.NetworkError, httpcore2.ProxyError, httpcore2.ConnectionNotAvailable) as error:
        reason = error or "it closed the connection"
        raise FetchFailed(f"{name}: the server could not be reached: {reason}.") from None


# The headers of a response that the fetcher uses.


_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([\w.:+-]{1,64})""", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[\w!#$&^.+-]{1,127}/[\w!#$&^.+-]{1,127}", re.ASCII)


class Headers:
    """Parses raw headers. A repeated header is joined to a list with commas (RFC 9110, 5.3)."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(_text(value))

    def _join(self, name: str) -> str:
        return ", ".join(self._values.get(name, ()))

    def _first(self, name: str) -> str:
        return self._values.get(name, [""])[0]

    @property
    def location(self) -> str:
        return self._first("location")

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters; empty if it is missing or malformed."""
        name = self._first("content-type").partition(";")[0].strip().lower()
        return name if _MEDIA_TYPE.fullmatch(name) else ""

    @property
    def charset(self) -> str | None:
        match = _CHARSET.search(self._first("content-type"))
        return match[1].lower() if match else None

    @property
    def content_encoding(self) -> str:
        return self._join("content-encoding")

    @property
    def content_length(self) -> int:
        """The length in bytes; 0 if there is no header. h11 has checked that it is a number."""
        value = self._first("content-length")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else 0

    @property
    def robots_tag(self) -> str:
        return self._join("x-robots-tag")


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
