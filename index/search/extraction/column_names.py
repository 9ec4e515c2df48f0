"""Find the line of column names of the table that a row stands in."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.text.sentences import Span
from index.text.tables import SEPARATOR
from index.types import Block

_LONGEST = 400
"""Code points of the longest names that are shown above a row."""


def column_names(blocks: Sequence[Block], row: Span, text: Callable[[int, int], str]) -> Span | None:
    """The lines of column names above a row; None where each cell has its name, or the table names none.

    ``text`` gives the document's text between two offsets. A table that goes on in a further block has its
    names in the first one.
    """
    at = next((at for at, one in enumerate(blocks) if one.start <= row[0] < one.end), None)
    if at is None or (columns := blocks[at].columns) is None or columns.labelled or row[0] < columns.body:
        return None
    while at and blocks[at].start == _body(blocks[at]) and _body(blocks[at - 1]) >= 0:
        at -= 1
        before = blocks[at].columns
        if before is None or before.names != columns.names:
            return None
    start, end = blocks[at].start, _body(blocks[at])
    if not 0 < end - start <= _LONGEST:
        return None
    lines = text(start, end)
    start, end = start + len(lines) - len(lines.lstrip()), start + len(lines.rstrip())
    return (start, end) if SEPARATOR.strip() in lines else None


def _body(block: Block) -> int:
    """Where the rows of a table begin; -1 for what is none, or names no columns."""
    return block.columns.body if block.kind == "table" and block.columns else -1
