"""Build paragraphs, lists and tables from the text of an RTF file."""

from dataclasses import dataclass

from index.readers.base.builder import BlockBuilder, Draft
from index.readers.base.list_lines import ListLines

_MAX_HEADING = 500
"""A longer heading is probably a numbered paragraph."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """The properties of a paragraph at its end. ``level`` is a heading's, ``depth`` a list item's, from 0."""

    level: int = 0
    depth: int = 0
    in_table: bool = False
    is_contents: bool = False


class Body:
    """Collects the blocks of the main text, or of a note, a text box, or a page header or footer."""

    def __init__(self) -> None:
        self._builder = BlockBuilder()
        self._list = ListLines()
        self._parts: list[str] = []
        self._mark: list[str] = []
        self._cells: list[str] = []
        self._rows: list[list[str]] = []
        self._after: list[Draft] = []
        """Blocks to add after the current paragraph or table."""

    def text(self, text: str) -> None:
        """Add text to the current paragraph."""
        self._parts.append(text)

    def mark(self, text: str) -> None:
        """Add text to the number or bullet before the current paragraph."""
        self._mark.append(text)

    def follow(self, drafts: list[Draft]) -> None:
        """Put the blocks of a note or text box after the current paragraph or table."""
        self._after += drafts

    def end_paragraph(self, paragraph: Paragraph) -> None:
        """End the current paragraph."""
        if paragraph.in_table:
            # It is one of several paragraphs of a cell.
            self._parts.append("\n")
            return
        text, mark = self._take_text()
        # Notes that the cells of a table refer to come after the table.
        after, self._after = ([], self._after) if self._rows else (self._after, [])
        self._end_table()
        if text and not paragraph.is_contents:
            self._add_paragraph(text, mark, paragraph)
        self._after += after
        if not mark:
            self._flush()

    def end_cell(self) -> None:
        """End a cell of a table."""
        text, mark = self._take_text()
        self._cells.append(f"{mark} {text}" if mark.strip("-") else text)

    def end_row(self) -> None:
        """End a row of a table."""
        if self._cells:
            self._end_list()
            self._rows.append(self._cells)
            self._cells = []

    def finish(self) -> list[Draft]:
        """Return all blocks."""
        if self._cells:
            self.end_cell()
            self.end_row()
        self.end_paragraph(Paragraph())
        self._end_list()
        return self._builder.drafts

    def _take_text(self) -> tuple[str, str]:
        """Return the text and marker of the current paragraph or cell, and start the next."""
        joined = "".join(self._parts).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
        mark = " ".join("".join(self._mark).split())
        self._parts.clear()
        self._mark.clear()
        lines = (" ".join(line.split()) for line in joined.split("\n"))
        is_number = any(map(str.isalnum, mark))
        return "\n".join(filter(None, lines)), mark if is_number else "-" if mark else ""

    def _add_paragraph(self, text: str, mark: str, paragraph: Paragraph) -> None:
        if paragraph.level and len(text) <= _MAX_HEADING:
            number = "" if mark == "-" else mark
            self._end_list()
            self._builder.add(Draft("heading", " ".join(f"{number} {text}".split()), paragraph.level))
        elif mark:
            self._list.add(text, mark=mark, level=paragraph.depth, page=0)
        else:
            self._end_list()
            self._builder.paragraph(text)

    def _end_list(self) -> None:
        if draft := self._list.take():
            self._builder.add(draft)
        self._flush()

    def _end_table(self) -> None:
        if self._cells:
            self.end_row()
        rows, self._rows = self._rows, []
        if max(map(len, rows), default=0) > 1:
            self._builder.table(rows)
        else:
            for row in rows:
                self._builder.paragraph("\n".join(row))
        if rows:
            self._flush()

    def _flush(self) -> None:
        after, self._after = self._after, []
        for draft in after:
            self._builder.add(draft)
