"""Store passages and vectors, and list the removals that an index must apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from index.postgresql import Transaction
from index.records import NewDocument
from index.store.rows import sentences
from index.store.rows import vectors as stored_vectors
from index.store.rows.passages import COLUMNS, pack_all
from index.types import Ids, Sentences, Vectors

_TEXTS = frozenset({"section", "heading", "tables"})
_KEYS = frozenset({"quote_key", "embedding_key"})
_ROWS = 500
_TYPES = {
    "id": "int8",
    **{name: "text" if name in _TEXTS else "bytea" if name in _KEYS else "int8" for name in COLUMNS},
}


def put(transaction: Transaction, new: NewDocument, keys: tuple[int, int], change: int) -> int:
    """Store a new version's passages, given the keys of document and version.

    Returns how many of them already have a vector.
    """
    add(transaction, list(pack_all(new, keys, change)))
    known = transaction.execute(
        # Only new passages: those that an earlier ingest of this version made keep their change number.
        "UPDATE passages SET embedded = %s WHERE version = %s AND added = %s"
        " AND EXISTS (SELECT FROM embeddings WHERE key = passages.embedding_key)",
        (change, keys[1], change),
    )
    return known.rowcount


def add(transaction: Transaction, rows: Sequence[tuple[Any, ...]], *, into: str = "passages") -> int:
    """Add rows of passages to a table; returns the id of the first, which the others follow.

    An id is given once, whatever is deleted, and to passages of one table only.
    """
    row = transaction.row(
        "UPDATE state SET last_passage = last_passage + %s RETURNING last_passage", (len(rows),)
    )
    first = (int(row[0]) if row else 0) - len(rows) + 1
    transaction.copy(into, _TYPES, ((id_, *row) for id_, row in enumerate(rows, first)))
    return first


def retire(transaction: Transaction, document: int, change: int) -> None:
    """Remove a document's live passages from the indexes."""
    transaction.execute(
        "WITH gone AS (UPDATE passages SET removed = %s WHERE document = %s AND removed IS NULL RETURNING id)"
        " INSERT INTO removals SELECT %s, id FROM gone",
        (change, document, change),
    )


def drop(transaction: Transaction, versions: Sequence[int]) -> None:
    """Delete the passages of versions (keys), and vectors and claims on them that no other passage uses."""
    rows = transaction.rows(
        "DELETE FROM passages WHERE version = ANY(%s) RETURNING embedding_key", (list(versions),)
    )
    names = list({key for (key,) in rows})
    for table in ("embeddings", "claims"):
        transaction.execute(
            f"DELETE FROM {table} WHERE key = ANY(%s)"
            f" AND NOT EXISTS (SELECT FROM passages WHERE embedding_key = {table}.key)",
            (names,),
        )


def last(transaction: Transaction) -> int:
    """Return the highest passage id ever assigned, or 0."""
    row = transaction.row("SELECT last_passage FROM state")
    return int(row[0]) if row else 0


def waiting(transaction: Transaction, up_to: int) -> int:
    """Count the live passages up to this id that have no vector."""
    row = transaction.row(
        "SELECT count(*) FROM passages WHERE embedded IS NULL AND removed IS NULL AND id <= %s", (up_to,)
    )
    return int(row[0]) if row else 0


def waiting_since(transaction: Transaction) -> float | None:
    """Return the time at which the version of the oldest live passage without a vector was stored."""
    row = transaction.row(
        "SELECT v.created FROM passages p JOIN versions v ON v.key = p.version"
        " WHERE p.embedded IS NULL AND p.removed IS NULL ORDER BY p.id LIMIT 1"
    )
    return None if row is None else float(row[0])


def put_vectors(
    transaction: Transaction,
    keys: Sequence[bytes],
    vectors: Vectors,
    sentence_sets: Sequence[Sentences],
    change: int,
) -> int:
    """Store vectors and sentences by embedding key; returns how many passages get a vector."""
    blobs: Sequence[bytes | None] = [sentences.pack(one) for one in sentence_sets] or [None] * len(keys)
    given = dict(zip(keys, zip(stored_vectors.pack(vectors), blobs, strict=True), strict=True))
    transaction.execute(
        # Not for a text that was erased while it was being embedded.
        "INSERT INTO embeddings SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::bytea[])"
        " AS given (key, vector, sentences)"
        " WHERE EXISTS (SELECT FROM passages WHERE embedding_key = given.key)"
        " ON CONFLICT (key) DO UPDATE SET vector = EXCLUDED.vector, sentences = EXCLUDED.sentences",
        (list(given), [vector for vector, _ in given.values()], [blob for _, blob in given.values()]),
    )
    return transaction.execute(
        "UPDATE passages SET embedded = %s WHERE embedded IS NULL AND removed IS NULL"
        " AND embedding_key = ANY(%s)",
        (change, list(given)),
    ).rowcount


def bad_vectors(
    transaction: Transaction, dimension: int, progress: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """Yield the keys of vectors that are not what was stored, or have damaged sentences."""
    done = 0
    for rows in transaction.stream("SELECT key, vector, sentences FROM embeddings", size=_ROWS):
        for key, vector, blob in rows:
            if not (stored_vectors.is_unit(vector, dimension) and sentences.are_valid(blob)):
                yield key
        done += len(rows)
        progress(done)


def drop_bad_vectors(transaction: Transaction, dimension: int) -> int:
    """Delete damaged vectors, so that their passages wait again; returns how many."""
    bad = list(bad_vectors(transaction, dimension))
    transaction.execute("UPDATE passages SET embedded = NULL WHERE embedding_key = ANY(%s)", (bad,))
    transaction.execute("DELETE FROM embeddings WHERE key = ANY(%s)", (bad,))
    return len(bad)


def documents_since(transaction: Transaction, change: int) -> int:
    """Count the documents with live passages that came after a change, or got their vectors after it."""
    row = transaction.row(
        "SELECT count(DISTINCT document) FROM passages"
        " WHERE removed IS NULL AND (added > %s OR embedded > %s)",
        (change, change),
    )
    return int(row[0]) if row else 0


def removed_ids(transaction: Transaction, since: int, until: int) -> Ids:
    """Return the passages removed from the indexes after change ``since``, up to ``until``."""
    rows = transaction.rows(
        "SELECT passage FROM removals WHERE change > %s AND change <= %s ORDER BY change, passage",
        (since, until),
    )
    return np.array([id_ for (id_,) in rows], np.int64)
