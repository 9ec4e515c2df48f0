"""Store passages and vectors, hand out embedding work, and list the removals that an index must apply."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from index.records import NewDocument, PendingPassage
from index.store.rows import sentences
from index.store.rows import vectors as stored_vectors
from index.store.rows.passages import pack_all, pending_passage
from index.store.sqlite import texts
from index.types import Ids, Sentences, Vectors


def put(connection: sqlite3.Connection, new: NewDocument, keys: tuple[int, int], change: int) -> None:
    """Store a new version's passages, given the keys of document and version.

    Those whose text has a vector already do not wait for one.
    """
    connection.executemany(
        'INSERT INTO passages (document, version, start, "end", section, heading, first_page, last_page,'
        " tokens, quote_key, embedding_key, added, tables, embedded)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
        " (SELECT ?12 FROM embeddings WHERE key = ?11))",
        pack_all(new, keys, change),
    )


def retire(connection: sqlite3.Connection, document: int, change: int) -> int:
    """Remove a document's live passages from the indexes; returns their number."""
    connection.execute(
        "INSERT INTO removals SELECT ?, id FROM passages WHERE document = ? AND removed IS NULL",
        (change, document),
    )
    retired = connection.execute(
        "UPDATE passages SET removed = ? WHERE document = ? AND removed IS NULL", (change, document)
    )
    return retired.rowcount


def drop(connection: sqlite3.Connection, versions: Sequence[int]) -> None:
    """Delete the passages of versions (keys), and vectors and claims on them that no other passage uses."""
    names: set[bytes] = set()
    for version in versions:
        rows = connection.execute(
            "DELETE FROM passages WHERE version = ? RETURNING embedding_key", (version,)
        )
        names.update(name for (name,) in rows.fetchall())
    for table in ("embeddings", "claims"):
        connection.executemany(
            f"DELETE FROM {table} WHERE key = ?1"
            " AND NOT EXISTS (SELECT 1 FROM passages WHERE embedding_key = ?1)",
            [(name,) for name in names],
        )


def pending(connection: sqlite3.Connection, limit: int) -> list[PendingPassage]:
    """Return the oldest unclaimed passages without a vector, one for each text to embed."""
    rows = connection.execute(
        'SELECT p.id, p.embedding_key, p.heading, p.tokens, p.tables, p.start, p."end", v.text_sha256'
        " FROM passages p"
        " JOIN versions v ON v.key = p.version WHERE p.embedded IS NULL AND p.removed IS NULL"
        " AND p.embedding_key NOT IN (SELECT key FROM claims) ORDER BY p.id LIMIT ?",
        (limit,),
    ).fetchall()
    unique = {row[1]: row for row in rows}
    slice_of = texts.slices(connection)
    return [pending_passage(row[:6], slice_of(row[7], row[5], row[6])) for row in unique.values()]


def claim_holders(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the leases that hold claims."""
    return [name for (name,) in connection.execute("SELECT DISTINCT lease FROM claims").fetchall()]


def claim(connection: sqlite3.Connection, limit: int, lease: str) -> list[PendingPassage]:
    """Claim the oldest unclaimed passages without a vector for a lease, one for each text."""
    found = pending(connection, limit)
    connection.executemany("INSERT INTO claims VALUES (?, ?)", [(one.key, lease) for one in found])
    return found


def end_claims(connection: sqlite3.Connection, lease: str) -> None:
    """End all claims of a lease."""
    connection.execute("DELETE FROM claims WHERE lease = ?", (lease,))


def end_claims_on(connection: sqlite3.Connection, keys: Sequence[bytes]) -> None:
    """End the claims on these texts."""
    connection.executemany("DELETE FROM claims WHERE key = ?", [(key,) for key in keys])


def claimed_keys(connection: sqlite3.Connection, lease: str) -> set[bytes]:
    """Return the keys of the texts that a lease has claimed."""
    return {key for (key,) in connection.execute("SELECT key FROM claims WHERE lease = ?", (lease,))}


def last(connection: sqlite3.Connection) -> int:
    """Return the highest passage id ever assigned, or 0."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
    return int(row[0]) if row else 0


def waiting(connection: sqlite3.Connection, up_to: int) -> int:
    """Count the live passages up to this id that have no vector."""
    (count,) = connection.execute(
        "SELECT COUNT(*) FROM passages WHERE embedded IS NULL AND removed IS NULL AND id <= ?", (up_to,)
    ).fetchone()
    return int(count)


def waiting_since(connection: sqlite3.Connection) -> float | None:
    """Return the time at which the version of the oldest live passage without a vector was stored."""
    row = connection.execute(
        "SELECT v.created FROM passages p JOIN versions v ON v.key = p.version"
        " WHERE p.embedded IS NULL AND p.removed IS NULL ORDER BY p.id LIMIT 1"
    ).fetchone()
    return None if row is None else float(row[0])


def put_vectors(
    connection: sqlite3.Connection,
    keys: Sequence[bytes],
    vectors: Vectors,
    sentence_sets: Sequence[Sentences],
    change: int,
) -> int:
    """Store vectors and sentences by embedding key; returns how many passages get a vector."""
    blobs: Sequence[bytes | None] = [sentences.pack(one) for one in sentence_sets] or [None] * len(keys)
    connection.executemany(
        # None for a text that was erased while it was being embedded.
        "INSERT OR REPLACE INTO embeddings SELECT ?1, ?2, ?3"
        " WHERE EXISTS (SELECT 1 FROM passages WHERE embedding_key = ?1)",
        zip(keys, stored_vectors.pack(vectors), blobs, strict=True),
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


def removed_ids(connection: sqlite3.Connection, since: int, until: int) -> Ids:
    """Return the passages removed from the indexes after change ``since``, up to ``until``."""
    rows = connection.execute(
        "SELECT passage FROM removals WHERE change > ? AND change <= ?", (since, until)
    ).fetchall()
    return np.array([id_ for (id_,) in rows], np.int64)
