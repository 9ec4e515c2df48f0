"""Passages as a search reads them: those of today, or as they stood after an earlier change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from index.errors import StoreDamaged
from index.records import PlacedPassage, StoredPassage, VersionRecord
from index.sentence_table import SentenceTable
from index.store import passages, sentences, texts, versions
from index.text_cache import TextCache
from index.types import Ids, IndexedPassage, Passage, Vectors

_SQL_VARIABLES = 500
_ROWS = 2048
_STORED = np.dtype("<f2")
StoredSentences = tuple[int, bytes | None]
"""The key of a passage's document, and its sentences if there are any on record."""


def _live(at: int | None) -> tuple[str, tuple[int, ...]]:
    """The condition, with its parameters, that a passage ``p`` is of a newest version: today, or then."""
    if at is None:
        return "p.removed IS NULL", ()
    return "p.added <= ? AND (p.removed IS NULL OR p.removed > ?)", (at, at)


def placed_passages(
    connection: sqlite3.Connection, ids: Sequence[int], at: int | None = None
) -> dict[int, PlacedPassage]:
    """The live ones among these passages, by id."""
    live, moment = _live(at)
    found: dict[int, PlacedPassage] = {}
    for begin in range(0, len(ids), _SQL_VARIABLES):
        part = ids[begin : begin + _SQL_VARIABLES]
        marks = ", ".join("?" * len(part))
        rows = connection.execute(
            'SELECT p.id, p.version, p.start, p."end", p.section, p.first_page, p.last_page, p.tokens,'
            f" p.quote_key, p.embedded FROM passages p WHERE {live} AND p.id IN ({marks})",
            (*moment, *part),
        ).fetchall()
        records = versions.of_keys(connection, list({row[1] for row in rows}))
        for id_, version, *columns, quote_key, embedded in rows:
            has_vector = embedded is not None and (at is None or embedded <= at)
            passage = passages.passage_of(tuple(columns))
            found[id_] = PlacedPassage(id_, records[version], passage, quote_key, has_vector)
    return found


def with_words(
    connection: sqlite3.Connection, placed: PlacedPassage, short: TextCache[str] | None = None
) -> StoredPassage:
    """A passage with its words. ``short`` keeps texts of which a slice takes reading all of them.

    Raises :class:`index.errors.StoreDamaged` when the slice is not what was indexed.
    """
    text = _slice(connection, placed.version, placed.passage, short)
    placed.check(text)
    return StoredPassage(placed.id, placed.version, placed.passage, text, placed.embedded)


def _slice(
    connection: sqlite3.Connection, of: VersionRecord, passage: Passage, short: TextCache[str] | None
) -> str:
    if short is None or of.length > texts.BLOCK:
        return texts.read(connection, of.text_sha256, passage.start, passage.end)
    whole = short.get(of.text_sha256, lambda sha: texts.read(connection, sha))
    return whole[passage.start : passage.end]


def sentences_of(
    connection: sqlite3.Connection, ids: Sequence[int], at: int | None = None
) -> dict[int, StoredSentences]:
    """For each of these live passages the key of its document, and its sentences as bytes, if it has some."""
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
        found.update((id_, (document, blob)) for id_, document, blob in rows)
    return found


def table_of(ids: Sequence[int], found: Mapping[int, StoredSentences]) -> tuple[Ids, SentenceTable]:
    """The keys of the documents, 0 for passages not found, and the table of the sentences, in this order."""
    placed = [found.get(id_, (0, None)) for id_ in ids]
    documents = np.array([document for document, _ in placed], np.int64)
    return documents, sentences.table([blob for _, blob in placed])


def added_texts(
    connection: sqlite3.Connection, since: int, until: int, at: int | None = None
) -> Iterator[IndexedPassage]:
    """Live passages that came after change ``since``, up to ``until``, in order of id."""
    live, moment = _live(at)
    cursor = connection.execute(
        'SELECT p.id, p.document, p.heading, v.text_sha256, p.start, p."end" FROM passages p'
        " JOIN versions v ON v.key = p.version"
        f" WHERE p.added > ? AND p.added <= ? AND {live} ORDER BY p.id",
        (since, until, *moment),
    )
    for id_, document, heading, *where in cursor:
        text = passages.indexed_text(heading, texts.read(connection, *where))
        yield IndexedPassage(id_, document, text)


def added_vectors(
    connection: sqlite3.Connection, since: int, until: int, dimension: int, at: int | None = None
) -> Iterator[tuple[Ids, Ids, Vectors]]:
    """Batches of (passage ids, document keys, unit vectors) that came after ``since``, up to ``until``."""
    live, moment = _live(at)
    cursor = connection.execute(
        "SELECT p.id, p.document, e.vector FROM passages p JOIN embeddings e ON e.key = p.embedding_key"
        f" WHERE p.embedded > ? AND p.embedded <= ? AND {live} ORDER BY p.id",
        (since, until, *moment),
    )
    while rows := cursor.fetchmany(_ROWS):
        ids, documents, blobs = zip(*rows, strict=True)
        stored = np.frombuffer(b"".join(blobs), _STORED)
        if stored.size != len(rows) * dimension:
            raise StoreDamaged("Stored vectors do not have the model's dimension. Restore a backup.")
        vectors = stored.reshape(len(rows), dimension).astype(np.float32)
        # Rounding to half precision leaves lengths a little off one.
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors /= np.where(lengths > 0, lengths, np.float32(1))  # a row of noughts stays one
        yield np.array(ids, np.int64), np.array(documents, np.int64), vectors


def counted(connection: sqlite3.Connection, at: int | None = None) -> tuple[int, int]:
    """How many passages are live, and how many of them have a vector."""
    live, moment = _live(at)
    has_vector = "p.embedded IS NOT NULL" if at is None else "p.embedded <= ?"
    row = connection.execute(
        f"SELECT COUNT(*), COUNT(CASE WHEN {has_vector} THEN 1 END) FROM passages p WHERE {live}",
        (*(() if at is None else (at,)), *moment),
    ).fetchone()
    return int(row[0]), int(row[1])
