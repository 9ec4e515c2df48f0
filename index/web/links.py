"""The links of an HTML page, and what it asks of those who follow them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from index.web.config import PRODUCT
from index.web.errors import InvalidUrl
from index.web.pages import Page
from index.web.urls import WebUrl, parse_url

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
MAX_LINKS = 20_000
"""Of one page; a page that has more is no page for reading."""

_BLOCK = 1 << 16
_MAX_ELEMENTS = 500_000
_CHARSET = re.compile(rb"charset\s*=", re.IGNORECASE)
_DIRECTIVE = re.compile(r"[\w-]+")


@dataclass(slots=True)
class Links:
    """Where a page leads, in order and each once, without links marked ``nofollow``; ``canonical`` too.

    ``noindex`` and ``nofollow`` are what the page says of itself, in a ``<meta name="robots">`` or in the
    header ``X-Robots-Tag``.
    """

    targets: dict[WebUrl, None] = field(default_factory=dict)
    canonical: WebUrl | None = None
    noindex: bool = False
    nofollow: bool = False


def read_links(page: Page) -> Links:
    """The links of a page. None are found in what is not HTML; no page is refused."""
    target = _LinkTarget(parse_url(page.url))
    target.obey(_own_directives(page.robots_tag))
    if page.media_type in HTML_TYPES:
        _feed(page, target)
    return target.links


def _feed(page: Page, target: _LinkTarget) -> None:
    parser = _parser(page, target)
    try:
        for start in range(0, len(page.data), _BLOCK):
            parser.feed(page.data[start : start + _BLOCK])
        parser.close()
    except _EnoughLinks:
        return
    except (etree.ParserError, etree.XMLSyntaxError):
        return  # such as an empty page: what was found up to there stays


def _parser(page: Page, target: _LinkTarget) -> etree.HTMLParser:
    """With the encoding of the header; else that of a ``<meta>``, which the parser finds; else UTF-8."""
    other = None if _CHARSET.search(page.data, 0, _BLOCK) else "utf-8"
    try:
        return _html_parser(target, page.charset or other)
    except (LookupError, ValueError):  # an encoding that lxml does not know, or a NUL in its name
        return _html_parser(target, other)


def _html_parser(target: _LinkTarget, encoding: str | None) -> etree.HTMLParser:
    # lxml does without the methods that its stubs ask for in a target
    return etree.HTMLParser(target=target, encoding=encoding, huge_tree=False)  # type: ignore[arg-type]


def _own_directives(header: str) -> str:
    """Those parts of an ``X-Robots-Tag`` that name no program, or this one."""
    parts, mine = [], True
    for part in header.lower().split(","):
        name, colon, directive = (piece.strip() for piece in part.partition(":"))
        if colon and name != "unavailable_after":
            mine = name == PRODUCT.lower()
        if mine:
            parts.append(directive if colon else name)
    return ",".join(parts)


class _EnoughLinks(Exception):
    pass


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
                self.obey(attributes.get("content", ""))
        elif not href:
            return
        elif tag == "base":
            self._rebase(href)
        elif tag == "link" and "canonical" in _tokens(attributes):
            self.links.canonical = self.links.canonical or self._resolved(href)
        elif tag == "a" and "nofollow" not in _tokens(attributes):
            self._add(href)

    def obey(self, directives: str) -> None:
        words = set(_DIRECTIVE.findall(directives.lower()))
        self.links.noindex |= not words.isdisjoint({"noindex", "none"})
        self.links.nofollow |= not words.isdisjoint({"nofollow", "none"})

    def _rebase(self, href: str) -> None:
        base = self._resolved(href)
        if base is not None and not self._has_base:
            self._base, self._has_base = base, True

    def _add(self, href: str) -> None:
        url = self._resolved(href)
        if url is not None:
            self.links.targets[url] = None
        if len(self.links.targets) >= MAX_LINKS:
            raise _EnoughLinks

    def _resolved(self, href: str) -> WebUrl | None:
        """As browsers read it; None for what is no web page, such as ``mailto:``."""
        try:
            return parse_url(re.sub(r"[\t\r\n]", "", href), self._base)
        except InvalidUrl:
            return None

    def close(self) -> None:
        pass


def _tokens(attributes: dict[str, str]) -> set[str]:
    return set(attributes.get("rel", "").lower().split())
