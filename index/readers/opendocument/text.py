"""Find the blocks of an OpenDocument text, in the order of its source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lxml import etree

from index.readers.base.builder import Draft
from index.readers.base.layout_tables import is_layout_table
from index.readers.base.ooxml import parse_integer
from index.readers.base.pictures import description
from index.readers.base.table_grid import GridCell
from index.readers.base.word_processing import DocumentWalker
from index.readers.opendocument.file import DRAW, OFFICE, TABLE
from index.readers.opendocument.styles import TEXT, ListLevel, Styles
from index.readers.word.numbering import format_list_number

_PARAGRAPHS = frozenset({TEXT + "p", TEXT + "h"})
_SVG = "{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}"
_HIDDEN = frozenset(
    [
        OFFICE + tag
        for tag in ("annotation", "annotation-end", "forms", "scripts", "binary-data", "event-listeners")
    ]
    + [
        TEXT + tag
        for tag in (
            "tracked-changes sequence-decls variable-decls user-field-decls table-of-content "
            "illustration-index table-index object-index user-index ruby-text dde-connection-decls "
            "hidden-text"
        ).split()
    ]
    + [TABLE + "covered-table-cell", "{http://www.w3.org/2000/svg}title", "{http://www.w3.org/2000/svg}desc"]
    + [_SVG + tag for tag in ("title", "desc")]
)
_LEVELS = 6
_PICTURES = (DRAW + "image", DRAW + "object")


class Body(DocumentWalker):
    """Collects the blocks of a text: call :meth:`walk` with its elements, then :meth:`finish`.

    The spans in ``left_out`` are no part of the text.
    """

    def __init__(self, styles: Styles, *, left_out: frozenset[etree._Element] = frozenset()) -> None:
        super().__init__()
        self._left_out = left_out
        self._styles = styles
        self._page = 0
        self._depth = 0
        self._boxes: list[etree._Element] = []
        self._lists = Lists(styles)
        self._starts: dict[str, Callable[[etree._Element], None]] = {
            TEXT + "p": self._open_paragraph,
            TEXT + "h": self._open_paragraph,
            TEXT + "s": lambda _: self._text(" "),
            TEXT + "tab": lambda _: self._text("\t"),
            TEXT + "line-break": lambda _: self._text("\n"),
            TEXT + "soft-page-break": self._turn_page,
            DRAW + "frame": self._open_frame,
            TEXT + "list": self._lists.open,
            TEXT + "list-item": self._lists.open_item,
            TABLE + "table": self._open_table,
            TABLE + "table-row": self._open_row,
            TABLE + "table-cell": self._open_cell,
        }

    def walk(self, root: etree._Element) -> None:
        walker = etree.iterwalk(root, events=("start", "end"))
        skipped = None
        for event, element in walker:
            if event == "start":
                if element is not root and self._is_hidden(element):
                    walker.skip_subtree()
                    skipped = element
                    continue
                if take := self._starts.get(element.tag):
                    take(element)
                self._text(element.text)
            else:
                if element is not skipped:
                    self._close(element)
                if element is not root:
                    self._text(element.tail)

    def finish(self) -> list[Draft]:
        self._end_list()
        self._notes, self._endnotes = self._endnotes, []
        self._flush_notes()
        return self.builder.drafts

    def _is_hidden(self, element: etree._Element) -> bool:
        tag = element.tag
        if tag == TEXT + "note":
            self._note(element)
            return True
        if tag == DRAW + "text-box" and self._depth:
            # The text box is inside a paragraph, but its text comes after that paragraph.
            self._boxes.append(element)
            return True
        if tag == TEXT + "span":
            hidden = self._styles.is_hidden("text", element.get(TEXT + "style-name", ""))
            return hidden or element in self._left_out
        if tag in (TEXT + "section", TEXT + "p", TEXT + "h"):
            hidden = element.get(TEXT + "display") == "none" or element.get(TEXT + "is-hidden") == "true"
            return hidden or self._styles.is_hidden("paragraph", element.get(TEXT + "style-name", ""))
        return tag in _HIDDEN

    def _text(self, text: str | None) -> None:
        if text and self._depth:
            if not self._page and not text.isspace():
                self._page = self.builder.page
            self._parts.append(text)

    def _turn_page(self, element: etree._Element) -> None:
        self.has_pages = True
        self.builder.page += 1

    def _open_paragraph(self, element: etree._Element) -> None:
        self._depth += 1
        begun = bool(self.builder.drafts) or self.builder.page > 1
        if self._table is None and begun and self._styles.breaks_before(element.get(TEXT + "style-name", "")):
            self.builder.page += 1

    def _open_frame(self, element: etree._Element) -> None:
        """Keep what the file says that a picture shows; its block comes after the paragraph around it."""
        if all(element.find(tag) is None for tag in _PICTURES):
            return
        said = filter(None, (description(element.findtext(_SVG + tag)) for tag in ("desc", "title")))
        if text := next(said, ""):
            self._pictures.append(text)
        if not self._depth:
            self._add_pictures(self.builder.page)

    def _note(self, element: etree._Element) -> None:
        label = " ".join("".join(element.findtext(TEXT + "note-citation") or "").split()) or "*"
        body = element.find(TEXT + "note-body")
        if body is not None:
            self._text(f"[{label}]")
            ends = element.get(TEXT + "note-class") == "endnote"
            (self._endnotes if ends else self._notes).append((label, body))

    def _close(self, element: etree._Element) -> None:
        tag = element.tag
        if tag in _PARAGRAPHS:
            self._depth -= 1
            self._end_paragraph(element)
        elif tag == TEXT + "list" and self._lists:
            self._lists.close()
            if not self._lists:
                self._end_list()
        elif element is self._table:
            self._end_table()
        elif tag == TABLE + "table-cell" and self._table is not None:
            self._end_cell()

    def _end_paragraph(self, element: etree._Element) -> None:
        text = self._take_text()
        page = self._page or self.builder.page
        style = element.get(TEXT + "style-name", "")
        self._page = 0
        if text:
            self._add_paragraph(element, text, style, page)
        self._add_pictures(page)
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            depth, self._depth = self._depth, 0
            self.walk(box)
            self._depth = depth
        if self._table is None and self._styles.breaks_after(style):
            self.builder.page += 1

    def _add_paragraph(self, element: etree._Element, text: str, style: str, page: int) -> None:
        line = " ".join(text.split())
        if self._table is not None:
            self._cell.append(line)
        elif element.tag == TEXT + "h" and not _is_reference(element, text):
            level = min(max(parse_integer(element.get(TEXT + "outline-level"), 1), 1), _LEVELS)
            number = "" if element.find(TEXT + "number") is not None else self._lists.heading(element, level)
            self._add(Draft("heading", f"{number} {line}".strip(), level, page))
        elif self._styles.is_title(style):
            self.title = self.title or line
            self._add(Draft("heading", line, 1, page))
        elif self._lists:
            mark, level = self._lists.mark()
            self._list.add(text, mark=mark, level=level, page=page)
        else:
            self._add(Draft("paragraph", text, page=page))

    def _note_walker(self) -> Body:
        return Body(self._styles, left_out=self._left_out)

    def _open_table(self, element: etree._Element) -> None:
        if self._table is None and not is_layout_table(
            element, row=TABLE + "table-row", cell=TABLE + "table-cell"
        ):
            self._end_list()
            self._table, self._rows, self._table_page = element, [], self.builder.page
            self._marked = 0

    def _open_row(self, element: etree._Element) -> None:
        if self._table is not None:
            parent = element.getparent()
            is_marked = parent is not None and parent.tag == TABLE + "table-header-rows"
            self._marked += is_marked and self._marked == len(self._rows)
            self._rows.append([])

    def _open_cell(self, element: etree._Element) -> None:
        if self._table is not None:
            self._rows = self._rows or [[]]
            self._cell = []
            self._span = parse_integer(element.get(TABLE + "number-columns-spanned"), 1)

    def _end_cell(self) -> None:
        self._rows[-1].append(GridCell(" ".join(self._cell), self._span))
        self._cell = []


def _is_reference(heading: etree._Element, text: str) -> bool:
    """Whether a heading only refers to another one: some programs write tables of contents like that."""
    referred = "".join("".join(map(str, one.itertext())) for one in heading.iter(TEXT + "bookmark-ref"))
    return " ".join(referred.split()) == " ".join(text.split())


# Generate the markers of OpenDocument list items and the numbers of headings, as the styles define them.


_FORMATS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_ON = "true"


@dataclass(slots=True)
class _OpenList:
    style: str
    number: int | None = None
    pending: bool = False
    """Whether the current item has no paragraph yet."""


class Lists:
    """The nested lists that are open at a point of the source."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._open: list[_OpenList] = []
        self._last: dict[tuple[str, int], int] = {}
        self._headings: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._open)

    def open(self, element: etree._Element) -> None:
        """Begin a list in the current item; it may continue the numbers of the last list of its style."""
        outer = self._open[-1].style if self._open else ""
        entry = _OpenList(element.get(TEXT + "style-name", "") or outer)
        if element.get(TEXT + "continue-numbering") == _ON or element.get(TEXT + "continue-list"):
            entry.number = self._last.get((entry.style, len(self._open)))
        self._open.append(entry)

    def open_item(self, element: etree._Element) -> None:
        """Begin an item of the list that was opened last."""
        if not self._open:
            return
        current = self._open[-1]
        start = parse_integer(element.get(TEXT + "start-value"), 0)
        first = self._level(len(self._open)).start
        current.number = start or (first if current.number is None else current.number + 1)
        current.pending = True

    def close(self) -> None:
        """End the list that was opened last."""
        if self._open:
            ended = self._open.pop()
            if ended.number is not None:
                self._last[ended.style, len(self._open)] = ended.number

    def mark(self) -> tuple[str, int]:
        """The marker of the next paragraph, spaces if it is not the item's first, and its level from 0."""
        level, current = len(self._open), self._open[-1]
        shown = self._level(level)
        mark = "-"
        if not shown.bullet:
            numbers = {at: one.number or 1 for at, one in enumerate(self._open, 1)}
            levels = {at: self._level(at) for at in numbers}
            mark = label(levels, numbers, level) or "-"
        if not current.pending:
            mark = " " * len(mark)
        current.pending = False
        return mark, level - 1

    def heading(self, element: etree._Element, level: int) -> str:
        """Count a heading and return its number; empty if headings of its level have no number."""
        if element.get(TEXT + "is-list-header") == _ON:
            return ""
        levels = self._styles.outline
        shown = levels.get(level, ListLevel())
        numbers = {at: number for at, number in self._headings.items() if at <= level}
        if element.get(TEXT + "restart-numbering") == _ON:
            numbers[level] = parse_integer(element.get(TEXT + "start-value"), shown.start)
        else:
            numbers[level] = numbers.get(level, shown.start - 1) + 1
        self._headings = numbers
        return label(levels, numbers, level)

    def _level(self, level: int) -> ListLevel:
        return self._styles.list_level(self._open[level - 1].style, level)


def label(levels: Mapping[int, ListLevel], numbers: Mapping[int, int], level: int) -> str:
    """The number of ``level``, preceded by those of higher levels that its style shows; empty without one."""
    shown = levels.get(level, ListLevel())
    if not shown.format:
        return ""
    parts = []
    for at in range(max(1, level - shown.levels + 1), level + 1):
        one = levels.get(at, ListLevel())
        if one.format:
            parts.append(format_list_number(numbers.get(at, one.start), _FORMATS.get(one.format, "decimal")))
    return f"{shown.prefix}{'.'.join(parts)}{shown.suffix}".strip()
