"""Find the paragraphs, lists and tables of a part of a Word document, in the order of its source.

Tracked changes are treated as accepted: deleted text is left out, inserted text is kept. Hidden text,
comments and tables of contents are left out. A footnote follows the block that refers to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lxml import etree

from index.readers.base.builder import Draft
from index.readers.base.layout_tables import is_layout_table
from index.readers.base.ooxml import is_on, parse_integer
from index.readers.base.pictures import description
from index.readers.base.symbol_fonts import symbol_from_hex
from index.readers.base.table_grid import GridCell
from index.readers.base.word_processing import DocumentWalker
from index.readers.word.numbering import Numbering, format_list_number
from index.readers.word.styles import VAL, Styles, W

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_PARAGRAPH, _TABLE, _ROW, _CELL = W + "p", W + "tbl", W + "tr", W + "tc"
_BOX, _REFERENCES = (
    W + "txbxContent",
    {W + "footnoteReference": "footnote", W + "endnoteReference": "endnote"},
)
_HIDDEN = frozenset(
    [W + tag for tag in ("del", "moveFrom", "rt", "instrText", "delText", "delInstrText", "sectPr")]
    + [_MC + "Fallback"]
)
_MARKS = {
    W + "tab": "\t",
    W + "ptab": "\t",
    W + "cr": "\n",
    W + "noBreakHyphen": "-",
}
_TEXTS = frozenset({W + "t", _MATH + "t"})
_MAX_HEADING = 500
"""A longer heading is probably a numbered paragraph."""


@dataclass(frozen=True, slots=True)
class Sources:
    """The parts that a document's text refers to. ``notes`` are by kind and id."""

    styles: Styles
    numbering: Numbering
    notes: Mapping[tuple[str, str], etree._Element]


class Story(DocumentWalker):
    """Collects the blocks of a part of a document: call :meth:`walk`, then :meth:`finish`."""

    def __init__(self, sources: Sources) -> None:
        super().__init__()
        self._sources = sources
        self._fields = Fields()
        self._break = False
        self._page = 0
        self._properties: etree._Element | None = None
        self._boxes: list[etree._Element] = []
        self._tables_within = 0
        self._counts = {"footnote": 0, "endnote": 0}
        self._labels: dict[tuple[str, str], str] = {}
        self._starts: dict[str, Callable[[etree._Element], None]] = {
            _PARAGRAPH: self._open_paragraph,
            _TABLE: self._open_table,
            _ROW: self._open_row,
            _CELL: self._open_cell,
            W + "br": self._open_break,
            W + "lastRenderedPageBreak": self._turn_page,
            W + "fldChar": self._fields.mark,
            W + "fldSimple": lambda one: self._fields.instruct(one.get(W + "instr", "")),
            W + "sym": self._open_symbol,
            _WP + "docPr": self._open_picture,
            **dict.fromkeys(_REFERENCES, self._open_note),
        }

    @property
    def shows_page_number(self) -> bool:
        """Whether the part shows a page number."""
        return self._fields.has_page_number

    def walk(self, root: etree._Element) -> None:
        walker = etree.iterwalk(root, events=("start", "end"))
        skipped = None
        for event, element in walker:
            if event == "end":
                if element is not skipped:
                    self._close(element)
            elif self._is_hidden(element, root):
                walker.skip_subtree()
                skipped = element
            elif element.tag in _TEXTS:
                self._text(element.text or "")
            elif mark := _MARKS.get(element.tag):
                # In paragraph properties, w:tab is a tab stop.
                if element.getparent().tag != W + "tabs":
                    self._text(mark)
            elif take := self._starts.get(element.tag):
                take(element)

    def finish(self) -> list[Draft]:
        self._end_paragraph()
        self._end_list()
        while self._endnotes:
            self._notes, self._endnotes = self._endnotes, []
            self._flush_notes()
        return self.builder.drafts

    def _is_hidden(self, element: etree._Element, root: etree._Element) -> bool:
        tag = element.tag
        if tag == W + "instrText":
            self._fields.instruct(element.text or "")
        if tag == _BOX and element is not root:
            # The text box is inside a paragraph, but its text comes after that paragraph.
            self._boxes.append(element)
            return True
        if tag == W + "r":
            return is_on(element.find(f"{W}rPr/{W}vanish"), VAL)
        if tag == _ROW:
            return element.find(f"{W}trPr/{W}del") is not None
        return tag in _HIDDEN

    def _close(self, element: etree._Element) -> None:
        tag = element.tag
        if tag == _PARAGRAPH:
            properties = self._properties
            deleted = None if properties is None else properties.find(f"{W}rPr/{W}del")
            if deleted is None:
                self._end_paragraph()
        elif tag == _CELL:
            self._end_paragraph()
            self._end_cell()
        elif element is self._table:
            self._end_table()
        elif tag == _TABLE and self._table is not None:
            self._tables_within -= 1

    def _open_paragraph(self, element: etree._Element) -> None:
        self._fields.end_paragraph()
        properties = element.find(W + "pPr")
        if not self._parts or properties is not None:
            self._properties = properties
        if properties is not None and is_on(properties.find(W + "pageBreakBefore"), VAL):
            self._break_page()

    def _open_break(self, element: etree._Element) -> None:
        if element.get(W + "type") == "page":
            self._break_page()
        self._text("\n")

    def _open_symbol(self, element: etree._Element) -> None:
        self._text(symbol_from_hex(element.get(W + "char", ""), font=element.get(W + "font", "")))

    def _open_picture(self, element: etree._Element) -> None:
        """Keep what the file says that a picture or chart shows; its block comes after the paragraph."""
        if text := description(element.get("descr")):
            self._pictures.append(text)

    def _open_note(self, element: etree._Element) -> None:
        kind = _REFERENCES[element.tag]
        key = kind, element.get(W + "id", "")
        note = self._sources.notes.get(key)
        if note is None:
            return
        if key not in self._labels:
            self._counts[kind] += 1
            self._labels[key] = format_list_number(
                self._counts[kind], "decimal" if kind == "footnote" else "lowerRoman"
            )
            (self._notes if kind == "footnote" else self._endnotes).append((self._labels[key], note))
        self._text(f"[{self._labels[key]}]")

    def _turn_page(self, element: etree._Element) -> None:
        self.has_pages = True
        self._break = False
        self.builder.page += 1

    def _break_page(self) -> None:
        # Word also records most explicit page breaks as rendered ones, but not all.
        self.builder.page += self._break
        self._break = True

    def _text(self, text: str) -> None:
        if self._fields.hidden or not text:
            return
        if text.strip():
            if self._break:
                self.builder.page += 1
                self._break = False
            self._page = self._page or self.builder.page
        self._parts.append(text)

    def _end_paragraph(self) -> None:
        text = self._take_text()
        page = self._page or self.builder.page
        properties, self._properties = self._properties, None
        self._page = 0
        if text or properties is not None:
            self._add_paragraph(text, properties, page)
        self._add_pictures(page)
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            self.walk(box)
            self._end_paragraph()

    def _add_paragraph(self, text: str, properties: etree._Element | None, page: int) -> None:
        styles = self._sources.styles
        named = None if properties is None else properties.find(W + "pStyle")
        style = styles.default if named is None else named.get(VAL, "")
        if styles.is_contents(style):
            return
        number = styles.number(properties, style)
        # Word counts empty paragraphs as well.
        mark = self._sources.numbering.mark(*number) if number else ""
        if not text:
            return
        if self._table is not None:
            label = "" if mark == "-" else mark
            self._cell.append(f"{label} {text}" if label else text)
            return
        level = 0 if len(text) > _MAX_HEADING else styles.level(properties, style)
        if styles.is_title(style):
            self.title = self.title or text
        if level:
            label = "" if mark == "-" else f"{mark} "
            self._add(Draft("heading", " ".join(f"{label}{text}".split()), level, page))
        elif mark and number:
            self._list.add(text, mark=mark, level=number[1], page=page)
        else:
            self._add(Draft("paragraph", text, page=page))

    def _note_walker(self) -> Story:
        # Without notes of its own, so that a note that refers to itself ends.
        return Story(replace(self._sources, notes={}))

    def _open_table(self, element: etree._Element) -> None:
        if self._table is not None:
            self._tables_within += 1
            return
        self._end_paragraph()
        if not is_layout_table(element, row=_ROW, cell=_CELL):
            self._table, self._rows, self._marked = element, [], 0
            self._table_page = self.builder.page

    def _open_row(self, element: etree._Element) -> None:
        if self._table is not None and not self._tables_within:
            if is_on(element.find(f"{W}trPr/{W}tblHeader"), VAL) and self._marked == len(self._rows):
                self._marked += 1
            self._rows.append([])

    def _open_cell(self, element: etree._Element) -> None:
        if self._table is not None and not self._tables_within:
            if not self._rows:
                self._rows.append([])
            self._cell = []
            span = element.find(f"{W}tcPr/{W}gridSpan")
            self._span = 1 if span is None else parse_integer(span.get(VAL), 1)

    def _end_cell(self) -> None:
        if self._table is not None and not self._tables_within:
            self._rows[-1].append(GridCell(" ".join(self._cell), self._span))
            self._cell = []


# Track the fields of a Word document: their instructions are hidden, their results are text.
#
# ECMA-376 part 1, 17.16: a field has a begin mark, an instruction, optionally a separator and a result, and
# an end mark.


_PAGE = re.compile(r"\s*(?:PAGE|NUMPAGES|SECTIONPAGES)\b", re.IGNORECASE)


class Fields:
    """The fields that are open at a point of the source."""

    def __init__(self) -> None:
        self._shown: list[bool] = []
        self._instructions = 0
        self.has_page_number = False
        """Whether a field shows a page number or the number of pages."""

    @property
    def hidden(self) -> bool:
        """Whether text at this point is part of an instruction."""
        return self._instructions > 0

    def mark(self, element: etree._Element) -> None:
        """Process a begin, separator or end mark, ``w:fldChar``."""
        kind = element.get(W + "fldCharType")
        if kind == "begin":
            self._shown.append(False)
            self._instructions += 1
        elif kind == "separate" and self._shown:
            self._instructions -= not self._shown[-1]
            self._shown[-1] = True
        elif kind == "end" and self._shown:
            self._instructions -= not self._shown.pop()

    def instruct(self, text: str) -> None:
        """Process the instruction of a field."""
        self.has_page_number = self.has_page_number or _PAGE.match(text) is not None

    def end_paragraph(self) -> None:
        """Close instructions that a damaged file leaves open: they would hide all text from here on."""
        if self._instructions:
            self._shown = [shown for shown in self._shown if shown]
            self._instructions = 0
