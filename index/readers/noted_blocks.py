"""What documents of word processors have in common: lists, tables, notes after what refers to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Self

from lxml import etree

from index.errors import NoTextLayer
from index.readers.builder import BlockBuilder, Draft, assemble
from index.readers.list_lines import ListLines
from index.types import Extract, Metadata


class NotedBlocks(ABC):
    """The blocks of a document, in the order of its source. Feed it elements by :meth:`walk`."""

    def __init__(self) -> None:
        self.builder = BlockBuilder(page=1)
        self.title = ""
        """The first paragraph in the style of a title."""
        self.has_pages = False
        """Whether the file notes where its pages began when it was last shown."""
        self._parts: list[str] = []
        self._list = ListLines()
        self._table: etree._Element | None = None
        self._table_page = 0
        self._rows: list[list[str]] = []
        self._cell: list[str] = []
        self._notes: list[tuple[str, etree._Element]] = []
        self._endnotes: list[tuple[str, etree._Element]] = []

    @abstractmethod
    def walk(self, root: etree._Element) -> None:
        """Take what is in an element."""

    @abstractmethod
    def finish(self) -> list[Draft]:
        """The blocks; endnotes are the last of them."""

    @abstractmethod
    def _note_reader(self) -> Self:
        """What reads the content of a note."""

    def _taken_text(self) -> str:
        """The text of the paragraph that ends, its line ends kept and other white space made single."""
        lines = (" ".join(line.split()) for line in "".join(self._parts).split("\n"))
        self._parts.clear()
        return "\n".join(filter(None, lines))

    def _add(self, draft: Draft) -> None:
        notes, self._notes = self._notes, []
        self._end_list()
        self.builder.add(draft)
        self._notes = notes
        self._flush_notes()

    def _end_list(self) -> None:
        if draft := self._list.taken():
            self.builder.add(draft)
        self._flush_notes()

    def _flush_notes(self) -> None:
        notes, self._notes = self._notes, []
        for label, element in notes:
            note = self._note_reader()
            note.walk(element)
            text = "\n".join(draft.text for draft in note.finish())
            self.builder.add(Draft("paragraph", f"[{label}] {text}" if text else ""))

    def _end_table(self) -> None:
        self._table = None
        table = BlockBuilder(page=self._table_page)
        table.table(self._rows)
        for draft in table.drafts:
            self._add(draft)


def extract_of(  # noqa: PLR0913 -- what a reader knows of a file
    blocks: NotedBlocks,
    drafts: Sequence[Draft],
    *,
    pictures: Iterator[etree._Element],
    properties: tuple[str, Metadata],
    name: str,
    media_type: str,
    reader: str,
) -> Extract:
    """The document, titled by its properties, its title paragraph or its first heading, in this order.

    Raises :class:`index.errors.NoTextLayer` if it has ``pictures`` alone.
    """
    if not blocks.has_pages:
        drafts = [replace(draft, page=0) for draft in drafts]
    if not drafts and next(pictures, None) is not None:
        raise NoTextLayer(
            f"{name}: the document has pictures only. Run text recognition (OCR) on them first."
        )
    title, metadata = properties
    headings = (draft.text for draft in drafts if draft.kind == "heading" and draft.level == 1)
    return assemble(
        drafts,
        name=name,
        media_type=media_type,
        reader=reader,
        title=title or blocks.title or next(headings, ""),
        metadata=metadata,
        page_count=blocks.builder.page if blocks.has_pages else 0,
    )
