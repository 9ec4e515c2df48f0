"""The captions and column names above the rows of a table, for passages that begin inside it.

A row means little without the names of its columns, and a statement little without its title. Both are put
before the text that is embedded and searched, with the headings; the quote stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.protocols import Tokenizer
from index.text.tables import SEPARATOR
from index.types import Block

_LONGEST_CAPTION = 160
"""Code points of a paragraph above a table that counts as a line of its caption."""
_CAPTION_LINES = 3


@dataclass(frozen=True, slots=True)
class TableContext:
    """A table with its caption (the text, and where it begins) and the names of its columns."""

    table: Block
    caption: str
    begins: int
    names: str

    def above(self, start: int) -> str:
        """Return the lines above the rows that a passage from offset ``start`` lacks; empty if none."""
        if not self.begins < start < self.table.end:
            return ""
        names = self.names if start > self.table.start else ""
        return "\n".join(filter(None, (self.caption if start >= self.table.start else "", names)))


def table_contexts(text: str, blocks: Sequence[Block]) -> list[TableContext]:
    """Return the tables of a section, with what is above each."""
    found: list[TableContext] = []
    for at, block in enumerate(blocks):
        if block.kind != "table":
            continue
        above: list[Block] = []
        for before in reversed(blocks[max(0, at - _CAPTION_LINES) : at]):
            if before.kind != "paragraph" or before.end - before.start > _LONGEST_CAPTION:
                break
            above.insert(0, before)
        found.append(
            TableContext(
                block,
                "\n".join(" ".join(text[one.start : one.end].split()) for one in above),
                above[0].start if above else block.start,
                _names(text, block),
            )
        )
    return found


def _names(text: str, table: Block) -> str:
    """The names of a table's columns in a line, below the captions that are lines of the table."""
    columns = table.columns
    if columns is None or columns.labelled:
        return ""
    names = SEPARATOR.join(columns.names).strip()
    lines = map(str.strip, text[table.start : columns.body].split("\n"))
    captions = [line for line in lines if SEPARATOR.strip() not in line and line not in names]
    return "\n".join(filter(None, (*captions, names)))


def truncate_context(context: str, tokenizer: Tokenizer, most: int) -> tuple[str, int]:
    """Cut a context to at most ``most`` tokens; returns it with its tokens, line end included."""
    if not context or most < 1:
        return "", 0
    (starts,) = tokenizer.token_starts([f"{context}\n"])
    if len(starts) <= most:
        return context, len(starts)
    cut = context[: int(starts[most])].rstrip()
    return (cut, most) if cut else ("", 0)
