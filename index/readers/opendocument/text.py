"""Find the blocks of an OpenDocument text, in the order of its source."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from index.readers.base.builder import Draft
from index.readers.base.layout_tables import is_layout_table
from index.readers.base.ooxml import parse_integer
from index.readers.base.table_grid import GridCell
from index.readers.base.word_processing import DocumentWalker
from index.readers.opendocument.file import DRAW, OFFICE, TABLE
from index.readers.opendocument.lists import Lists
from index.readers.opendocument.styles import TEXT, Styles

_PARAGRAPHS = frozenset({TEXT + "p", TEXT + "h"})
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
    + ["{urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0}" + tag for tag in ("title", "desc")]
)
_LEVELS = 6


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
