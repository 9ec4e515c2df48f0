"""Read the styles of an OpenDocument text, as far as they affect its text and pages."""

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from index.readers.base.ooxml import parse_integer

STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_FO = "{urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_BULLETS = frozenset({TEXT + "list-level-style-bullet", TEXT + "list-level-style-image"})
_MAX_CHAIN = 32


@dataclass(frozen=True, slots=True)
class ListLevel:
    """The markers of one level of a list. ``format`` is empty if its items have no number."""

    format: str = ""
    prefix: str = ""
    suffix: str = ""
    start: int = 1
    bullet: bool = True
    levels: int = 1
    """Number of levels that an item's number shows, its own included."""


@dataclass(frozen=True, slots=True)
class _Style:
    parent: str
    breaks_before: bool
    breaks_after: bool
    hidden: bool
    has_page_style: bool


class Styles:
    """The styles of ``content.xml``, and of ``styles.xml``, on which they are based."""

    def __init__(self, content: etree._Element, named: etree._Element | None) -> None:
        self._styles: dict[tuple[str, str], _Style] = {}
        self._lists: dict[str, dict[int, ListLevel]] = {}
        self.outline: dict[int, ListLevel] = {}
        """The numbers of headings, by their level from 1."""
        for root in (named, content):
            for element in () if root is None else root.iter(STYLE + "style"):
                key = element.get(STYLE + "family", ""), element.get(STYLE + "name", "")
                self._styles[key] = _style(element)
            for element in () if root is None else root.iter(TEXT + "list-style"):
                self._lists[element.get(STYLE + "name", "")] = _list_levels(element)
            for element in () if root is None else root.iter(TEXT + "outline-style"):
                self.outline = _list_levels(element)

    def breaks_before(self, style: str) -> bool:
        """Whether a paragraph of this style begins a page."""
        return any(one.breaks_before for one in self._chain("paragraph", style)) or any(
            # A page style is not inherited.
            one.has_page_style
            for one in self._chain("paragraph", style, max_length=1)
        )

    def breaks_after(self, style: str) -> bool:
        """Whether a paragraph of this style ends a page."""
        return any(one.breaks_after for one in self._chain("paragraph", style))

    def is_hidden(self, family: str, style: str) -> bool:
        """Whether text, or a table, of this style is not shown."""
        return any(one.hidden for one in self._chain(family, style))

    def is_title(self, style: str) -> bool:
        """Whether the style is for the document's title."""
        return "Title" in (style, *(one.parent for one in self._chain("paragraph", style)))

    def list_level(self, style: str, level: int) -> ListLevel:
        """The markers of a list style's level, which counts from 1."""
        return self._lists.get(style, {}).get(level, ListLevel())

    def _chain(self, family: str, style: str, max_length: int = _MAX_CHAIN) -> Iterator[_Style]:
        """The style and its ancestors. The length is limited: in a damaged file they may form a cycle."""
        for _ in range(max_length):
            found = self._styles.get((family, style))
            if found is None:
                return
            yield found
            style = found.parent


def _style(element: etree._Element) -> _Style:
    paragraph = element.find(STYLE + "paragraph-properties")
    text = element.find(STYLE + "text-properties")
    table = element.find(STYLE + "table-properties")
    return _Style(
        parent=element.get(STYLE + "parent-style-name", ""),
        breaks_before=paragraph is not None and paragraph.get(_FO + "break-before") == "page",
        breaks_after=paragraph is not None and paragraph.get(_FO + "break-after") == "page",
        hidden=(text is not None and text.get(TEXT + "display") == "none")
        or (table is not None and table.get(_TABLE + "display") == "false"),
        has_page_style=bool(element.get(STYLE + "master-page-name")),
    )


def _list_levels(element: etree._Element) -> dict[int, ListLevel]:
    levels = {}
    for one in element:
        number = one.tag not in _BULLETS
        levels[parse_integer(one.get(TEXT + "level"), 1)] = ListLevel(
            format=one.get(STYLE + "num-format", "") if number else "",
            prefix=one.get(STYLE + "num-prefix", "")[:16] if number else "",
            suffix=one.get(STYLE + "num-suffix", "")[:16] if number else "",
            start=parse_integer(one.get(TEXT + "start-value"), 1),
            bullet=one.tag in _BULLETS,
            levels=parse_integer(one.get(TEXT + "display-levels"), 1),
        )
    return levels
