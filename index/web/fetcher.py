"""One page from the web, without leading the fetcher where it must not go.

Each hop of a fetch, redirects too, goes the same way: the address is read (:mod:`index.web.urls`), its
host looked up once, all the IP addresses found are checked (:mod:`index.web.addresses`), and the
connection is made to one of exactly these (:mod:`index.web.network`). A name that means another address
a moment later (DNS rebinding) changes nothing. Proxies of the environment are not used: they would look
names up again.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from functools import cached_property
from ipaddress import ip_address
from typing import Protocol

import httpcore2

from index.web.addresses import AddressPolicy, IPAddress
from index.web.config import WebConfig
from index.web.decoding import ACCEPTED, Undecodable, decoder
from index.web.errors import (
    AddressRefused,
    FetchFailed,
    FetchTimedOut,
    PageTooLarge,
    UnexpectedStatus,
)
from index.web.headers import Headers
from index.web.network import Deadline, PinnedNetwork, TooMuchSent
from index.web.pages import Page
from index.web.resolver import Resolver, SystemResolver
from index.web.urls import WebUrl, parse_url, shown

_ADDRESSES_TRIED = 4
_HEAD_BYTES = 1 << 20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PAGES = frozenset({200, 203})
_NOT_MODIFIED = 304


class Gate(Protocol):
    """What a caller has to say about a fetch, by raising a :class:`index.web.FetchRefused`."""

    def admit(self, url: WebUrl) -> None:
        """Called before each hop, and before its host is looked up."""

    def admit_type(self, url: WebUrl, media_type: str) -> None:
        """Called when the head of the page has come, and before its body is read."""


class OpenGate:
    """Lets everything through."""

    def admit(self, url: WebUrl) -> None:
        pass

    def admit_type(self, url: WebUrl, media_type: str) -> None:
        pass


class Fetcher:
    """Fetches pages by GET. Keeps nothing between fetches: safe to use from several threads.

    ``resolver`` and ``network`` are what tests put in the place of DNS and of sockets.
    """

    def __init__(
        self,
        config: WebConfig | None = None,
        *,
        resolver: Resolver | None = None,
        network: httpcore2.NetworkBackend | None = None,
    ) -> None:
        self.config = config or WebConfig()
        self._policy = AddressPolicy(self.config.allowed_networks)
        self._resolver = resolver or SystemResolver()
        self._network = network or httpcore2.SyncBackend()

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made when first needed: reading the system's certificates takes a while."""
        return httpcore2.default_ssl_context()

    def fetch(self, url: str, *, gate: Gate | None = None) -> Page:
        """The page at ``url``. Raises a :class:`index.web.FetchRefused`, and nothing else."""
        page = self._follow(url, {}, gate or OpenGate())
        if page is None:
            raise UnexpectedStatus(f"{shown(url)}: the server answers 304 to a first request.", status=304)
        return page

    def fetch_changed(
        self, url: str, *, etag: str = "", last_modified: str = "", gate: Gate | None = None
    ) -> Page | None:
        """The page, or None if it is still the one that had this ``etag`` and ``last_modified``."""
        wanted = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        conditions = {name: value for name, value in wanted.items() if _sendable(value)}
        if not conditions:
            return self.fetch(url, gate=gate)
        return self._follow(url, conditions, gate or OpenGate())

    def _follow(self, url: str, conditions: dict[str, str], gate: Gate) -> Page | None:
        deadline = Deadline(self.config.seconds)
        here = parse_url(url)
        for _ in range(self.config.max_redirects + 1):
            self._check_port(here)
            with deadline.paused():
                gate.admit(here)
            answer = self._hop(here, conditions, gate, deadline)
            if not isinstance(answer, WebUrl):
                return answer
            here = answer
        raise FetchFailed(
            f"{shown(url)}: more than {self.config.max_redirects} redirects. Give the address they lead to."
        )

    def _hop(
        self, here: WebUrl, conditions: dict[str, str], gate: Gate, deadline: Deadline
    ) -> Page | WebUrl | None:
        """The page, the address that the server redirects to, or None for a page that has not changed."""
        network = PinnedNetwork(
            self._network,
            self._addresses(here, deadline),
            deadline=deadline,
            connect_seconds=self.config.connect_seconds,
            max_bytes=2 * self.config.max_bytes + _HEAD_BYTES,  # chunks of few bytes have heads as long
        )
        origin = httpcore2.Origin(here.scheme.encode(), here.host.encode(), here.port)
        tls = self._tls if here.scheme == "https" else None
        connection = httpcore2.HTTPConnection(origin, ssl_context=tls, network_backend=network)
        with _translated(here), closing(connection):
            response = connection.handle_request(self._request(here, conditions))
            return self._answer(here, response, gate)

    def _request(self, here: WebUrl, conditions: dict[str, str]) -> httpcore2.Request:
        headers = {
            "Host": here.authority,
            "User-Agent": self.config.user_agent,
            "Accept": "*/*",
            "Accept-Encoding": ACCEPTED,
            "Connection": "close",
            **conditions,
        }
        url = httpcore2.URL(scheme=here.scheme, host=here.host, port=here.port, target=here.target)
        return httpcore2.Request("GET", url, headers=list(headers.items()))

    def _answer(self, here: WebUrl, response: httpcore2.Response, gate: Gate) -> Page | WebUrl | None:
        headers, status = Headers(response.headers), response.status
        if status in _REDIRECTS and headers.location:
            return parse_url(headers.location, here)
        if status == _NOT_MODIFIED:
            return None
        if status not in _PAGES:
            raise UnexpectedStatus(f"{shown(str(here))}: the server answers with {status}.", status=status)
        gate.admit_type(here, headers.media_type)
        return Page(
            url=str(here),
            data=self._body(here, response, headers),
            media_type=headers.media_type,
            charset=headers.charset,
            etag=headers.etag,
            last_modified=headers.last_modified,
            robots_tag=headers.robots_tag,
        )

    def _body(self, here: WebUrl, response: httpcore2.Response, headers: Headers) -> bytes:
        limit = self.config.max_bytes
        too_large = PageTooLarge(f"{shown(str(here))}: the page is larger than the limit of {limit} bytes.")
        if headers.content_length > limit:
            raise too_large
        decoding = decoder(headers.content_encoding)
        if decoding is None:
            raise FetchFailed(f"{shown(str(here))}: the server sends a coding that was not asked for.")
        body = bytearray()
        try:
            for data in response.iter_stream():
                for piece in decoding.feed(data):
                    body += piece
                    if len(body) > limit:
                        raise too_large
            decoding.finish()
        except Undecodable:
            raise FetchFailed(f"{shown(str(here))}: the compressed page is damaged. Try again.") from None
        return bytes(body)

    def _check_port(self, here: WebUrl) -> None:
        if here.port not in self.config.ports:
            raise AddressRefused(
                f"{shown(str(here))}: port {here.port} is not one of those that pages are fetched from: "
                f"{', '.join(map(str, self.config.ports))}."
            )

    def _addresses(self, here: WebUrl, deadline: Deadline) -> Sequence[IPAddress]:
        """Where to connect to. One address that is refused is enough to refuse the host."""
        try:
            found: Sequence[IPAddress] = [ip_address(here.host)]
        except ValueError:
            found = self._resolver.addresses(here.host, seconds=deadline.left)
        for address in found:
            kind = self._policy.refusal(address)
            if kind is not None:
                # Which address a name has inside of this network is nobody's business.
                raise AddressRefused(
                    f"{shown(str(here))}: the host has an address that is {kind}. Only public ones, and "
                    "those of networks that this service is set up to allow, are fetched from."
                )
        return found[:_ADDRESSES_TRIED]


def _sendable(value: str) -> bool:
    """An empty value is not sent; nor one that would not be a header's value, as it cannot have come so."""
    return bool(value) and value.isascii() and value.isprintable()


@contextmanager
def _translated(here: WebUrl) -> Iterator[None]:
    """Everything that httpcore2 raises becomes an error of this package."""
    name = shown(str(here))
    try:
        yield
    except httpcore2.TimeoutException:
        raise FetchTimedOut(f"{name}: the server took too long. Try again later.") from None
    except TooMuchSent:
        raise PageTooLarge(f"{name}: the server sends more than the limit, head and body together.") from None
    except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol):
        raise FetchFailed(f"{name}: the server's answer is cut short or is not HTTP. Try again.") from None
    except (httpcore2.NetworkError, httpcore2.ProxyError, httpcore2.ConnectionNotAvailable) as error:
        raise FetchFailed(f"{name}: the server could not be reached: {error or 'it hung up'}.") from None
