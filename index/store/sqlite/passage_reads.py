"""Read passages for searching, in the current state or as of an earlier change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from index.filters import Filter
from index.records import PlacedPassage, indexed_text
from index.store.rows import sentences, vectors
from index.store.rows.damage import undecodable
from index.store.rows.passages import passage_of
from index.store.rows.sentences import StoredSentences
from index.store.sqlite import attributes, texts, versions
from index.types import Ids, IndexedPassage, Vectors

_SQL_VARIABLES = 500
_ROWS = 2048


def _live(at: int | None) -> tuple[str, tuple[int, ...]]:
    """Return the SQL condition and parameters for a live passage ``p``, now or after change ``at``."""
    if at is None:
        return "p.removed IS NULL", ()
    return "p.added <= ? AND (p.removed IS NULL OR p.removed > ?)", (at, at)


def placed_passages(
    connection: sqlite3.Connection, ids: Sequence[int], at: int | None = None
) -> dict[int, PlacedPassage]:
    """Return the live passages among these, by id."""
    live, moment = _live(at)
    found: dict[int, PlacedPassage] = {}
    for begin in range(0, len(ids), _SQL_VARIABLES):
        part = ids[begin : begin + _SQL_VARIABLES]
        marks = ", ".join("?" * len(part))
        rows = connection.execute(
            'SELECT p.id, p.version, p.start, p."end", p.section, p.first_page, p.last_page, p.tokens,'
            f" p.tables, p.quote_key, p.embedded FROM passages p WHERE {live} AND p.id IN ({marks})",
            (*moment, *part),
        ).fetchall()
        records = versions.of_keys(connection, list({row[1] for row in rows}))
        for id_, version, *columns, quote_key, embedded in rows:
            has_vector = embedded is not None and (at is None or embedded <= at)
            passage = passage_of(tuple(columns))
            if version not in records:
                raise undecodable("versions of passages")
            found[id_] = PlacedPassage(id_, records[version], passage, quote_key, has_vector)
    return found


def sentences_of(
    connection: sqlite3.Connection, ids: Sequence[int], at: int | None = None
) -> dict[int, StoredSentences]:
    """Return for each live passage the key of its document and its packed sentences, or None."""
    live, moment = _live(at)
    found: dict[int, StoredSentences] = {}
    for begin in range(0, len(ids), _SQL_VARIABLES):
        part = ids[begin : begin + _SQL_VARIABLES]
        marks = ", ".join("?" * len(part))
        rows = connection.execute(
            "SELECT p.id, p.document, e.sentences FROM passages p"
            " LEFT JOIN embeddings e ON e.key = p.embedding_key"
            f" WHERE {live} AND p.id IN ({marks})",
            (*moment, *part),
        )
        for id_, document, blob in rows:
            found[id_] = (document, sentences.unpack_or_warn(id_, blob))
    return found


def added_texts(
    connection: sqlite3.Connection, since: int, until: int, at: int | None = None
) -> Iterator[IndexedPassage]:
    """Yield live passages added after change ``since``, up to ``until``, in order of id."""
    live, moment = _live(at)
    cursor = connection.execute(
        'SELECT p.id, p.document, p.heading, v.text_sha256, p.start, p."end" FROM passages p'
        " JOIN versions v ON v.key = p.version"
        f" WHERE p.added > ? AND p.added <= ? AND {live} ORDER BY p.id",
        (since, until, *moment),
    )
    slice_of = texts.slices(connection)
    for id_, document, heading, *where in cursor:
        text = indexed_text(heading, slice_of(*where))
        yield IndexedPassage(id_, document, text)


def added_vectors(
    connection: sqlite3.Connection, since: int, until: int, dimension: int, at: int | None = None
) -> Iterator[tuple[Ids, Ids, Vectors]]:
    """Yield batches of (passage ids, document keys, unit vectors) added after ``since``, up to ``until``."""
    live, moment = _live(at)
    cursor = connection.execute(
        "SELECT p.id, p.document, e.vector FROM passages p JOIN embeddings e ON e.key = p.embedding_key"
        f" WHERE p.embedded > ? AND p.embedded <= ? AND {live} ORDER BY p.id",
        (since, until, *moment),
    )
    while rows := cursor.fetchmany(_ROWS):
        ids, documents, blobs = zip(*rows, strict=True)
        yield np.array(ids, np.int64), np.array(documents, np.int64), vectors.unpack(blobs, dimension)


def documents_since(connection: sqlite3.Connection, change: int) -> int:
    """Count the documents with live passages that came after a change, or got their vectors after it."""
    row = connection.execute(
        "SELECT COUNT(DISTINCT document) FROM passages"
        " WHERE removed IS NULL AND (added > ?1 OR embedded > ?1)",
        (change,),
    ).fetchone()
    return int(row[0])


def count_live(connection: sqlite3.Connection, at: int | None = None) -> tuple[int, int]:
    """Count the live passages, and those of them that have a vector."""
    live, moment = _live(at)
    has_vector = "p.embedded IS NOT NULL" if at is None else "p.embedded <= ?"
    row = connection.execute(
        f"SELECT COUNT(*), COUNT(CASE WHEN {has_vector} THEN 1 END) FROM passages p WHERE {live}",
        (*(() if at is None else (at,)), *moment),
    ).fetchone()
    return int(row[0]), int(row[1])


class SqliteReads:
    """Implements :class:`index.store.rows.cache.Reads` in a read transaction, today or ``at`` a change."""

    knows_erasures = False

    def __init__(self, connection: sqlite3.Connection, change: int, at: int | None = None) -> None:
        self.change = change
        self._connection = connection
        self._at = at

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        return texts.read(self._connection, sha256, start, end)

    def require_text(self, sha256: bytes) -> None:
        texts.require(self._connection, sha256)

    def stored_texts(self, sha256s: Iterable[bytes]) -> list[bytes]:
        return texts.list_stored(self._connection, sha256s)

    def whole_texts(self, sha256s: Sequence[bytes]) -> dict[bytes, str]:
        return {sha: texts.read(self._connection, sha) for sha in sha256s}

    def slices(self, spans: Sequence[tuple[bytes, int, int]]) -> list[str]:
        return [texts.read(self._connection, *span) for span in spans]

    def placed_passages(self, ids: Sequence[int]) -> dict[int, PlacedPassage]:
        return placed_passages(self._connection, ids, self._at)

    def sentences_of(self, ids: Sequence[int]) -> dict[int, StoredSentences]:
        return sentences_of(self._connection, ids, self._at)

    def select(self, where: Filter) -> Ids:
        return attributes.select(self._connection, where)
