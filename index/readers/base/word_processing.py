"""Base of the readers of word-processing documents: lists, tables, and notes after their references."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Self

from lxml import etree

from index.errors import NoTextLayer
from index.readers.base.builder import BlockBuilder, Draft, assemble
from index.readers.base.list_lines import ListLines
from index.readers.base.table_grid import GridCell
from index.types import Extract, Metadata


class DocumentWalker(ABC):
    """Walks the XML of a document and collects its blocks, in the order of the source."""

    def __init__(self) -> None:
        self.builder = BlockBuilder(page=1)
        self.title = ""
        """The text of the first paragraph in the title style."""
        self.has_pages = False
        """Whether the file records where pages began when it was last displayed."""
        self._parts: list[str] = []
        self._list = ListLines()
        self._table: etree._Element | None = None
        self._table_page = 0
        self._rows: list[list[GridCell]] = []
        self._marked = 0
        """The number of the table's first rows that the file marks as names of its columns."""
        self._cell: list[str] = []
        self._span = 1
        """The number of columns that the open cell spans."""
        self._notes: list[tuple[str, etree._Element]] = []
        self._endnotes: list[tuple[str, etree._Element]] = []
        self._pictures: list[str] = []
        """What the file says that the pictures in the open paragraph show."""

    @abstractmethod
    def walk(self, root: etree._Element) -> None:
        """Collect the blocks of an element."""

    @abstractmethod
    def finish(self) -> list[Draft]:
        """Return all blocks, with the endnotes at the end."""

    @abstractmethod
    def _note_walker(self) -> Self:
        """A walker for the content of a note."""

    def _take_text(self) -> str:
        """Return the collected text of a paragraph, and start the next. Line ends are kept."""
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        self._parts.clear()
        return "\n".join(filter(None, lines))

    def _add(self, draft: Draft) -> None:
        notes, self._notes = self._notes, []
        self._end_list()
        self.builder.add(draft)
        self._notes = notes
        self._flush_notes()

    def _add_pictures(self, page: int) -> None:
        """Add a block for what each picture shows, or a part of the open cell."""
        pictures, self._pictures = self._pictures, []
        for shown in pictures:
            if self._table is None:
                self._add(Draft("figure", shown, page=page))
            else:
                self._cell.append(shown)

    def _end_list(self) -> None:
        if draft := self._list.take():
            self.builder.add(draft)
        self._flush_notes()

    def _flush_notes(self) -> None:
        notes, self._notes = self._notes, []
        for label, element in notes:
            note = self._note_walker()
            note.walk(element)
            text = "\n".join(draft.text for draft in note.finish())
            self.builder.add(Draft("paragraph", f"[{label}] {text}" if text else ""))

    def _end_table(self) -> None:
        self._table = None
        table = BlockBuilder(page=self._table_page)
        table.table(self._rows, marked=self._marked)
        for draft in table.drafts:
            self._add(draft)


def assemble_document(  # noqa: PLR0913 -- what a reader knows of a file
    walker: DocumentWalker,
    drafts: Sequence[Draft],
    *,
    pictures: Iterator[etree._Element],
    properties: tuple[str, Metadata],
    name: str,
    media_type: str,
    reader: str,
) -> Extract:
    """Assemble the document. Its title is that of the properties, else the title paragraph or first heading.

    Raises :class:`index.errors.NoTextLayer` if it has ``pictures`` but no text.
    """
    if not walker.has_pages:
        drafts = [replace(draft, page=0) for draft in drafts]
    if not drafts and next(pictures, None) is not None:
        raise NoTextLayer(
            f"{name}: the document has pictures but no text. Run OCR (text recognition) on them first."
        )
    title, metadata = properties
    headings = (draft.text for draft in drafts if draft.kind == "heading" and draft.level == 1)
    return assemble(
        drafts,
        name=name,
        media_type=media_type,
        reader=reader,
        title=title or walker.title or next(headings, ""),
        metadata=metadata,
        page_count=walker.builder.page if walker.has_pages else 0,
    )
