"""Crawl one site: follow its links breadth first."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from lxml import etree

from index.sources.web.config import PRODUCT, CrawlConfig
from index.sources.web.errors import (
    AlreadyFetched,
    FetchRefused,
    InvalidUrl,
    MediaTypeRefused,
    OutsideCrawl,
    RobotsRefused,
)
from index.sources.web.pages import Page, Refusal
from index.sources.web.polite_fetcher import PageSource
from index.sources.web.urls import DEFAULT_PORTS, WebUrl, display_url, parse_url
from index.text.markup import has_endless_tag

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


# Extract the links of an HTML page and its directives for robots.


HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
MAX_LINKS = 20_000
"""Links taken from one page; a page with more is not written for readers."""

_BLOCK = 1 << 16
_MAX_ELEMENTS = 500_000
_CHARSET = re.compile(rb"charset\s*=", re.IGNORECASE)
_DIRECTIVE = re.compile(r"[\w-]+")


@dataclass(slots=True)
class Links:
    """The links of a page in order, without duplicates and without those marked ``nofollow``.

    ``noindex`` and ``nofollow`` are the page's own directives, from ``<meta name="robots">`` or the header
    ``X-Robots-Tag``.
    """

    targets: dict[WebUrl, None] = field(default_factory=dict)
    canonical: WebUrl | None = None
    noindex: bool = False
    nofollow: bool = False


def read_links(page: Page) -> Links:
    """Extract the links of a page; a page that is not HTML has none."""
    target = _LinkTarget(parse_url(page.url))
    target.add_directives(_own_directives(page.robots_tag))
    if page.media_type in HTML_TYPES:
        _feed(page, target)
    return target.links


def _feed(page: Page, target: _LinkTarget) -> None:
    if has_endless_tag(_decoded(page)):
        return
    parser = _parser(page, target)
    try:
        for start in range(0, len(page.data), _BLOCK):
            parser.feed(page.data[start : start + _BLOCK])
        parser.close()
    except _EnoughLinks:
        return
    except (etree.ParserError, etree.XMLSyntaxError):
        return  # the page is empty or malformed: keep the links found so far


def _decoded(page: Page) -> str:
    """The markup of a page, whatever becomes of its text."""
    with suppress(LookupError, ValueError):
        return page.data.decode(page.charset or "latin-1", "replace")
    return page.data.decode("latin-1")


def _parser(page: Page, target: _LinkTarget) -> etree.HTMLParser:
    """A parser for the header's encoding, else that of a ``<meta>``, which the parser finds, else UTF-8."""
    default = None if _CHARSET.search(page.data, 0, _BLOCK) else "utf-8"
    try:
        return _html_parser(target, page.charset or default)
    except (LookupError, ValueError):  # an encoding that lxml does not know, or a NUL in its name
        return _html_parser(target, default)


def _html_parser(target: _LinkTarget, encoding: str | None) -> etree.HTMLParser:
    # lxml's stubs require more methods of a target than lxml does
    return etree.HTMLParser(target=target, encoding=encoding, huge_tree=False)  # type: ignore[arg-type]


def _own_directives(header: str) -> str:
    """The directives of an ``X-Robots-Tag`` that are for all robots, or for this one."""
    parts, mine = [], True
    for part in header.lower().split(","):
        name, colon, directive = (piece.strip() for piece in part.partition(":"))
        if colon and name != "unavailable_after":
            mine = name == PRODUCT.lower()
        if mine:
            parts.append(directive if colon else name)
    return ",".join(parts)


class _EnoughLinks(Exception):
    """Stops the parser: the page has more elements or links than the limit."""


class _LinkTarget:
    def __init__(self, url: WebUrl) -> None:
        self.links = Links()
        self._base = url
        self._has_base = False
        self._elements = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > _MAX_ELEMENTS:
            raise _EnoughLinks
        href = attributes.get("href", "")
        if tag == "meta":
            if attributes.get("name", "").strip().lower() in {"robots", PRODUCT.lower()}:
                self.add_directives(attributes.get("content", ""))
        elif not href:
            return
        elif tag == "base":
            self._set_base(href)
        elif tag == "link" and "canonical" in _rel_tokens(attributes):
            self.links.canonical = self.links.canonical or self._resolve(href)
        elif tag == "a" and "nofollow" not in _rel_tokens(attributes):
            self._add(href)

    def add_directives(self, directives: str) -> None:
        words = set(_DIRECTIVE.findall(directives.lower()))
        self.links.noindex |= not words.isdisjoint({"noindex", "none"})
        self.links.nofollow |= not words.isdisjoint({"nofollow", "none"})

    def _set_base(self, href: str) -> None:
        base = self._resolve(href)
        if base is not None and not self._has_base:
            self._base, self._has_base = base, True

    def _add(self, href: str) -> None:
        url = self._resolve(href)
        if url is not None:
            self.links.targets[url] = None
        if len(self.links.targets) >= MAX_LINKS:
            raise _EnoughLinks

    def _resolve(self, href: str) -> WebUrl | None:
        """The address of a link as browsers resolve it; None if it is no web page, such as ``mailto:``."""
        try:
            return parse_url(re.sub(r"[\t\r\n]", "", href), self._base)
        except InvalidUrl:
            return None

    def close(self) -> None:
        pass


def _rel_tokens(attributes: dict[str, str]) -> set[str]:
    return set(attributes.get("rel", "").lower().split())
