"""Read passages for searching, in the current state or as of an earlier change."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from index.records import PlacedPassage, StoredPassage, VersionRecord, indexed_text
from index.sentence_table import SentenceTable
from index.store.sqlite import passages, texts, versions
from index.store.sqlite.database import undecodable
from index.store.sqlite.embeddings import sentences, vectors
from index.types import Ids, IndexedPassage, Passage, Vectors

_log = logging.getLogger("loccit.store")

_SQL_VARIABLES = 500
_ROWS = 2048
StoredSentences = tuple[int, bytes | None]
"""The key of a passage's document, and its stored sentences, or None."""


def _live(at: int | None) -> tuple[str, tuple[int, ...]]:
    """Return the SQL condition and parameters for a live passage ``p``, now or after change ``at``."""
    if at is None:
        return "p.removed IS NULL", ()
    return "p.added <= ? AND (p.removed IS NULL OR p.removed > ?)", (at, at)


def placed_passages(
    connection: sqlite3.Connection, ids: Sequence[int], at: int | None = None
) -> dict[int, PlacedPassage]:
    """Return those of the passages that are live, by id."""
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
            passage = passages.passage_of(tuple(columns))
            if version not in records:
                raise undecodable("versions of passages")
            found[id_] = PlacedPassage(id_, records[version], passage, quote_key, has_vector)
    return found


def with_words(
    connection: sqlite3.Connection, placed: PlacedPassage, read_whole: Callable[[bytes], str] | None = None
) -> StoredPassage:
    """Return a passage with its text. ``read_whole`` may read texts of one block from a cache.

    Raises :class:`index.errors.StoreDamaged` when the slice is not what was indexed.
    """
    text = _slice(connection, placed.version, placed.passage, read_whole)
    placed.check(text)
    return StoredPassage(placed.id, placed.version, placed.passage, text, placed.embedded)


def _slice(
    connection: sqlite3.Connection,
    of: VersionRecord,
    passage: Passage,
    read_whole: Callable[[bytes], str] | None,
) -> str:
    if read_whole is None or of.length > texts.BLOCK:
        return texts.read(connection, of.text_sha256, passage.start, passage.end)
    return read_whole(of.text_sha256)[passage.start : passage.end]


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
            found[id_] = (document, _checked(id_, blob))
    return found


def _checked(id_: int, blob: bytes | None) -> bytes | None:
    """The sentences of a passage; None, and a warning, if they are damaged: its text is then split again."""
    content = None if blob is None else sentences.unsealed(blob)
    if blob is not None and content is None:
        _log.warning(
            "The stored sentences of passage %d are damaged. Let a check of the collection repair them.", id_
        )
    return content


def table_of(ids: Sequence[int], found: Mapping[int, StoredSentences]) -> tuple[Ids, SentenceTable]:
    """Return document keys (0 for passages not found) and the sentence table, in the order of ``ids``."""
    placed = [found.get(id_, (0, None)) for id_ in ids]
    documents = np.array([document for document, _ in placed], np.int64)
    return documents, sentences.table([blob for _, blob in placed])


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
        yield np.array(ids, np.int64), np.array(documents, np.int64), vectors.loaded(blobs, dimension)


def counted(connection: sqlite3.Connection, at: int | None = None) -> tuple[int, int]:
    """Count the live passages, and those of them that have a vector."""
    live, moment = _live(at)
    has_vector = "p.embedded IS NOT NULL" if at is None else "p.embedded <= ?"
    row = connection.execute(
        f"SELECT COUNT(*), COUNT(CASE WHEN {has_vector} THEN 1 END) FROM passages p WHERE {live}",
        (*(() if at is None else (at,)), *moment),
    ).fetchone()
    return int(row[0]), int(row[1])
