"""Store passages and vectors, and list the removals that an index must apply."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from index.records import NewDocument, PendingPassage
from index.store.rows import sentences, vectors as stored_vectors
from index.store.rows.passages import pack_all, pending_passage
from index.store.sql import texts
from index.store.sql.statements import Row, Statements
from index.types import Ids, Sentences, Vectors

PENDING = (
    'SELECT p.id, p.embedding_key, p.heading, p.tokens, p.tables, p.start, p."end", v.text_sha256'
    " FROM {prefix}passages p JOIN versions v ON v.key = p.version"
)
"""Selects what :func:`pending` takes."""
_ROWS = 500


def put(statements: Statements, new: NewDocument, keys: tuple[int, int], change: int) -> None:
    """Store a new version's passages, given the keys of document and version."""
    statements.add_passages(list(pack_all(new, keys, change)))


def retire(statements: Statements, document: int, change: int) -> None:
    """Remove a document's live passages from the indexes."""
    statements.execute(
        "INSERT INTO removals SELECT ?, id FROM passages WHERE document = ? AND removed IS NULL",
        (change, document),
    )
    statements.execute(
        "UPDATE passages SET removed = ? WHERE document = ? AND removed IS NULL", (change, document)
    )


def drop(statements: Statements, versions: Sequence[int]) -> None:
    """Delete the passages of versions (keys), and vectors and claims on them that no other passage uses."""
    rows = statements.rows_among(
        "DELETE FROM passages WHERE {among} RETURNING embedding_key", "version", versions
    )
    for table in ("embeddings", "claims"):
        statements.execute_among(
            f"DELETE FROM {table} WHERE {{among}}"
            f" AND NOT EXISTS (SELECT 1 FROM passages WHERE embedding_key = {table}.key)",
            "key",
            (key for (key,) in rows),
        )


def pending(statements: Statements, rows: Sequence[Row]) -> list[PendingPassage]:
    """Return passages that wait for a vector, one for each text, from rows of :data:`PENDING`."""
    unique = list({row[1]: row for row in rows}.values())
    quotes = texts.slices(statements, [(row[7], row[5], row[6]) for row in unique])
    return [pending_passage(row[:6], quote) for row, quote in zip(unique, quotes, strict=True)]


def end_claims(statements: Statements, lease: str) -> int:
    """End all claims of a lease; returns how many there were."""
    return statements.execute("DELETE FROM claims WHERE lease = ?", (lease,))


def end_claims_on(statements: Statements, keys: Sequence[bytes]) -> None:
    """End the claims on these texts."""
    statements.execute_among("DELETE FROM claims WHERE {among}", "key", keys)


def waiting(statements: Statements, up_to: int) -> int:
    """Count the live passages up to this id that have no vector."""
    row = statements.row(
        "SELECT COUNT(*) FROM passages WHERE embedded IS NULL AND removed IS NULL AND id <= ?", (up_to,)
    )
    return int(row[0]) if row else 0


def waiting_since(statements: Statements) -> float | None:
    """Return the time at which the version of the oldest live passage without a vector was stored."""
    row = statements.row(
        "SELECT v.created FROM passages p JOIN versions v ON v.key = p.version"
        " WHERE p.embedded IS NULL AND p.removed IS NULL ORDER BY p.id LIMIT 1"
    )
    return None if row is None else float(row[0])


def put_vectors(
    statements: Statements,
    keys: Sequence[bytes],
    vectors: Vectors,
    sentence_sets: Sequence[Sentences],
    change: int,
) -> int:
    """Store vectors and sentences by embedding key; returns how many passages get a vector."""
    statements.put_embeddings(pack_embeddings(keys, vectors, sentence_sets))
    return statements.execute_among(
        "UPDATE passages SET embedded = ? WHERE embedded IS NULL AND removed IS NULL AND {among}",
        "embedding_key",
        keys,
        (change,),
    )


def pack_embeddings(
    keys: Sequence[bytes], vectors: Vectors, sentence_sets: Sequence[Sentences]
) -> list[tuple[bytes, bytes, bytes | None]]:
    """Return rows of ``embeddings``, one for each key."""
    blobs: Sequence[bytes | None] = [sentences.pack(one) for one in sentence_sets] or [None] * len(keys)
    rows = zip(keys, stored_vectors.pack(vectors), blobs, strict=True)
    return list({row[0]: row for row in rows}.values())


def bad_vectors(
    statements: Statements, dimension: int, progress: Callable[[int], None] = lambda _: None
) -> Iterator[bytes]:
    """Yield the keys of vectors that are not what was stored, or have damaged sentences.

    Those of SQLite's files before format 6 have no checksum: they are of another length, or not of unit
    length.
    """
    done = 0
    for rows in statements.stream("SELECT key, vector, sentences FROM embeddings", size=_ROWS):
        for key, vector, blob in rows:
            if not (stored_vectors.is_unit(vector, dimension) and sentences.are_valid(blob)):
                yield key
        done += len(rows)
        progress(done)


def drop_bad_vectors(statements: Statements, dimension: int) -> int:
    """Delete damaged vectors, so that their passages wait for new ones; returns how many.

    Reads all of them.
    """
    bad = list(bad_vectors(statements, dimension))
    statements.execute_among("UPDATE passages SET embedded = NULL WHERE {among}", "embedding_key", bad)
    statements.execute_among("DELETE FROM embeddings WHERE {among}", "key", bad)
    return len(bad)


def documents_since(statements: Statements, change: int) -> int:
    """Count the documents with live passages that came after a change, or got their vectors after it."""
    row = statements.row(
        "SELECT COUNT(DISTINCT document) FROM passages WHERE removed IS NULL AND (added > ? OR embedded > ?)",
        (change, change),
    )
    return int(row[0]) if row else 0


def removed_ids(statements: Statements, since: int, until: int) -> Ids:
    """Return the passages removed from the indexes after change ``since``, up to ``until``."""
    rows = statements.rows(
        "SELECT passage FROM removals WHERE change > ? AND change <= ? ORDER BY change, passage",
        (since, until),
    )
    return np.array([id_ for (id_,) in rows], np.int64)
