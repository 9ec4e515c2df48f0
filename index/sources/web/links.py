"""Extract the links of an HTML page and its directives for robots."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field

from lxml import etree

from index.sources.web.config import PRODUCT
from index.sources.web.errors import InvalidUrl
from index.sources.web.pages import Page
from index.sources.web.urls import WebUrl, parse_url
from index.text.markup import has_endless_tag

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
