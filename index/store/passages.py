"""Passages, their vectors, and what an index has to catch up on."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from index.errors import StoreDamaged
from index.records import NewDocument, PendingPassage
from index.store import sentences, texts
from index.types import Ids, IndexedPassage, Passage, Sentences, Vectors

_ROWS = 2048
_STORED = np.dtype("<f2")


def content_key(text: str) -> bytes:
    """The 16-byte name of a text that is embedded or quoted."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def indexed_text(heading: str, quote: str) -> str:
    """What is embedded and searched: the heading line when there is one, then the slice itself."""
    return f"{heading}\n{quote}" if heading else quote


def put(connection: sqlite3.Connection, new: NewDocument, keys: tuple[int, int], change: int) -> int:
    """Store a new version's passages, given the keys of document and version.

    Returns how many of them had a vector already.
    """
    rows = []
    for passage, heading in zip(new.passages, new.headings, strict=True):
        quote = new.text[passage.start : passage.end]
        first_page, last_page = passage.pages or (None, None)
        rows.append(
            (*keys, passage.start, passage.end, json.dumps(passage.section, ensure_ascii=False), heading,
             first_page, last_page, passage.tokens, content_key(quote),
             content_key(indexed_text(heading, quote)), change)
        )  # fmt: skip
    connection.executemany(
        'INSERT INTO passages (document, version, start, "end", section, heading, first_page, last_page,'
        " tokens, quote_key, embedding_key, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    known = connection.execute(
        "UPDATE passages SET embedded = ? WHERE version = ?"
        " AND embedding_key IN (SELECT key FROM embeddings)",
        (change, keys[1]),
    )
    return known.rowcount


def retire(connection: sqlite3.Connection, document: int, change: int) -> int:
    """Take a document's live passages out of the indexes; returns how many."""
    connection.execute(
        "INSERT INTO removals SELECT ?, id FROM passages WHERE document = ? AND removed IS NULL",
        (change, document),
    )
    retired = connection.execute(
        "UPDATE passages SET removed = ? WHERE document = ? AND removed IS NULL", (change, document)
    )
    return retired.rowcount


def drop(connection: sqlite3.Connection, document: int) -> None:
    """Forget a document's passages, and the vectors that no other passage shares."""
    keys = connection.execute(
        "SELECT DISTINCT embedding_key FROM passages WHERE document = ?", (document,)
    ).fetchall()
    connection.execute("DELETE FROM passages WHERE document = ?", (document,))
    connection.executemany(
        "DELETE FROM embeddings WHERE key = ?1"
        " AND NOT EXISTS (SELECT 1 FROM passages WHERE embedding_key = ?1)",
        keys,
    )


def pending(connection: sqlite3.Connection, limit: int) -> list[PendingPassage]:
    """The oldest passages without a vector, one for each text to embed."""
    rows = connection.execute(
        'SELECT p.id, p.embedding_key, p.heading, p.tokens, v.text_sha256, p.start, p."end" FROM passages p'
        " JOIN versions v ON v.key = p.version WHERE p.embedded IS NULL AND p.removed IS NULL"
        " ORDER BY p.id LIMIT ?",
        (limit,),
    ).fetchall()
    unique = {key: (id_, key, heading, tokens, where) for id_, key, heading, tokens, *where in rows}
    found = []
    for id_, key, heading, tokens, where in unique.values():
        quote = texts.read(connection, *where)
        text = indexed_text(heading, quote)
        found.append(PendingPassage(id_, key, text, len(text) - len(quote), tokens))
    return found


def put_vectors(
    connection: sqlite3.Connection,
    keys: Sequence[bytes],
    vectors: Vectors,
    looks: Sequence[Sentences],
    change: int,
) -> int:
    """Store vectors and sentences by the names of their texts; returns how many passages they serve."""
    packed: Sequence[bytes | None] = [sentences.packed(one) for one in looks] or [None] * len(keys)
    rows = zip(keys, vectors.astype(_STORED), packed, strict=True)
    connection.executemany(
        "INSERT OR REPLACE INTO embeddings VALUES (?, ?, ?)",
        ((key, row.tobytes(), blob) for key, row, blob in rows),
    )
    served = 0
    for at in range(0, len(keys), 500):
        part = keys[at : at + 500]
        marks = ", ".join("?" * len(part))
        served += connection.execute(
            "UPDATE passages SET embedded = ? WHERE embedded IS NULL AND removed IS NULL"
            f" AND embedding_key IN ({marks})",
            (change, *part),
        ).rowcount
    return served


def sentences_of(connection: sqlite3.Connection, ids: Ids) -> tuple[Ids, list[Sentences | None]]:
    """For each of these live passages the key of its document, and its sentences; None if it has none."""
    found: dict[int, tuple[int, bytes | None]] = {}
    for at in range(0, len(ids), 500):
        part = ids[at : at + 500].tolist()
        marks = ", ".join("?" * len(part))
        rows = connection.execute(
            "SELECT p.id, p.document, e.sentences FROM passages p"
            " LEFT JOIN embeddings e ON e.key = p.embedding_key"
            f" WHERE p.id IN ({marks}) AND p.removed IS NULL",
            part,
        )
        found.update((id_, (document, blob)) for id_, document, blob in rows)
    placed = [found.get(id_, (0, None)) for id_ in ids.tolist()]
    documents = np.array([document for document, _ in placed], np.int64)
    return documents, [sentences.unpacked(blob) if blob else None for _, blob in placed]


def added_texts(connection: sqlite3.Connection, since: int, until: int) -> Iterator[IndexedPassage]:
    """Live passages that came after change ``since``, up to ``until``, in order of id."""
    cursor = connection.execute(
        'SELECT p.id, p.document, p.heading, v.text_sha256, p.start, p."end" FROM passages p'
        " JOIN versions v ON v.key = p.version"
        " WHERE p.added > ? AND p.added <= ? AND p.removed IS NULL ORDER BY p.id",
        (since, until),
    )
    for id_, document, heading, *where in cursor:
        yield IndexedPassage(id_, document, indexed_text(heading, texts.read(connection, *where)))


def added_vectors(
    connection: sqlite3.Connection, since: int, until: int, dimension: int
) -> Iterator[tuple[Ids, Ids, Vectors]]:
    """Batches of (passage ids, document keys, unit vectors) that came after ``since``, up to ``until``."""
    cursor = connection.execute(
        "SELECT p.id, p.document, e.vector FROM passages p JOIN embeddings e ON e.key = p.embedding_key"
        " WHERE p.embedded > ? AND p.embedded <= ? AND p.removed IS NULL ORDER BY p.id",
        (since, until),
    )
    while rows := cursor.fetchmany(_ROWS):
        ids, documents, blobs = zip(*rows, strict=True)
        stored = np.frombuffer(b"".join(blobs), _STORED)
        if stored.size != len(rows) * dimension:
            raise StoreDamaged("Stored vectors do not have the model's dimension. Restore a backup.")
        vectors = stored.reshape(len(rows), dimension).astype(np.float32)
        # Rounding to half precision leaves lengths a little off one.
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        yield np.array(ids, np.int64), np.array(documents, np.int64), vectors


def removed_ids(connection: sqlite3.Connection, since: int, until: int) -> Ids:
    """Passages taken out of the indexes after change ``since``, up to ``until``."""
    rows = connection.execute(
        "SELECT passage FROM removals WHERE change > ? AND change <= ?", (since, until)
    ).fetchall()
    return np.array([id_ for (id_,) in rows], np.int64)


def passage_of(row: tuple[Any, ...]) -> Passage:
    """Make a passage of its columns: start, end, section, first and last page, tokens."""
    start, end, section, first_page, last_page, tokens = row
    pages = None if first_page is None else (first_page, last_page)
    return Passage(start, end, tuple(json.loads(section)), pages, tokens)
