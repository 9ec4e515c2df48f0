"""Requests of httpx, over connections to addresses that have been checked.

Whatever a library asks for by httpx takes the steps of a fetch: each request, those after redirects included,
looks its host up once, checks all addresses, and connects to one of them.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing

import httpcore2
import httpx

from index.sources.web.decoding import ACCEPTED, Undecodable, decoder
from index.sources.web.errors import FetchFailed, PageTooLarge
from index.sources.web.fetcher import Fetcher, Headers, translate_errors
from index.sources.web.network import Deadline
from index.sources.web.urls import WebUrl, parse_url

_DROPPED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection"})
"""Headers of a response that say how it was sent; its body has been decoded."""
_REPLACED = frozenset({"accept-encoding", "connection"})


class PinnedTransport(httpx.BaseTransport):
    """Sends requests of httpx through a fetcher's connections; a body has at most ``max_bytes``, decoded.

    Without ``reads_bodies`` the body of a response is empty here, whatever was sent.

    Raises subclasses of :class:`index.sources.web.FetchRefused`, whose messages name the host alone: paths
    and queries may have secrets in them.
    """

    def __init__(
        self, fetcher: Fetcher, *, reads_bodies: bool = True, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetcher = fetcher
        self._reads_bodies = reads_bodies
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline = Deadline(self._fetcher.config.seconds, clock=self._clock)
        hop = parse_url(str(request.url.copy_with(raw_path=b"/", fragment=None)))
        with translate_errors(hop), closing(self._fetcher.connection(hop, deadline)) as connection:
            response = connection.handle_request(self._sent(request, hop))
            headers = Headers(response.headers)
            body = b""
            if self._reads_bodies:
                body = b"".join(self._body(hop, response.iter_stream(), headers))
        kept = [(name, value) for name, value in response.headers if name.lower().decode() not in _DROPPED]
        return httpx.Response(response.status, headers=kept, content=body, request=request)

    def _sent(self, request: httpx.Request, hop: WebUrl) -> httpcore2.Request:
        headers = [(name, value) for name, value in request.headers.raw if _name(name) not in _REPLACED]
        headers += [(b"Accept-Encoding", ACCEPTED.encode()), (b"Connection", b"close")]
        url = httpcore2.URL(
            scheme=hop.scheme, host=hop.host, port=hop.port, target=request.url.raw_path.decode("ascii")
        )
        return httpcore2.Request(request.method, url, headers=headers, content=request.read())

    def _body(self, hop: WebUrl, pieces: Iterator[bytes], headers: Headers) -> Iterator[bytes]:
        limit = self._fetcher.config.max_bytes
        if headers.content_length > limit:
            raise _too_large(hop, limit)
        decoding = decoder(headers.content_encoding or "identity")
        if decoding is None:
            raise FetchFailed(f"{hop.host}: the server used a content coding that was not requested.")
        size = 0
        try:
            for sent in pieces:
                for piece in decoding.feed(sent):
                    size += len(piece)
                    if size > limit:
                        raise _too_large(hop, limit)
                    yield piece
            decoding.finish()
        except Undecodable:
            raise FetchFailed(f"{hop.host}: a compressed reply is damaged. Try again.") from None


def _name(name: bytes) -> str:
    return name.decode("latin-1").lower()


def _too_large(hop: WebUrl, limit: int) -> PageTooLarge:
    return PageTooLarge(f"{hop.host}: a reply is larger than the limit of {limit} bytes.")
