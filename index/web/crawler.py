"""The pages of one site, found by following its links, breadth first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from index.web.config import CrawlConfig
from index.web.courtesy import PageSource
from index.web.errors import AlreadyFetched, FetchRefused, MediaTypeRefused, OutsideCrawl, RobotsRefused
from index.web.links import Links, read_links
from index.web.pages import Page, Refusal
from index.web.urls import DEFAULT_PORTS, WebUrl, parse_url, shown

_LEFT_TYPES = ("audio/", "font/", "image/", "video/")

_Key = tuple[str, str]


class Crawl:
    """Iterate over it once: it gives each page as it comes, or the reason why it did not.

    It stays on the host of ``start``, where the first page may redirect to the same name with or without
    ``www.``. A caller stops by not going on. ``fetched``, ``refused`` and ``waiting`` count addresses;
    some that still wait at the end are those that were left out for a limit. Give it a
    :class:`index.web.CourteousFetcher` unless the site is one's own.

    Raises :class:`InvalidUrl` for a ``start`` that is none.
    """

    def __init__(self, source: PageSource, start: str, config: CrawlConfig | None = None) -> None:
        self._source = source
        self._config = config or CrawlConfig()
        self._start = parse_url(start)
        self._scope = _Scope(self._start, self._config.prefix)
        self._seen = {_key(self._start)}
        self._queue = deque([(self._start, 0)])
        self._stopped = 0
        self.fetched = 0
        self.refused = 0

    @property
    def waiting(self) -> int:
        """Addresses that were found and not tried."""
        return len(self._queue) + self._stopped

    def __iter__(self) -> Iterator[Page | Refusal]:
        while self._queue and self.fetched < self._config.max_pages:
            url, depth = self._queue.popleft()
            try:
                page = self._source.fetch(str(url), gate=_CrawlGate(self._scope, self._seen, url))
                if url == self._start:
                    self._scope.settle(parse_url(page.url))
                links = read_links(page)
                if not links.nofollow:
                    self._enqueue(links, depth + 1)
                if links.noindex:
                    raise RobotsRefused(f"{shown(page.url)}: the page asks not to be indexed.")
            except FetchRefused as error:
                self.refused += 1
                yield Refusal.of(str(url), error)
            else:
                self.fetched += 1
                yield page

    def _enqueue(self, links: Links, depth: int) -> None:
        if depth > self._config.max_depth:
            return
        for url in (links.canonical, *links.targets):
            if url is None or not self._scope.holds(url) or _key(url) in self._seen:
                continue
            if len(self._seen) >= self._config.max_requests:
                self._stopped += 1
                continue
            self._seen.add(_key(url))
            self._queue.append((url, depth))


def _key(url: WebUrl) -> _Key:
    """The same for http and https: a site has the same pages under both."""
    return url.authority, url.target


class _Scope:
    """A host and a path on it."""

    def __init__(self, start: WebUrl, prefix: str) -> None:
        self._site = start
        self._prefix = parse_url(prefix if prefix.startswith("/") else f"/{prefix}", start).path.rstrip("/")
        self._settled = False

    def settle(self, url: WebUrl) -> None:
        """From now on only the host that the first page was found on."""
        self._site, self._settled = url, True

    def holds(self, url: WebUrl) -> bool:
        if self._settled:
            same = url.host == self._site.host
        else:
            same = url.host.removeprefix("www.") == self._site.host.removeprefix("www.")
        below = url.path == self._prefix or url.path.startswith(f"{self._prefix}/")
        return same and _site_port(url) == _site_port(self._site) and below


def _site_port(url: WebUrl) -> int:
    """0 for the usual one of http and of https."""
    return 0 if url.port == DEFAULT_PORTS[url.scheme] else url.port


class _CrawlGate:
    """Keeps redirects within the crawl, and from pages that are fetched anyway."""

    def __init__(self, scope: _Scope, seen: set[_Key], start: WebUrl) -> None:
        self._scope = scope
        self._seen = seen
        self._start = start
        self._hops: set[WebUrl] = set()

    def admit(self, url: WebUrl) -> None:
        if not self._scope.holds(url):
            raise OutsideCrawl(f"{shown(str(url))}: the address lies outside of the crawl.")
        if url != self._start or self._hops:
            if _key(url) in self._seen and _key(url) not in map(_key, self._hops):
                raise AlreadyFetched(f"{shown(str(url))}: the page is fetched from its own address.")
            self._seen.add(_key(url))
        self._hops.add(url)

    def admit_type(self, url: WebUrl, media_type: str) -> None:
        if media_type.startswith(_LEFT_TYPES):
            raise MediaTypeRefused(f"{shown(str(url))}: a crawl leaves {media_type} where it is.")
