"""Build a document's text from its blocks, so that the offsets of the blocks are right by construction.

A reader adds the headings, paragraphs, lists and tables that it finds to a :class:`BlockBuilder`;
:func:`assemble` joins the resulting drafts with blank lines.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from index.readers.base.normalisation import normalise, one_line, require_text
from index.readers.base.table_grid import Cells, grid_of
from index.types import Block, BlockKind, Columns, Extract, Metadata

_MAX_INDENTED = 16
"""Lists nested deeper are not indented further: a malicious file could consist of indentation only."""
_EDGE_LINES = re.compile(r"\A(?:[^\S\n]*+\n)++")
_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Draft:
    """A block without its offsets in the text. ``page`` counts from 1; 0 if the format has no pages.

    ``names`` are those of a table's columns, and the first ``head`` of its lines show them; see
    :class:`index.types.Columns`.
    """

    kind: BlockKind
    text: str
    level: int = 0
    page: int = 0
    names: tuple[str, ...] = ()
    head: int = 0
    labelled: bool = False
    breaks: tuple[int, ...] = ()
    """The offsets in it at which pages begin, of a format whose pages begin inside blocks."""
    labels: tuple[str, ...] = ()
    """The numbers that these pages bear, empty for one without."""


@dataclass(slots=True)
class _OpenList:
    """A list that is not closed yet, and the state of its current item."""

    ordered: bool
    number: int
    marker: str = ""
    pending: bool = False
    """Whether the current item has no line yet."""

    def prefix(self) -> str:
        """The marker for the item's first line, and as many spaces for the lines that follow."""
        if self.pending:
            self.pending = False
            return self.marker
        return " " * len(self.marker)


@dataclass(slots=True)
class BlockBuilder:
    """Collects blocks. A list with everything in it becomes one block with indented lines."""

    drafts: list[Draft] = field(default_factory=list)
    page: int = 0
    """The page of the blocks that are added next."""
    _lists: list[_OpenList] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)

    @property
    def in_list(self) -> bool:
        """Whether a list is open."""
        return bool(self._lists)

    def add(self, draft: Draft) -> None:
        """Add a finished block; inside a list its lines become lines of the list."""
        if self._lists:
            self._write(draft.text)
        elif draft.text and not draft.text.isspace():
            self.drafts.append(replace(draft, page=draft.page or self.page))

    def heading(self, text: str, *, level: int) -> None:
        """Add a heading; inside a list it is an ordinary line."""
        self.add(Draft("heading", " ".join(text.split()), level))

    def paragraph(self, text: str) -> None:
        """Add a paragraph. Line ends are kept, other white space is collapsed."""
        lines = (" ".join(line.split()) for line in text.split("\n"))
        self.add(Draft("paragraph", "\n".join(line for line in lines if line)))

    def code(self, text: str) -> None:
        """Add text whose white space is significant."""
        self.add(Draft("code", _EDGE_LINES.sub("", text).rstrip()))

    def table(self, rows: Iterable[Cells], *, marked: int = 0) -> None:
        """Add a table: a line for each row, with " | " between the cells.

        The file marks the first ``marked`` rows as names of the columns; without a mark they are recognised.
        """
        grid = grid_of(list(rows), marked=marked)
        self.add(Draft("table", "\n".join(grid.lines), names=grid.names, head=grid.head))

    def open_list(self, *, ordered: bool, start: int = 1) -> None:
        """Begin a list, inside the current list item if there is one."""
        self._lists.append(_OpenList(ordered, start))

    def open_item(self) -> None:
        """Begin the next item of the list that was opened last."""
        item = self._lists[-1]
        item.marker = f"{item.number}. " if item.ordered else "- "
        item.number += 1
        item.pending = True

    def close_list(self) -> None:
        """End the list that was opened last."""
        self._lists.pop()
        if not self._lists and self._lines:
            self.drafts.append(Draft("list", "\n".join(self._lines), page=self.page))
            self._lines = []

    def _write(self, text: str) -> None:
        for line in text.split("\n") if text else ():
            prefix = "".join([item.prefix() for item in self._lists[-_MAX_INDENTED:]])
            self._lines.append(prefix + line if line else "")


def assemble(  # noqa: PLR0913 -- what a reader knows of a file
    drafts: Iterable[Draft],
    *,
    name: str,
    media_type: str,
    reader: str,
    title: str = "",
    metadata: Metadata | None = None,
    page_count: int = 0,
) -> Extract:
    """Join the drafts to one normalised text with the offsets of its blocks and ``page_count`` pages.

    A page without text begins where the next page with text does.
    """
    texts: list[str] = []
    blocks: list[Block] = []
    pages: list[int] = []
    at = 0
    for draft in drafts:
        text = normalise(draft.text, name=name).rstrip()
        start = at + len(text) - len(text.lstrip())
        end = at + len(text)
        if draft.breaks:
            pages = pages or [0]
            pages += [at + min(offset, len(text)) for offset in draft.breaks]
        if start == end:
            continue
        pages += [start] * (draft.page - len(pages))
        heading = one_line(text) if draft.kind == "heading" else ""
        columns = _columns(draft, text, at) if draft.names else None
        blocks.append(Block(draft.kind, start, end, draft.level, heading, columns))
        texts.append(text)
        at = end + len(_GAP)
    text = _GAP.join(texts)
    require_text(text, name=name)
    pages += [len(text)] * (page_count - len(pages))
    return Extract(
        text=text,
        blocks=tuple(blocks),
        media_type=media_type,
        reader=reader,
        title=one_line(title),
        pages=tuple(pages),
        metadata=metadata or {},
    )


def _columns(draft: Draft, text: str, at: int) -> Columns:
    """The columns of a table whose text begins at offset ``at``."""
    lines = text.split("\n")[: draft.head]
    body = at + sum(len(line) + 1 for line in lines)
    return Columns(tuple(map(one_line, draft.names)), min(body, at + len(text)), labelled=draft.labelled)
