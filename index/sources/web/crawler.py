"""Crawl one site: follow its links breadth first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from index.sources.web.config import CrawlConfig
from index.sources.web.errors import (
    AlreadyFetched,
    FetchRefused,
    MediaTypeRefused,
    OutsideCrawl,
    RobotsRefused,
)
from index.sources.web.links import Links, read_links
from index.sources.web.pages import Page, Refusal
from index.sources.web.polite_fetcher import PageSource
from index.sources.web.urls import DEFAULT_PORTS, WebUrl, display_url, parse_url

_SKIPPED_TYPES = ("audio/", "font/", "image/", "video/")

_PageKey = tuple[str, str]


class Crawl:
    """A crawl of one site. Iterate over it once: it yields each page, or the refusal of it.

    The crawl stays on the host of ``start``; only the first page may redirect between the host's names with
    and without ``www.``. To stop it, stop iterating. ``fetched``, ``refused`` and ``waiting`` count
    addresses; those that still wait at the end were left out because of a limit. Pass a
    :class:`index.sources.web.PoliteFetcher` as ``source`` unless the site is your own.

    Raises :class:`InvalidUrl` if ``start`` is not a valid address.
    """

    def __init__(self, source: PageSource, start: str, config: CrawlConfig | None = None) -> None:
        self._source = source
        self._config = config or CrawlConfig()
        self._start = parse_url(start)
        self._scope = _Scope(self._start, self._config.prefix)
        self._seen = {_page_key(self._start)}
        self._queue = deque([(self._start, 0)])
        self._over_limit = 0
        self.fetched = 0
        self.refused = 0

    @property
    def waiting(self) -> int:
        """The number of addresses that were found and not tried."""
        return len(self._queue) + self._over_limit

    def __iter__(self) -> Iterator[Page | Refusal]:
        while self._queue and self.fetched < self._config.max_pages:
            url, depth = self._queue.popleft()
            try:
                page = self._source.fetch(str(url), gate=_CrawlGate(self._scope, self._seen, url))
                if url == self._start:
                    self._scope.fix_host(parse_url(page.url))
                links = read_links(page)
                if not links.nofollow:
                    self._enqueue(links, depth + 1)
                if links.noindex:
                    raise RobotsRefused(f"{display_url(page.url)}: the page asks not to be indexed.")
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
            if url is None or not self._scope.contains(url) or _page_key(url) in self._seen:
                continue
            if len(self._seen) >= self._config.max_requests:
                self._over_limit += 1
                continue
            self._seen.add(_page_key(url))
            self._queue.append((url, depth))


def _page_key(url: WebUrl) -> _PageKey:
    """Identifies a page. It is the same for http and https, because a site has the same pages under both."""
    return url.authority, url.target


class _Scope:
    """The part of a site to crawl: a host and a path on it."""

    def __init__(self, start: WebUrl, prefix: str) -> None:
        self._site = start
        self._prefix = parse_url(prefix if prefix.startswith("/") else f"/{prefix}", start).path.rstrip("/")
        self._host_is_fixed = False

    def fix_host(self, url: WebUrl) -> None:
        """Restrict the scope to the host of the first page, after its redirects."""
        self._site, self._host_is_fixed = url, True

    def contains(self, url: WebUrl) -> bool:
        if self._host_is_fixed:
            same = url.host == self._site.host
        else:
            same = url.host.removeprefix("www.") == self._site.host.removeprefix("www.")
        below = url.path == self._prefix or url.path.startswith(f"{self._prefix}/")
        return same and _site_port(url) == _site_port(self._site) and below


def _site_port(url: WebUrl) -> int:
    """The port; 0 stands for the default ports of http and https."""
    return 0 if url.port == DEFAULT_PORTS[url.scheme] else url.port


class _CrawlGate:
    """Stops redirects that leave the crawl, or that lead to a page the crawl fetches anyway."""

    def __init__(self, scope: _Scope, seen: set[_PageKey], start: WebUrl) -> None:
        self._scope = scope
        self._seen = seen
        self._start = start
        self._hops: set[WebUrl] = set()

    def admit(self, url: WebUrl) -> None:
        if not self._scope.contains(url):
            raise OutsideCrawl(f"{display_url(url)}: the address is outside the crawl.")
        if url != self._start or self._hops:
            if _page_key(url) in self._seen and _page_key(url) not in map(_page_key, self._hops):
                raise AlreadyFetched(f"{display_url(url)}: the page is fetched from its own address.")
            self._seen.add(_page_key(url))
        self._hops.add(url)

    def admit_type(self, url: WebUrl, media_type: str) -> None:
        if media_type.startswith(_SKIPPED_TYPES):
            raise MediaTypeRefused(f"{display_url(url)}: a crawl does not fetch {media_type}.")
