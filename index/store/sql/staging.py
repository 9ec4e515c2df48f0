"""Prepare other passages and vectors of all versions beside those in use, and exchange them at once.

While an upgrade is prepared, the tables ``staged_passages``, ``staged_embeddings`` and ``staged_removals``
are like those in use, and ``staged_versions`` tells which versions are staged. The exchange renames tables,
which takes no longer for a large collection; those replaced are deleted afterwards in parts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.records import PendingPassage, StagingCounts
from index.store.rows.passages import EMBEDDING_KEY, pack
from index.store.sql import passages
from index.store.sql.statements import Statements
from index.types import Passage, Sentences, Vectors

STAGED = "staged_"
REPLACED = "replaced_"
EXCHANGED = ("embeddings", "passages", "removals")
"""In the order in which those that were replaced are deleted: vectors are found by passages."""
_KEYS = {"embeddings": "key", "passages": "id"}
_TARGET = "staged_description"
_LATEST = "COALESCE((SELECT MAX(added) FROM passages WHERE version = v.key), 0)"
"""The change that brought the passages in use of a version ``v``; another title brings others."""


def target(statements: Statements) -> dict[str, Any] | None:
    """Return the description of the passages that are staged; None if none are."""
    stored = statements.value(_TARGET)
    return None if stored is None else json.loads(stored)


def set_target(statements: Statements, wanted: Mapping[str, Any] | None) -> None:
    """Set it."""
    statements.put_value(_TARGET, None if wanted is None else json.dumps(dict(wanted)))


def cancel(statements: Statements) -> None:
    """Drop what is staged."""
    for name in (*EXCHANGED, "versions"):
        statements.execute(f"DROP TABLE IF EXISTS {STAGED}{name}")
    set_target(statements, None)


def unstaged(statements: Statements, limit: int) -> list[tuple[int, int]]:
    """Return versions (keys) that are not staged as they are now, each with its latest change.

    Those that are the newest of their documents come first, in the order of their passages.
    """
    rows = statements.rows(
        f"SELECT v.key, v.latest FROM (SELECT key, removed, {_LATEST} AS latest FROM versions v) AS v"
        " LEFT JOIN staged_versions s ON s.version = v.key"
        " WHERE s.version IS NULL OR s.latest <> v.latest ORDER BY v.removed IS NOT NULL,"
        " (SELECT MAX(id) FROM passages WHERE version = v.key) NULLS FIRST, v.key LIMIT ?",
        (limit,),
    )
    return [(key, latest) for key, latest in rows]


@dataclass(frozen=True, slots=True)
class Split:
    """A version (key) as it was after its change ``latest``, with its passages and the heading of each."""

    key: int
    latest: int
    text: str
    passages: Sequence[Passage]
    headings: Sequence[str]


def stage(statements: Statements, split: Split, *, takes_over: bool) -> None:
    """Stage the passages of a version, unless it was changed or erased meanwhile.

    ``takes_over``: with the vectors and sentences in use for equal texts.
    """
    row = statements.row(
        f"SELECT v.document, v.added, v.removed, {_LATEST} FROM versions v WHERE v.key = ?", (split.key,)
    )
    if row is None or row[3] != split.latest:
        return
    document, added, removed, _ = row
    if statements.row("SELECT 1 FROM staged_versions WHERE version = ?", (split.key,)):
        _remove(statements, split.key, split.latest)
        added = split.latest
    rows = [
        pack(split.text, passage, heading, (document, split.key), added)
        for passage, heading in zip(split.passages, split.headings, strict=True)
    ]
    if takes_over:
        statements.execute_among(
            "INSERT INTO staged_embeddings SELECT key, vector, sentences FROM embeddings"
            " WHERE {among} ON CONFLICT DO NOTHING",
            "key",
            (row[EMBEDDING_KEY] for row in rows),
        )
    statements.add_passages(rows, prefix=STAGED)
    statements.execute(
        "INSERT INTO staged_versions VALUES (?, ?)"
        " ON CONFLICT (version) DO UPDATE SET latest = excluded.latest",
        (split.key, split.latest),
    )
    if removed is not None:
        _remove(statements, split.key, removed)


def _remove(statements: Statements, version: int, change: int) -> None:
    statements.execute(
        "INSERT INTO staged_removals SELECT ?, id FROM staged_passages"
        " WHERE version = ? AND removed IS NULL ON CONFLICT DO NOTHING",
        (change, version),
    )
    statements.execute(
        "UPDATE staged_passages SET removed = ? WHERE version = ? AND removed IS NULL", (change, version)
    )


def follow_removals(statements: Statements) -> None:
    """Remove the staged passages of versions that were replaced or retired since they were staged."""
    statements.execute(
        "INSERT INTO staged_removals SELECT v.removed, p.id FROM versions v"
        " JOIN staged_passages p ON p.version = v.key"
        " WHERE v.removed IS NOT NULL AND p.removed IS NULL ON CONFLICT DO NOTHING"
    )
    statements.execute(
        "UPDATE staged_passages SET removed = (SELECT removed FROM versions v"
        "  WHERE v.key = staged_passages.version)"
        " WHERE removed IS NULL AND version IN (SELECT key FROM versions WHERE removed IS NOT NULL)"
    )


def drop(statements: Statements, versions: Sequence[int], change: int) -> None:
    """Erase versions (keys) from staged rows, and from replaced ones that are not deleted yet."""
    for prefix in (STAGED, REPLACED):
        if not statements.has_table(f"{prefix}passages"):
            continue
        rows = statements.rows_among(
            f"DELETE FROM {prefix}passages WHERE {{among}} RETURNING id, embedding_key, removed",
            "version",
            versions,
        )
        statements.many(
            f"INSERT INTO {prefix}removals VALUES (?, ?) ON CONFLICT DO NOTHING",
            [(change, id_) for id_, _, removed in rows if removed is None],
        )
        if statements.has_table(f"{prefix}embeddings"):
            statements.execute_among(
                f"DELETE FROM {prefix}embeddings WHERE {{among}} AND NOT EXISTS"
                f" (SELECT 1 FROM {prefix}passages WHERE embedding_key = {prefix}embeddings.key)",
                "key",
                (key for _, key, _ in rows),
            )
        if prefix == STAGED:
            statements.execute_among("DELETE FROM staged_versions WHERE {among}", "version", versions)


def waiting(statements: Statements, after: int, limit: int) -> list[PendingPassage]:
    """Return staged passages without a vector, after a passage (id), one for each text."""
    query = passages.PENDING.format(prefix=STAGED)
    rows = statements.rows(
        f"{query} WHERE p.embedded IS NULL AND p.id > ? ORDER BY p.id LIMIT ?", (after, limit)
    )
    return passages.pending(statements, rows)


def put_vectors(
    statements: Statements, keys: Sequence[bytes], vectors: Vectors, inside: Sequence[Sentences]
) -> None:
    """Stage vectors and sentences by embedding key."""
    statements.put_embeddings(passages.pack_embeddings(keys, vectors, inside), prefix=STAGED)
    statements.execute_among(
        "UPDATE staged_passages SET embedded = added WHERE embedded IS NULL AND {among}",
        "embedding_key",
        keys,
    )


def counts(statements: Statements) -> StagingCounts:
    """Count what is staged."""
    row = statements.row(
        "SELECT (SELECT COUNT(*) FROM versions), (SELECT COUNT(*) FROM staged_versions), COUNT(*),"
        " COUNT(embedded) FROM staged_passages"
    )
    assert row is not None  # noqa: S101 -- it counts
    return StagingCounts(*row)


def is_complete(statements: Statements) -> bool:
    """Whether the staged passages and vectors can replace those in use; what was removed since follows."""
    follow_removals(statements)
    return not (unstaged(statements, 1) or waiting(statements, 0, 1))


def rename(statements: Statements) -> None:
    """Put the staged tables in the place of those in use, whose claims end."""
    for name in EXCHANGED:
        statements.execute(f"ALTER TABLE {name} RENAME TO {REPLACED}{name}")
        statements.execute(f"ALTER TABLE {STAGED}{name} RENAME TO {name}")
    statements.execute(f"DROP TABLE {STAGED}versions")
    statements.execute("DELETE FROM claims")


def delete_replaced(statements: Statements, limit: int) -> bool:
    """Delete some rows of replaced tables, or the empty tables; returns whether there are more."""
    for name in EXCHANGED:
        table = f"{REPLACED}{name}"
        if not statements.has_table(table):
            continue
        key, deleted = _KEYS.get(name), 0
        if key is not None:
            deleted = statements.execute(
                f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} LIMIT ?)", (limit,)
            )
        if not deleted:
            statements.execute(f"DROP TABLE {table}")
        return True
    return False
