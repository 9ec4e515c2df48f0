"""Staged rows: versions with their passages, vectors, and what is removed or erased."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.postgresql import Transaction
from index.records import PendingPassage, StagingCounts
from index.store.postgresql import passages, texts
from index.store.postgresql.staged.tables import REPLACED, STAGED, exists
from index.store.rows import sentences
from index.store.rows import vectors as stored_vectors
from index.store.rows.passages import pack, pending_passage
from index.types import Passage, Sentences, Vectors

_LATEST = "COALESCE((SELECT max(added) FROM passages WHERE version = v.key), 0)"
"""The change that brought the passages in use of a version ``v``; another title brings others."""


def unstaged(transaction: Transaction, limit: int) -> list[tuple[int, int]]:
    """Return versions (keys) that are not staged as they are now, each with its latest change.

    Those that are the newest of their documents come first, in the order of their passages.
    """
    return [
        (key, latest)
        for key, latest in transaction.rows(
            f"SELECT v.key, v.latest FROM (SELECT key, removed, {_LATEST} AS latest FROM versions v) v"
            " LEFT JOIN staged_versions s ON s.version = v.key"
            " WHERE s.version IS NULL OR s.latest <> v.latest ORDER BY v.removed IS NOT NULL,"
            " (SELECT max(id) FROM passages WHERE version = v.key) NULLS FIRST, v.key LIMIT %s",
            (limit,),
        )
    ]


@dataclass(frozen=True, slots=True)
class Split:
    """A version (key) as it was after its change ``latest``, with its passages and the heading of each."""

    key: int
    latest: int
    text: str
    passages: Sequence[Passage]
    headings: Sequence[str]


def stage(transaction: Transaction, split: Split, *, takes_over: bool) -> None:
    """Stage the passages of a version, unless it was changed or erased meanwhile.

    ``takes_over``: with the vectors and sentences in use for equal texts.
    """
    row = transaction.row(
        f"SELECT v.document, v.added, v.removed, {_LATEST} FROM versions v WHERE v.key = %s", (split.key,)
    )
    if row is None or row[3] != split.latest:
        return
    document, added, removed, _ = row
    if transaction.row("SELECT 1 FROM staged_versions WHERE version = %s", (split.key,)):
        _remove(transaction, split.key, split.latest)
        added = split.latest
    rows = [
        pack(split.text, passage, heading, (document, split.key), added)
        for passage, heading in zip(split.passages, split.headings, strict=True)
    ]
    if takes_over:
        transaction.execute(
            "INSERT INTO staged_embeddings SELECT key, vector, sentences FROM embeddings"
            " WHERE key = ANY(%s) ON CONFLICT DO NOTHING",
            ([row[10] for row in rows],),
        )
    first = passages.add(transaction, rows, into="staged_passages")
    transaction.execute(
        # Only those: the version may have others, which are removed.
        "UPDATE staged_passages SET embedded = added WHERE id >= %s AND version = %s"
        " AND EXISTS (SELECT FROM staged_embeddings WHERE key = staged_passages.embedding_key)",
        (first, split.key),
    )
    transaction.execute(
        "INSERT INTO staged_versions VALUES (%s, %s)"
        " ON CONFLICT (version) DO UPDATE SET latest = EXCLUDED.latest",
        (split.key, split.latest),
    )
    if removed is not None:
        _remove(transaction, split.key, removed)


def _remove(transaction: Transaction, version: int, change: int) -> None:
    transaction.execute(
        "WITH gone AS (UPDATE staged_passages SET removed = %s WHERE version = %s AND removed IS NULL"
        " RETURNING id) INSERT INTO staged_removals SELECT %s, id FROM gone ON CONFLICT DO NOTHING",
        (change, version, change),
    )


def follow_removals(transaction: Transaction) -> None:
    """Remove the staged passages of versions that were replaced or retired since they were staged."""
    transaction.execute(
        "WITH gone AS (UPDATE staged_passages p SET removed = v.removed FROM versions v"
        " WHERE v.key = p.version AND v.removed IS NOT NULL AND p.removed IS NULL"
        " RETURNING p.removed, p.id) INSERT INTO staged_removals SELECT * FROM gone ON CONFLICT DO NOTHING"
    )


def drop(transaction: Transaction, versions: Sequence[int], change: int) -> None:
    """Erase versions (keys) from staged rows, and from replaced ones that are not deleted yet."""
    for prefix in (STAGED, REPLACED):
        if not exists(transaction, f"{prefix}passages"):
            continue
        rows = transaction.rows(
            f"DELETE FROM {prefix}passages WHERE version = ANY(%s) RETURNING id, embedding_key, removed",
            (list(versions),),
        )
        transaction.execute(
            f"INSERT INTO {prefix}removals SELECT %s, * FROM unnest(%s::bigint[]) ON CONFLICT DO NOTHING",
            (change, [id_ for id_, _, removed in rows if removed is None]),
        )
        if exists(transaction, f"{prefix}embeddings"):
            transaction.execute(
                f"DELETE FROM {prefix}embeddings e WHERE key = ANY(%s)"
                f" AND NOT EXISTS (SELECT FROM {prefix}passages WHERE embedding_key = e.key)",
                (list({key for _, key, _ in rows}),),
            )
        if prefix == STAGED:
            transaction.execute("DELETE FROM staged_versions WHERE version = ANY(%s)", (list(versions),))


def waiting(transaction: Transaction, after: int, limit: int) -> list[PendingPassage]:
    """Return staged passages without a vector, after a passage (id), one for each text."""
    rows = transaction.rows(
        'SELECT p.id, p.embedding_key, p.heading, p.tokens, p.tables, p.start, p."end", v.text_sha256'
        " FROM staged_passages p JOIN versions v ON v.key = p.version"
        " WHERE p.embedded IS NULL AND p.id > %s ORDER BY p.id LIMIT %s",
        (after, limit),
    )
    unique = list({row[1]: row for row in rows}.values())
    quotes = texts.slices(transaction, [(row[7], row[5], row[6]) for row in unique])
    return [pending_passage(row[:6], quote) for row, quote in zip(unique, quotes, strict=True)]


def put_vectors(
    transaction: Transaction, keys: Sequence[bytes], vectors: Vectors, inside: Sequence[Sentences]
) -> None:
    """Stage vectors and sentences by embedding key."""
    packed = [sentences.pack(one) for one in inside]
    given = dict(zip(keys, zip(stored_vectors.pack(vectors), packed, strict=True), strict=True))
    transaction.execute(
        # None for a text that was erased while it was being embedded.
        "INSERT INTO staged_embeddings SELECT * FROM unnest(%s::bytea[], %s::bytea[], %s::bytea[])"
        " AS given (key, vector, sentences)"
        " WHERE EXISTS (SELECT FROM staged_passages WHERE embedding_key = given.key)"
        " ON CONFLICT (key) DO UPDATE SET vector = EXCLUDED.vector, sentences = EXCLUDED.sentences",
        (list(given), [vector for vector, _ in given.values()], [blob for _, blob in given.values()]),
    )
    transaction.execute(
        "UPDATE staged_passages SET embedded = added WHERE embedded IS NULL AND embedding_key = ANY(%s)",
        (list(given),),
    )


def counts(transaction: Transaction) -> StagingCounts:
    """Count what is staged."""
    row = transaction.row(
        "SELECT (SELECT count(*) FROM versions), (SELECT count(*) FROM staged_versions), count(*),"
        " count(embedded) FROM staged_passages"
    )
    assert row is not None  # noqa: S101 -- it counts
    return StagingCounts(*row)
