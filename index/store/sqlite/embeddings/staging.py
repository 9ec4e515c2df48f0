"""Prepare other passages and vectors of all versions beside those in use, and exchange them at once.

While an upgrade is prepared, the tables ``staged_passages``, ``staged_embeddings`` and ``staged_removals``
are like those in use, and ``staged_versions`` tells which versions are staged. The exchange renames tables,
which takes no longer for a large collection; those replaced are deleted afterwards in parts.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.records import PendingPassage, StagingCounts
from index.store.rows import sentences
from index.store.rows import vectors as stored_vectors
from index.store.rows.passages import pack, pending_passage
from index.store.sqlite import passages, texts, totals
from index.types import Passage, Sentences, Vectors

STAGED = "staged_"
_REPLACED = "replaced_"
_EXCHANGED = ("embeddings", "passages", "removals")
"""In the order in which those that were replaced are deleted: vectors are found by passages."""
_SQL_VARIABLES = 500
_TARGET = "staged_description"
_LATEST = "COALESCE((SELECT MAX(added) FROM passages WHERE version = v.key), 0)"
"""The change that brought the passages in use of a version ``v``; another title brings others."""

_OF_VERSION = "SELECT id, ?2 FROM staged_passages WHERE version = ?1 AND removed IS NULL"

VIEWS = "".join(f"CREATE TEMP VIEW {name} AS SELECT * FROM main.{STAGED}{name};" for name in _EXCHANGED)
"""A connection with these reads the staged passages and vectors where others read those in use."""

_VERSIONS = "CREATE TABLE staged_versions (version INTEGER PRIMARY KEY, latest INTEGER NOT NULL)"
_TABLE = re.compile(r'CREATE TABLE "?(\w+)"?')
_INDEX = re.compile(r'CREATE INDEX "?(\w+?)(?:_\d+)?"? ON "?(\w+)"?')


def generation(connection: sqlite3.Connection) -> int:
    """Return how often passages and vectors were exchanged."""
    row = connection.execute("SELECT value FROM meta WHERE key = 'generation'").fetchone()
    return int(row[0]) if row else 0


def description(connection: sqlite3.Connection) -> dict[str, Any] | None:
    """Return the description of the passages in use, which is stored from the first upgrade on."""
    return _json(connection, "description")


def target(connection: sqlite3.Connection) -> dict[str, Any] | None:
    """Return the description of the passages that are staged; None if none are."""
    return _json(connection, _TARGET)


def begin(connection: sqlite3.Connection, current: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Begin to stage passages for a description; what was staged for it already stays."""
    if target(connection) == dict(wanted):
        return
    cancel(connection)
    _set_json(connection, "description", current)
    _set_json(connection, _TARGET, wanted)
    for statement in _like_those_in_use(connection):
        connection.execute(statement)
    connection.execute(_VERSIONS)
    # Ids are not used again: jobs remember the last one that was theirs.
    connection.execute(
        "INSERT INTO sqlite_sequence (name, seq) VALUES ('staged_passages', ?)", (passages.last(connection),)
    )


def _like_those_in_use(connection: sqlite3.Connection) -> list[str]:
    """Return statements that make empty tables and indexes like those in use, of whatever format."""
    statements = []
    number = generation(connection) + 1
    for name in _EXCHANGED:
        rows = connection.execute(
            "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index')"
            " AND sql IS NOT NULL ORDER BY type DESC",
            (name,),
        ).fetchall()
        for (sql,) in rows:
            table = _TABLE.sub(rf"CREATE TABLE {STAGED}\1", sql, count=1)
            statements.append(_INDEX.sub(rf"CREATE INDEX \1_{number} ON {STAGED}\2", table, count=1))
    return statements


def cancel(connection: sqlite3.Connection) -> None:
    """Drop what is staged."""
    for name in (*_EXCHANGED, "versions"):
        connection.execute(f"DROP TABLE IF EXISTS {STAGED}{name}")
    connection.execute("DELETE FROM meta WHERE key = ?", (_TARGET,))


def unstaged(connection: sqlite3.Connection, limit: int) -> list[tuple[int, int]]:
    """Return versions (keys) that are not staged as they are now, each with its latest change.

    Those that are the newest of their documents come first, in the order of their passages.
    """
    return connection.execute(
        f"SELECT v.key, {_LATEST} FROM versions v LEFT JOIN staged_versions s ON s.version = v.key"
        f" WHERE s.version IS NULL OR s.latest != {_LATEST} ORDER BY v.removed IS NOT NULL,"
        " (SELECT MAX(id) FROM passages WHERE version = v.key), v.key LIMIT ?",
        (limit,),
    ).fetchall()


@dataclass(frozen=True, slots=True)
class Split:
    """A version (key) as it was after its change ``latest``, with its passages and the heading of each."""

    key: int
    latest: int
    text: str
    passages: Sequence[Passage]
    headings: Sequence[str]


def stage(connection: sqlite3.Connection, split: Split, *, takes_over: bool) -> None:
    """Stage the passages of a version, unless it was changed or erased meanwhile.

    ``takes_over``: with the vectors and sentences in use for equal texts.
    """
    row = connection.execute(
        f"SELECT v.document, v.added, v.removed, {_LATEST} FROM versions v WHERE v.key = ?", (split.key,)
    ).fetchone()
    if row is None or row[3] != split.latest:
        return
    document, added, removed, _ = row
    if connection.execute("SELECT 1 FROM staged_versions WHERE version = ?", (split.key,)).fetchone():
        _remove(connection, _OF_VERSION, split.key, split.latest)
        added = split.latest
    keys = (document, split.key)
    rows = [
        pack(split.text, passage, heading, keys, added)
        for passage, heading in zip(split.passages, split.headings, strict=True)
    ]
    if takes_over:
        connection.executemany(
            "INSERT OR IGNORE INTO staged_embeddings SELECT key, vector, sentences FROM embeddings"
            " WHERE key = ?",
            [(row[10],) for row in rows],
        )
    connection.executemany(
        'INSERT INTO staged_passages (document, version, start, "end", section, heading, first_page,'
        " last_page, tokens, quote_key, embedding_key, added, tables, embedded)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
        " (SELECT ?12 FROM staged_embeddings WHERE key = ?11)",
        rows,
    )
    connection.execute("INSERT OR REPLACE INTO staged_versions VALUES (?, ?)", (split.key, split.latest))
    if removed is not None:
        _remove(connection, _OF_VERSION, split.key, removed)


def follow_removals(connection: sqlite3.Connection) -> None:
    """Remove the staged passages of versions that were replaced or retired since they were staged."""
    _remove(
        connection,
        "SELECT p.id, v.removed FROM versions v JOIN staged_passages p ON p.version = v.key"
        " WHERE v.removed IS NOT NULL AND p.removed IS NULL",
    )


def _remove(connection: sqlite3.Connection, selection: str, *parameters: int) -> None:
    """Remove the selected passages (id, change)."""
    found = connection.execute(selection, parameters).fetchall()
    changes = [(change, id_) for id_, change in found]
    connection.executemany("INSERT OR IGNORE INTO staged_removals VALUES (?, ?)", changes)
    connection.executemany("UPDATE staged_passages SET removed = ? WHERE id = ?", changes)


def drop(connection: sqlite3.Connection, versions: Sequence[int], change: int) -> None:
    """Erase versions (keys) from staged rows, and from replaced ones that are not deleted yet."""
    for prefix in (STAGED, _REPLACED):
        if not _exists(connection, f"{prefix}passages"):
            continue
        names: set[bytes] = set()
        for version in versions:
            rows = connection.execute(
                f"DELETE FROM {prefix}passages WHERE version = ? RETURNING id, embedding_key, removed",
                (version,),
            ).fetchall()
            names.update(name for _, name, _ in rows)
            gone = [(change, id_) for id_, _, removed in rows if removed is None]
            connection.executemany(f"INSERT OR IGNORE INTO {prefix}removals VALUES (?, ?)", gone)
        if _exists(connection, f"{prefix}embeddings"):
            connection.executemany(
                f"DELETE FROM {prefix}embeddings WHERE key = ?1"
                f" AND NOT EXISTS (SELECT 1 FROM {prefix}passages WHERE embedding_key = ?1)",
                [(name,) for name in names],
            )
        if prefix == STAGED:
            connection.executemany(
                "DELETE FROM staged_versions WHERE version = ?", [(one,) for one in versions]
            )


def waiting(connection: sqlite3.Connection, after: int, limit: int) -> list[PendingPassage]:
    """Return staged passages without a vector, after a passage (id), one for each text."""
    rows = connection.execute(
        'SELECT p.id, p.embedding_key, p.heading, p.tokens, p.tables, p.start, p."end", v.text_sha256'
        " FROM staged_passages p JOIN versions v ON v.key = p.version"
        " WHERE p.embedded IS NULL AND p.id > ? ORDER BY p.id LIMIT ?",
        (after, limit),
    ).fetchall()
    unique = {row[1]: row for row in rows}
    slice_of = texts.slices(connection)
    return [pending_passage(row[:6], slice_of(row[7], row[5], row[6])) for row in unique.values()]


def put_vectors(
    connection: sqlite3.Connection, keys: Sequence[bytes], vectors: Vectors, inside: Sequence[Sentences]
) -> None:
    """Stage vectors and sentences by embedding key."""
    packed = [sentences.pack(one) for one in inside]
    connection.executemany(
        # None for a text that was erased while it was being embedded.
        "INSERT OR REPLACE INTO staged_embeddings SELECT ?1, ?2, ?3"
        " WHERE EXISTS (SELECT 1 FROM staged_passages WHERE embedding_key = ?1)",
        zip(keys, stored_vectors.pack(vectors), packed, strict=True),
    )
    for at in range(0, len(keys), _SQL_VARIABLES):
        part = keys[at : at + _SQL_VARIABLES]
        connection.execute(
            "UPDATE staged_passages SET embedded = added WHERE embedded IS NULL"
            f" AND embedding_key IN ({', '.join('?' * len(part))})",
            part,
        )


def counts(connection: sqlite3.Connection) -> StagingCounts:
    """Count what is staged."""
    return StagingCounts(
        *connection.execute(
            "SELECT (SELECT COUNT(*) FROM versions), (SELECT COUNT(*) FROM staged_versions), COUNT(*),"
            " COUNT(embedded) FROM staged_passages"
        ).fetchone()
    )


def exchange(connection: sqlite3.Connection) -> bool:
    """Replace the passages and vectors in use by the staged ones, in a change; False if incomplete."""
    follow_removals(connection)
    if unstaged(connection, 1) or waiting(connection, 0, 1):
        return False
    totals.unwatch(connection, "passages")
    for name in _EXCHANGED:
        connection.execute(f"ALTER TABLE {name} RENAME TO {_REPLACED}{name}")
        connection.execute(f"ALTER TABLE {STAGED}{name} RENAME TO {name}")
    connection.execute("DROP TABLE staged_versions")
    connection.execute("DELETE FROM claims")
    totals.watch(connection, "passages")
    totals.restore(connection)
    wanted = target(connection)
    assert wanted is not None  # noqa: S101 -- the staged tables exist
    _set_json(connection, "description", wanted)
    connection.execute("DELETE FROM meta WHERE key = ?", (_TARGET,))
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('generation', ?)", (generation(connection) + 1,))
    return True


def delete_replaced(connection: sqlite3.Connection, limit: int) -> bool:
    """Delete some rows of replaced tables, or the empty tables; returns whether there are more."""
    for name in _EXCHANGED:
        table = f"{_REPLACED}{name}"
        if not _exists(connection, table):
            continue
        key = "id" if name == "passages" else "key"
        if name == "removals":
            deleted = 0
        else:
            deleted = connection.execute(
                f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} LIMIT ?)", (limit,)
            ).rowcount
        if not deleted:
            connection.execute(f"DROP TABLE {table}")
        return True
    return False


def _exists(connection: sqlite3.Connection, table: str) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    return found is not None


def _json(connection: sqlite3.Connection, key: str) -> dict[str, Any] | None:
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return json.loads(row[0]) if row else None


def _set_json(connection: sqlite3.Connection, key: str, value: Mapping[str, Any]) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(dict(value))))
