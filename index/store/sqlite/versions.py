"""Find, list and erase the versions of documents."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from index.errors import DocumentNotFound, VersionNotFound
from index.records import Structure, VersionRecord
from index.store.rows.documents import pages_at, structure_of, version_not_kept, version_of
from index.store.rows.passages import section_of, tables_in
from index.store.rows.texts import ERASED
from index.store.sqlite import events, originals, passages, texts
from index.store.sqlite.embeddings import staging
from index.types import Block

_VERSION = """
SELECT v.key, d.id, v.number, n.number, v.title, d.source, d.media_type, d.metadata,
       v.text_sha256, v.source_sha256, v.reader, t.length, v.created, v.replaced, d.retired,
       d.given
FROM versions v JOIN documents d ON d.key = v.document JOIN versions n ON n.key = d.version
JOIN texts t ON t.sha256 = v.text_sha256
"""


def of_number(connection: sqlite3.Connection, document_id: str, number: int | None) -> VersionRecord:
    """Return a version by its number; the newest if the number is None.

    Raises :class:`DocumentNotFound`, :class:`VersionNotFound`.
    """
    which = "v.key = d.version" if number is None else "v.number = ?"
    parameters = (document_id,) if number is None else (document_id, number)
    if row := connection.execute(f"{_VERSION} WHERE d.id = ? AND {which}", parameters).fetchone():
        return version_of(row)
    newest = list_all(connection, document_id)[0].number
    pruned = connection.execute(
        "SELECT 1 FROM erased WHERE document_id = ? AND version = ?", (document_id, number)
    ).fetchone()
    raise version_not_kept(document_id, number, newest, was_kept=pruned is not None)


def of_keys(connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, VersionRecord]:
    """Return existing versions by their keys, a few hundred at most."""
    marks = ", ".join("?" * len(keys))
    rows = connection.execute(f"{_VERSION} WHERE v.key IN ({marks})", keys).fetchall()
    return {row[0]: version_of(row) for row in rows}


def of_text(connection: sqlite3.Connection, document_id: str, prefix: str) -> VersionRecord | None:
    """Return the newest version whose text hash begins with these hex digits, or None.

    Searches the document with this id, then those that had the id before they were renamed.
    """
    for named in ("d.id = ?", "d.key IN (SELECT document FROM aliases WHERE id = ?)"):
        row = connection.execute(
            f"{_VERSION} WHERE {named} AND substr(lower(hex(v.text_sha256)), 1, ?) = ?"
            " ORDER BY v.number DESC LIMIT 1",
            (document_id, len(prefix), prefix),
        ).fetchone()
        if row:
            return version_of(row)
    return None


def at_change(connection: sqlite3.Connection, document_id: str, change: int) -> VersionRecord | None:
    """Return the version that was a document's newest after a change, or None if it is not kept."""
    row = connection.execute(
        f"{_VERSION} WHERE d.id = ? AND v.added <= ? AND (v.removed IS NULL OR v.removed > ?)",
        (document_id, change, change),
    ).fetchone()
    return version_of(row) if row else None


def existed(connection: sqlite3.Connection, document_id: str, change: int) -> bool:
    """Whether a document with this current or former id existed after a change, even if erased since."""
    row = connection.execute(
        "WITH named (key) AS (SELECT key FROM documents WHERE id = ?1"
        " UNION SELECT document FROM aliases WHERE id = ?1"
        " UNION SELECT document FROM erased WHERE document_id = ?1)"
        " SELECT 1 FROM versions"
        " WHERE document IN named AND added <= ?2 AND (removed IS NULL OR removed > ?2)"
        " UNION ALL SELECT 1 FROM erased WHERE document IN named AND added <= ?2 AND removed > ?2",
        (document_id, change),
    ).fetchone()
    return row is not None


def list_all(connection: sqlite3.Connection, document_id: str) -> list[VersionRecord]:
    """List the stored versions of a document, newest first. Raises :class:`DocumentNotFound`."""
    rows = connection.execute(f"{_VERSION} WHERE d.id = ? ORDER BY v.number DESC", (document_id,)).fetchall()
    if not rows:
        raise DocumentNotFound(f"There is no document {document_id!r}.")
    return [version_of(row) for row in rows]


def list_replaced(connection: sqlite3.Connection) -> list[VersionRecord]:
    """Return all versions but the newest of each document, by document, newest first."""
    rows = connection.execute(f"{_VERSION} WHERE v.key != d.version ORDER BY d.id, v.number DESC")
    return [version_of(row) for row in rows.fetchall()]


def structure(connection: sqlite3.Connection, key: int) -> Structure:
    """Return the blocks and pages of a version (key). Raises :class:`VersionNotFound` if it is erased."""
    row = connection.execute("SELECT structure, pages FROM versions WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise VersionNotFound(ERASED)
    return structure_of(*row)


def layout(connection: sqlite3.Connection, key: int) -> bytes | None:
    """Return the packed page layout of a version (key), or None."""
    row = connection.execute("SELECT layout FROM versions WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def section_at(
    connection: sqlite3.Connection, of: VersionRecord, start: int, end: int
) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """Return the section of the first passage in a span, or else before it, and the pages of the span."""
    query = "SELECT section FROM passages WHERE version = ? AND {} LIMIT 1"
    inside = query.format('start < ? AND "end" > ? ORDER BY start, id')
    before = query.format("start <= ? ORDER BY start DESC, id DESC")
    row = connection.execute(inside, (of.key, end, start)).fetchone()
    row = row or connection.execute(before, (of.key, start)).fetchone()
    section = section_of(row[0]) if row else ()
    row = connection.execute("SELECT pages FROM versions WHERE key = ?", (of.key,)).fetchone()
    return section, pages_at(row[0] if row else None, start, end)


def tables_at(connection: sqlite3.Connection, of: VersionRecord, start: int, end: int) -> tuple[Block, ...]:
    """Return the tables that a span overlaps, in order, as the passages of the version know them."""
    rows = connection.execute(
        'SELECT tables FROM passages WHERE version = ? AND start < ? AND "end" > ? AND tables IS NOT NULL',
        (of.key, end, start),
    )
    return tables_in((packed for (packed,) in rows), start, end)


def prune(connection: sqlite3.Connection, keys: Sequence[int], change: int) -> list[VersionRecord]:
    """Erase versions (keys) that still exist and are not the newest; returns them."""
    found = [version for version in list_replaced(connection) if version.key in set(keys)]
    for version in found:
        events.put(connection, version.document_id, "pruned", version.number, change)
    erase(connection, [version.key for version in found], change)
    return found


def erase(connection: sqlite3.Connection, keys: Sequence[int], change: int) -> None:
    """Erase versions (keys) with their passages, and the texts and vectors that nothing else uses.

    The table ``erased`` keeps their numbers and the changes at which they were added and removed.
    """
    events.note_erasure(connection, change)
    passages.drop(connection, keys)
    staging.drop(connection, keys, change)
    shas, sources = [], []
    for key in keys:
        connection.execute(
            "INSERT INTO erased SELECT d.key, d.id, v.number, v.added, COALESCE(v.removed, ?) FROM versions v"
            " JOIN documents d ON d.key = v.document WHERE v.key = ?",
            (change, key),
        )
        sha, source = connection.execute(
            "DELETE FROM versions WHERE key = ? RETURNING text_sha256, source_sha256", (key,)
        ).fetchone()
        shas.append(sha)
        sources.append(source)
    texts.drop_unused(connection, shas)
    originals.drop_unused(connection, sources)
