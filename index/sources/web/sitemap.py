"""Read sitemaps as defined by `sitemaps.org <https://www.sitemaps.org/protocol.html>`_.

They are parsed as a stream of events, so that memory grows only with what they list. A document type
declaration is refused: no sitemap needs one, and XML attacks work through entities.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from index.sources.web.config import SitemapConfig
from index.sources.web.decoding import Undecodable, decoder
from index.sources.web.errors import FetchRefused, InvalidSitemap, OutsideCrawl, PageTooLarge
from index.sources.web.pages import Refusal
from index.sources.web.polite_fetcher import PageSource
from index.sources.web.urls import MAX_URL, display_url, parse_url

_GZIP = b"\x1f\x8b"
_BLOCK = 1 << 16
_MAX_ELEMENTS = 2_000_000
"""Elements of one file; 50 000 addresses with links to twenty languages each have half as many."""


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """A page that a sitemap lists; ``last_modified`` is a W3C date as written there, or empty."""

    url: str
    last_modified: str = ""


@dataclass(slots=True)
class Sitemap:
    """The pages and other sitemaps that a file lists; ``complete`` is False if a limit cut the list."""

    pages: list[SitemapEntry] = field(default_factory=list)
    sitemaps: list[str] = field(default_factory=list)
    complete: bool = True


def read_sitemap(data: bytes, *, name: str, max_bytes: int = 50_000_000, max_urls: int = 50_000) -> Sitemap:
    """Parse a sitemap, a sitemap index, or a text with one address a line, compressed by gzip or not.

    ``max_bytes`` limits the decompressed size. Raises :class:`InvalidSitemap` and :class:`PageTooLarge`,
    with messages that begin with ``name``.
    """
    if data.startswith(_GZIP):
        data = _decompress(data, name, max_bytes)
    head = data[:1024].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")
    return _from_xml(data, name, max_urls) if head.startswith(b"<") else _from_text(data, name, max_urls)


def sitemap_entries(
    source: PageSource, url: str, config: SitemapConfig | None = None
) -> Iterator[SitemapEntry | Refusal]:
    """All pages listed by the sitemap at ``url`` and by the sitemaps below it, without duplicates.

    Pages on other hosts are refused, as the protocol demands. A sitemap that cannot be read yields a
    Refusal, and so does what is beyond the limits. If the first sitemap cannot be read, its
    :class:`FetchRefused` is raised.
    """
    return iter(_SitemapWalk(source, url, config or SitemapConfig()))


class _SitemapWalk:
    def __init__(self, source: PageSource, url: str, config: SitemapConfig) -> None:
        self._source = source
        self._config = config
        self._first = str(parse_url(url))
        self._host = parse_url(url).host
        self._queue = deque([(self._first, 1)])
        self._sitemaps = {self._first}
        self._pages: set[str] = set()

    def __iter__(self) -> Iterator[SitemapEntry | Refusal]:
        while self._queue:
            url, depth = self._queue.popleft()
            try:
                page = self._source.fetch(url)
                left = self._config.max_urls - len(self._pages)
                sitemap = read_sitemap(page.data, name=display_url(url), max_urls=left)
            except FetchRefused as error:
                if url == self._first:
                    raise
                yield Refusal.of(url, error)
                continue
            if url == self._first:
                self._host = parse_url(page.url).host  # the host after the redirects of the first sitemap
            yield from self._entries(sitemap)
            if not sitemap.complete:
                yield _refusal(url, f"only the first {self._config.max_urls} addresses are taken.")
                return
            yield from self._enqueue(sitemap, depth + 1)

    def _entries(self, sitemap: Sitemap) -> Iterator[SitemapEntry | Refusal]:
        for entry in sitemap.pages:
            try:
                url = parse_url(entry.url)
            except FetchRefused as error:
                yield Refusal.of(display_url(entry.url), error)
                continue
            if url.host != self._host:
                yield _refusal(str(url), "a sitemap may only list pages of its own host.")
            elif str(url) not in self._pages:
                self._pages.add(str(url))
                yield SitemapEntry(str(url), entry.last_modified)

    def _enqueue(self, sitemap: Sitemap, depth: int) -> Iterator[Refusal]:
        for address in sitemap.sitemaps:
            try:
                url = parse_url(address)
            except FetchRefused as error:
                yield Refusal.of(display_url(address), error)
                continue
            if str(url) in self._sitemaps:
                continue
            if url.host != self._host:
                yield _refusal(str(url), "a sitemap may only list sitemaps of its own host.")
            elif depth > self._config.max_depth or len(self._sitemaps) >= self._config.max_sitemaps:
                yield _refusal(str(url), "the limit on sitemaps, or on levels of sitemaps, is reached.")
            else:
                self._sitemaps.add(str(url))
                self._queue.append((str(url), depth))


def _refusal(url: str, reason: str) -> Refusal:
    return Refusal.of(url, OutsideCrawl(f"{display_url(url)}: {reason}"))


def _decompress(data: bytes, name: str, max_bytes: int) -> bytes:
    gzip = decoder("gzip")
    text = bytearray()
    try:
        if gzip is not None:
            for piece in gzip.feed(data):
                text += piece
                if len(text) > max_bytes:
                    raise PageTooLarge(f"{name}: the sitemap has more than {max_bytes} bytes decompressed.")
            gzip.finish()
    except Undecodable:
        raise InvalidSitemap(f"{name}: the compressed sitemap is damaged.") from None
    return bytes(text)


def _from_text(data: bytes, name: str, max_urls: int) -> Sitemap:
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InvalidSitemap(f"{name}: neither XML nor a list of addresses in UTF-8.") from None
    urls = [line.strip() for line in lines if line.strip()]
    if not urls or not urls[0].lower().startswith(("http://", "https://")):
        raise InvalidSitemap(f"{name}: neither XML nor a list of addresses.")
    return Sitemap([SitemapEntry(url) for url in urls[:max_urls]], complete=len(urls) <= max_urls)


def _from_xml(data: bytes, name: str, max_urls: int) -> Sitemap:
    target = _SitemapTarget(max_urls)
    parser = etree.XMLParser(
        target=target,  # type: ignore[arg-type]  # lxml's stubs require more methods than lxml does
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        for start in range(0, len(data), _BLOCK):
            parser.feed(data[start : start + _BLOCK])
        parser.close()
    except _LimitReached:
        target.sitemap.complete = False
    except (_NotASitemap, etree.XMLSyntaxError) as error:
        raise InvalidSitemap(f"{name}: the sitemap cannot be read: {error}.") from None
    return target.sitemap


class _NotASitemap(Exception):
    """Stops the parser: the file is something else."""


class _LimitReached(Exception):
    """Stops the parser: the file lists more addresses than the limit."""


class _SitemapTarget:
    """Collects ``loc`` and ``lastmod`` of each ``url`` or ``sitemap`` element below the root."""

    def __init__(self, max_urls: int) -> None:
        self.sitemap = Sitemap()
        self._max_urls = max_urls
        self._path: list[str] = []
        self._prefix = ""
        self._text: list[str] = []
        self._length = 0
        self._elements = 0
        self._values: dict[str, str] = {}

    def doctype(self, name: str, *_: object) -> None:
        raise _NotASitemap("it has a document type declaration")

    def start(self, tag: str, _attributes: object) -> None:
        if not self._path:
            namespace, brace, root = tag.rpartition("}")
            if root not in {"urlset", "sitemapindex"}:
                raise _NotASitemap("it is neither a urlset nor a sitemapindex")
            self._prefix = namespace + brace
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise _NotASitemap(f"it has more than {_MAX_ELEMENTS} elements")
        self._path.append(tag.removeprefix(self._prefix))
        if len(self._path) == 2:
            self._values = {}
        self._text, self._length = [], 0

    def data(self, text: str) -> None:
        self._length += len(text)
        if len(self._path) == 3 and self._length <= MAX_URL:
            self._text.append(text)

    def end(self, _tag: str) -> None:
        if len(self._path) == 3 and self._path[2] in {"loc", "lastmod"}:
            self._values.setdefault(self._path[2], "".join(self._text).strip())
        elif len(self._path) == 2 and self._values.get("loc"):
            self._add(self._path[1], self._values["loc"])
        self._path.pop()

    def _add(self, kind: str, url: str) -> None:
        if len(self.sitemap.pages) + len(self.sitemap.sitemaps) >= self._max_urls:
            raise _LimitReached
        if kind == "url":
            self.sitemap.pages.append(SitemapEntry(url, self._values.get("lastmod", "")[:64]))
        elif kind == "sitemap":
            self.sitemap.sitemaps.append(url)

    def close(self) -> None:
        pass
