"""Pack passages into columns, and make records of them."""

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from index.records import NewDocument, PendingPassage, content_key, indexed_text
from index.store.rows.damage import undecodable
from index.text.tables import shift_tables
from index.types import Block, Columns, Passage

COLUMNS = (
    "document", "version", "start", "end", "section", "heading", "first_page", "last_page", "tokens",
    "quote_key", "embedding_key", "added", "tables",
)  # fmt: skip
"""The columns of :func:`pack_all`."""
EMBEDDING_KEY = COLUMNS.index("embedding_key")


def pack_all(new: NewDocument, keys: tuple[int, int], change: int) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a new version's passages, given the keys of document and version."""
    for passage, heading in zip(new.passages, new.headings, strict=True):
        yield pack(new.text, passage, heading, keys, change)


def pack(text: str, passage: Passage, heading: str, keys: tuple[int, int], added: int) -> tuple[Any, ...]:
    """Return the row of a passage of a text."""
    quote = text[passage.start : passage.end]
    first_page, last_page = passage.pages or (None, None)
    return (
        *keys, passage.start, passage.end, json.dumps(passage.section, ensure_ascii=False), heading,
        first_page, last_page, passage.tokens, content_key(quote),
        content_key(indexed_text(heading, quote)), added, pack_tables(passage.tables),
    )  # fmt: skip


def pending_passage(row: Sequence[Any], quote: str) -> PendingPassage:
    """Make a record of a passage (id, embedding key, heading, tokens, tables, start) and its slice."""
    id_, key, heading, tokens, tables, start = row
    text = indexed_text(heading, quote)
    begin = len(text) - len(quote)
    return PendingPassage(id_, key, text, begin, tokens, shift_tables(tables_of(tables), begin - start))


def pack_tables(tables: Sequence[Block]) -> str | None:
    """Pack the column ``tables`` of a passage: JSON, or None for a passage without tables."""
    if not tables:
        return None
    found = [[one.start, one.end, pack_columns(one.columns)] for one in tables]
    return json.dumps(found, ensure_ascii=False)


def pack_columns(columns: Columns | None) -> list[Any] | None:
    """Return the columns of a table as they are stored in JSON."""
    return [list(columns.names), columns.body, columns.labelled] if columns else None


def tables_of(stored: str | None) -> tuple[Block, ...]:
    """Return the tables that :func:`pack_tables` has packed."""
    if stored is None:
        return ()
    try:
        return tuple(
            Block("table", start, end, columns=columns_of(found)) for start, end, found in json.loads(stored)
        )
    except (ValueError, TypeError) as error:
        raise undecodable("tables of passages") from error


def columns_of(stored: list[Any] | None) -> Columns | None:
    """Return the columns that :func:`pack_columns` has packed."""
    if stored is None:
        return None
    names, body, labelled = stored
    return Columns(tuple(names), body, labelled=labelled)


def passage_of(row: Sequence[Any]) -> Passage:
    """Build a passage from its columns: start, end, section, first page, last page, tokens, tables."""
    start, end, section, first_page, last_page, tokens, tables = row
    pages = None if first_page is None else (first_page, last_page)
    found = () if tables is None else tables_of(tables)
    return Passage(start, end, section_of(section), pages, tokens, found)


@lru_cache(4096)  # the passages of a section have the same path
def section_of(stored: str) -> tuple[str, ...]:
    """Return the path of sections of a passage."""
    try:
        return tuple(json.loads(stored))
    except (ValueError, TypeError) as error:
        raise undecodable("sections of passages") from error


def tables_in(stored: Iterator[str], start: int, end: int) -> tuple[Block, ...]:
    """Return the tables that a span overlaps, in order, from the columns ``tables`` of passages."""
    found = {one.start: one for packed_ in stored for one in tables_of(packed_)}
    return tuple(one for _, one in sorted(found.items()) if one.start < end and one.end > start)
