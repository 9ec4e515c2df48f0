"""Puts blocks one after the other into a text, so that their offsets are right by construction.

Readers that render their text (Markdown, HTML) describe what they find to a :class:`BlockBuilder`;
:func:`assemble` joins its drafts with blank lines between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from index.readers.normalisation import normalise, one_line, require_text
from index.types import Block, BlockKind, Extract, Metadata

_MAX_INDENTED = 16
"""Lists nested deeper are not indented further, or a hostile file would be mostly indentation."""
_EDGE_LINES = re.compile(r"\A(?:[^\S\n]*+\n)++")
_GAP = "\n\n"


@dataclass(frozen=True, slots=True)
class Draft:
    """A block before it has its place in a text. ``page`` counts from 1; 0 where there are no pages."""

    kind: BlockKind
    text: str
    level: int = 0
    page: int = 0


@dataclass(slots=True)
class _Item:
    """An open list, and where its current item stands."""

    ordered: bool
    number: int
    marker: str = ""
    pending: bool = False

    def prefix(self) -> str:
        """The marker for the item's first line, and as many spaces for those that follow."""
        if self.pending:
            self.pending = False
            return self.marker
        return " " * len(self.marker)


@dataclass(slots=True)
class BlockBuilder:
    """Collects blocks. A list with all that is in it becomes one block, its lines indented."""

    drafts: list[Draft] = field(default_factory=list)
    page: int = 0
    """The page that blocks added from now on are on."""
    _lists: list[_Item] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)

    @property
    def in_list(self) -> bool:
        """Whether a list is open."""
        return bool(self._lists)

    def add(self, draft: Draft) -> None:
        """Add a block that is finished; in a list its lines are lines of the list."""
        if self._lists:
            self._write(draft.text)
        elif draft.text and not draft.text.isspace():
            self.drafts.append(replace(draft, page=draft.page or self.page))

    def heading(self, text: str, *, level: int) -> None:
        """Add a heading; in a list it is a line like others."""
        self.add(Draft("heading", " ".join(text.split()), level))

    def paragraph(self, text: str) -> None:
        """Add a paragraph. Its line ends stay, other white space becomes single spaces."""
        lines = (" ".join(line.split()) for line in text.split("\n"))
        self.add(Draft("paragraph", "\n".join(line for line in lines if line)))

    def code(self, text: str) -> None:
        """Add text whose white space has a meaning."""
        self.add(Draft("code", _EDGE_LINES.sub("", text).rstrip()))

    def table(self, rows: Iterable[Sequence[str]]) -> None:
        """Add a table, a line for each row, ``cell | cell``."""
        lines = (" | ".join(" ".join(cell.split()) for cell in row) for row in rows)
        self.add(Draft("table", "\n".join(line for line in lines if line.strip(" |"))))

    def open_list(self, *, ordered: bool, start: int = 1) -> None:
        """Begin a list, inside the current item if there is one."""
        self._lists.append(_Item(ordered, start))

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
    """The drafts as one text, normalised, with the places of its blocks and of its ``page_count`` pages.

    A page without text begins where the next one with text does.
    """
    texts: list[str] = []
    blocks: list[Block] = []
    pages: list[int] = []
    at = 0
    for draft in drafts:
        text = normalise(draft.text, name=name).rstrip()
        start = at + len(text) - len(text.lstrip())
        end = at + len(text)
        if start == end:
            continue
        pages += [start] * (draft.page - len(pages))
        heading = one_line(text) if draft.kind == "heading" else ""
        blocks.append(Block(draft.kind, start, end, level=draft.level, title=heading))
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
