"""Find the blocks that an HTML page shows, in the order of its source.

The tree is walked without recursion, because a page may be nested to any depth.
"""

import re
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import groupby

from lxml import etree
from lxml.html import HtmlElement

from index.readers.base.builder import BlockBuilder, Draft
from index.readers.base.pictures import description
from index.readers.base.table_grid import GridCell
from index.readers.html.tree import beginning_of

_HEADINGS = {"h1": 1, "h2": 2, "h3": 3, "h4": 4, "h5": 5, "h6": 6}
_LISTS = frozenset({"ul", "ol", "menu", "dir", "dl"})
_ITEMS = frozenset({"li", "dt"})
_CELLS = frozenset({"td", "th"})
_BOUNDARIES = frozenset(
    "address article aside blockquote body caption center dd details div fieldset figcaption figure "
    "footer form header hgroup hr html legend main nav p section summary tbody tfoot thead".split()
)
"""Elements that only begin and end a paragraph."""
_ASIDES = frozenset({"aside", "footer", "nav"})
_ASIDE_ROLES = frozenset({"complementary", "contentinfo", "navigation", "search"})
_SECTIONS = frozenset({"article", "main", "section"})
_START = re.compile(r"-?\d{1,9}\Z")
_SPAN = re.compile(r"\d{1,4}\Z")
_SPACE = re.compile(r"[ \t\n]+")
_BLOCKS = _BOUNDARIES | _HEADINGS.keys() | _ITEMS | _CELLS | {"pre", "table", "tr"}
_MIN_WORDS, _MIN_LETTERS = 3, 8
"""Words of a description, and letters of one that writes no spaces; shorter ones name icons and the like."""
_MAX_HEADING = 500
"""A longer heading is probably one whose end tag is missing."""


@dataclass(frozen=True, slots=True)
class PageBlock:
    """A block of a page, with features that distinguish content from boilerplate."""

    draft: Draft
    link_share: float
    """The share of its text that is in links, from 0 to 1."""
    is_boilerplate: bool
    """Whether the page marks it as navigation, footer, banner or the like."""


def page_blocks(root: HtmlElement) -> list[PageBlock]:
    """Find all blocks that a page shows."""
    return _PageWalker(root).run()


class _PageWalker:
    """Walks a page; keeps the state at the current point of the source."""

    def __init__(self, root: HtmlElement) -> None:
        self.root = root
        self.builder = BlockBuilder()
        self.blocks: list[PageBlock] = []
        self.texts: list[str] = []
        self.linked = 0
        self.links = 0
        self.asides = 0
        self.banners = 0
        self.heading = 0
        self.code = 0
        self.table: HtmlElement | None = None
        self.rows: list[list[GridCell]] = []
        self.named = True
        """Whether all cells of the table's last row are marked as names."""
        self.marked = 0
        """The number of its first rows of which that is so."""
        self.lists = 0
        self.pictures: list[str] = []
        """What the pictures of the paragraph show."""
        self.loose: list[HtmlElement] = []
        """Open list items that are in no list."""
        self.loose_blocks: set[int] = set()
        headings = list(root.iter(*_HEADINGS))
        # Lists and tables that only lay out a page are not read as lists and tables.
        self.layout_lists = _ancestors(headings)
        self.layout_tables = _ancestors([*headings, *root.iter("table", "pre"), *_second_paragraphs(root)])

    def run(self) -> list[PageBlock]:
        walker = etree.iterwalk(self.root, events=("start", "end"))
        skipped = None
        for event, element in walker:
            if event == "start":
                if is_hidden(element):
                    walker.skip_subtree()
                    skipped = element
                else:
                    self._open(element, element.tag)
                    self._text(element.text)
            else:
                if element is not skipped:
                    self._close(element, element.tag)
                self._text(element.tail)
        self._boundary()
        return _join_loose_items(self.blocks, self.loose_blocks)

    def _open(self, element: HtmlElement, tag: str) -> None:
        if tag == "a":
            self.links += 1
        elif tag == "br":
            self.texts.append("\n")
        elif tag == "img":
            self._picture(element)
        elif tag in _LISTS:
            self._boundary()
            self.lists += 1
            if self._is_list(element):
                self.builder.open_list(ordered=tag == "ol", start=_start(element))
        elif tag in _BLOCKS:
            self._boundary()
            self.asides += _is_aside(element)
            self.banners += _is_banner(element)
            self._open_block(element, tag)

    def _picture(self, element: HtmlElement) -> None:
        """Keep what a picture shows, unless it is part of a link, a heading, a list, a table or code."""
        within = self.heading or self.code or self.table is not None or self.builder.in_list
        if within or (self.links and next(element.iterancestors("figure"), None) is None):
            return
        text = description(element.get("alt"))
        if len(text.split()) >= _MIN_WORDS or (len(text) > _MIN_LETTERS and not text.isascii()):
            self.pictures.append(text)

    def _open_block(self, element: HtmlElement, tag: str) -> None:
        if tag in _HEADINGS:
            is_long = len(beginning_of(element, _MAX_HEADING)) > _MAX_HEADING
            self.heading = 0 if is_long else _HEADINGS[tag]
        elif tag == "pre":
            self.code += 1
        elif tag in _ITEMS:
            if tag == "li" and self._is_loose(element):
                self._open_loose(element)
            if self.builder.in_list and self.table is None:
                self.builder.open_item()
        elif tag == "table":
            if self.table is None and not self.heading and self._is_data_table(element):
                self.table, self.rows, self.marked, self.named = element, [], 0, False
        elif tag == "tr" and self.table is not None:
            # A caption, or text outside the cells, becomes a row of its own.
            self._end_row()
            caption = self._take_text().strip()
            self.rows += [[GridCell(caption)], []] if caption else [[]]
            self.named = not caption or len(self.rows) == 2

    def _close(self, element: HtmlElement, tag: str) -> None:
        if tag == "a":
            self.links -= 1
        elif tag in _LISTS:
            self._boundary()
            self.lists -= 1
            if self._is_list(element):
                self.builder.close_list()
                self._add_blocks()
        elif tag in _CELLS and self.table is not None:
            self._close_cell(element)
        elif tag in _BLOCKS:
            self._close_block(element, tag)
            self.asides -= _is_aside(element)
            self.banners -= _is_banner(element)

    def _close_block(self, element: HtmlElement, tag: str) -> None:
        if tag in _HEADINGS and self.heading:
            level, self.heading = self.heading, 0
            self.builder.heading(self._take_text(), level=level)
            self._add_blocks()
        elif tag == "pre" and self.code == 1:
            self.code = 0
            self.builder.code(self._take_text())
            self._add_blocks()
        elif tag == "pre":
            self.code -= 1
        elif element is self.table:
            self._close_table()
        else:
            self._boundary()
            if self.loose and element is self.loose[-1]:
                self._close_loose()

    def _open_loose(self, element: HtmlElement) -> None:
        """Begin an item that is in no list; adjacent ones form a list."""
        if not self.loose:
            self.builder.open_list(ordered=False)
        self.loose.append(element)

    def _close_loose(self) -> None:
        self.loose.pop()
        if not self.loose:
            self.builder.close_list()
            self.loose_blocks.update(range(len(self.blocks), len(self.builder.drafts)))
            self._add_blocks()

    def _close_cell(self, element: HtmlElement) -> None:
        if not self.rows:
            self.rows.append([])
        span = element.get("colspan", "")
        columns = int(span) if _SPAN.match(span) else 1
        self.rows[-1].append(GridCell(" ".join(self._take_text().split()), max(1, columns)))
        self.named = self.named and element.tag == "th"

    def _end_row(self) -> None:
        """Count the row that ends if it and all above it name columns."""
        if self.named and self.rows and self.rows[-1] and self.marked >= len(self.rows) - 2:
            self.marked = len(self.rows)

    def _close_table(self) -> None:
        self.table = None
        self._end_row()
        if max((len(row) for row in self.rows), default=0) > 1:
            self.builder.table(self.rows, marked=self.marked)
        else:
            for row in self.rows:
                self.builder.paragraph(" ".join(cell.text for cell in row))
        self.texts.clear()
        self._add_blocks()

    def _text(self, text: str | None) -> None:
        if text:
            self.texts.append(text if self.code else _SPACE.sub(" ", text))
            if self.links:
                self.linked += len(text.strip())

    def _take_text(self) -> str:
        text = "".join(self.texts)
        self.texts.clear()
        return text

    def _boundary(self) -> None:
        """End the paragraph; in code, headings and tables only separate the words."""
        if self.code:
            if self.texts and not self.texts[-1].endswith("\n"):
                self.texts.append("\n")
        elif self.heading or self.table is not None:
            self.texts.append(" ")
        else:
            self.builder.paragraph(self._take_text())
            self._add_blocks()
            pictures, self.pictures = self.pictures, []
            for text in pictures:
                self.builder.add(Draft("figure", text))
                self._add_blocks()

    def _add_blocks(self) -> None:
        """Make page blocks of the drafts that were added to the builder."""
        for draft in self.builder.drafts[len(self.blocks) :]:
            share = min(1.0, self.linked / len(draft.text))
            # Headings in a banner are content: many pages have their title there.
            is_boilerplate = self.asides > 0 or (self.banners > 0 and draft.kind != "heading")
            self.blocks.append(PageBlock(draft, link_share=share, is_boilerplate=is_boilerplate))
            self.linked = 0

    def _is_list(self, element: HtmlElement) -> bool:
        return self.table is None and element not in self.layout_lists

    def _is_loose(self, item: HtmlElement) -> bool:
        return not self.lists and item not in self.layout_lists

    def _is_data_table(self, table: HtmlElement) -> bool:
        if table in self.layout_tables or table.get("role") == "presentation":
            return False
        rows = table.iter("tr")
        return next(rows, None) is not None and next(rows, None) is not None


def _join_loose_items(blocks: Sequence[PageBlock], loose: Set[int]) -> list[PageBlock]:
    """Join adjacent items that are in no list to one list."""
    joined: list[PageBlock] = []
    # Every other block has a number of its own, and so is a group of its own.
    numbers = (-1 if at in loose else at for at in range(len(blocks)))
    for _, group in groupby(
        zip(numbers, blocks, strict=True), lambda pair: (pair[0], pair[1].is_boilerplate)
    ):
        found = [block for _, block in group]
        if len(found) == 1:
            joined += found
            continue
        text = "\n".join(block.draft.text for block in found)
        linked = sum(block.link_share * len(block.draft.text) for block in found)
        joined.append(PageBlock(Draft("list", text), linked / len(text), found[0].is_boilerplate))
    return joined


def _is_aside(element: HtmlElement) -> bool:
    return bool(element.tag in _ASIDES or element.get("role") in _ASIDE_ROLES)


def _is_banner(element: HtmlElement) -> bool:
    if element.tag != "header":
        return bool(element.get("role") == "banner")
    return not any(ancestor.tag in _SECTIONS for ancestor in element.iterancestors())


def _start(element: HtmlElement) -> int:
    value = element.get("start", "").strip()
    return int(value) if _START.match(value) else 1


def _ancestors(elements: Iterable[HtmlElement]) -> set[HtmlElement]:
    """All ancestors of the elements, each visited only once."""
    found: set[HtmlElement] = set()
    for element in elements:
        for ancestor in element.iterancestors():
            if ancestor in found:
                break
            found.add(ancestor)
    return found


def _second_paragraphs(root: HtmlElement) -> Iterable[HtmlElement]:
    """Paragraphs after others in a table cell: a cell with several paragraphs is a column of the layout."""
    for paragraph in root.iter("p"):
        before, parent = paragraph.getprevious(), paragraph.getparent()
        if before is not None and before.tag == "p" and parent is not None and parent.tag in _CELLS:
            yield paragraph


# Recognise elements whose text is not part of a page: scripts, hidden elements, numbers in the margin.


_HIDDEN = frozenset(
    "annotation applet area audio button canvas datalist desc embed head iframe input map meter noscript "
    "object optgroup option progress rp rt script select style svg template textarea title video".split()
)
"""Elements whose text is not part of the page's text."""
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_PERMALINKS = frozenset("¶#§🔗")
_NUMBERED_LINES = re.compile(r"\b(?:linenos?|gutter)\b", re.IGNORECASE)
_MARGIN = re.compile(r"(?<!\w)(?:ocn|page-?(?:num|no|number|break))(?![\w-])", re.IGNORECASE)
"""Classes of paragraph numbers (SiSU), and of page numbers of a printed book (Project Gutenberg)."""
_MARGIN_ROLES = ("role", "epub:type", "{http://www.idpf.org/2007/ops}type")
_MARGIN_TAGS = frozenset({"a", "div", "label", "p", "span"})
_NUMBER = re.compile(
    r"[\[({]?\s*(?:(?:p|pg|page)\b\.?\s*)?(?:\d{1,5}|[ivxlcdm]{1,9})\s*[\])}]?", re.IGNORECASE
)
_MAX_NUMBER = 40


def is_hidden(element: HtmlElement) -> bool:
    """Whether the page does not show the element, or not as part of its text."""
    tag = element.tag
    if tag in _HIDDEN:
        return True
    if tag == "a" and len(element) == 0 and (element.text or "").strip() in _PERMALINKS:
        return True
    if not element.attrib or tag in ("html", "body"):
        # Pages that hide their body show it by a script later.
        return False
    if tag in ("td", "span") and _NUMBERED_LINES.search(element.get("class", "")):
        return True
    style = element.get("style")
    return (
        "hidden" in element.attrib
        or (style is not None and _HIDDEN_STYLE.search(style) is not None)
        or (tag in ("a", "i", "span") and element.get("aria-hidden") == "true")
        or (tag in _MARGIN_TAGS and _is_margin_number(element))
    )


def _is_margin_number(element: HtmlElement) -> bool:
    marked = _MARGIN.search(element.get("class", "")) or any(
        "pagebreak" in element.get(role, "") for role in _MARGIN_ROLES
    )
    return bool(marked) and _NUMBER.fullmatch(beginning_of(element, _MAX_NUMBER).strip()) is not None
