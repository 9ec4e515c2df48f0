"""The versions of a document: to find, list and erase."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.errors import DocumentNotFound, VersionNotFound
from index.records import NewDocument, Structure, VersionRecord
from index.store import events, passages, texts
from index.types import Block

_OFFSETS = np.dtype("<i4")
_VERSION = """
SELECT v.key, d.id, v.number, n.number, v.title, d.source, d.media_type, d.metadata,
       v.text_sha256, v.source_sha256, v.reader, t.length, v.created, v.replaced
FROM versions v JOIN documents d ON d.key = v.document JOIN versions n ON n.key = d.version
JOIN texts t ON t.sha256 = v.text_sha256
"""


def of_number(connection: sqlite3.Connection, document_id: str, number: int | None) -> VersionRecord:
    """A version by its number, the newest without one.

    Raises :class:`DocumentNotFound`, :class:`VersionNotFound`.
    """
    which = "v.key = d.version" if number is None else "v.number = ?"
    parameters = (document_id,) if number is None else (document_id, number)
    if row := connection.execute(f"{_VERSION} WHERE d.id = ? AND {which}", parameters).fetchone():
        return _record(row)
    kept = listed(connection, document_id)
    pruned = connection.execute(
        "SELECT 1 FROM erased WHERE document_id = ? AND version = ?", (document_id, number)
    ).fetchone()
    reason = (
        f"version {number} of {document_id!r} is not kept"
        if pruned
        else (f"{document_id!r} has no version {number}")
    )
    raise VersionNotFound(f"{reason[0].upper()}{reason[1:]}; its newest is {kept[0].number}.")


def of_keys(connection: sqlite3.Connection, keys: Sequence[int]) -> dict[int, VersionRecord]:
    """Versions that are known to be there, by their keys: a few hundred at most."""
    marks = ", ".join("?" * len(keys))
    rows = connection.execute(f"{_VERSION} WHERE v.key IN ({marks})", keys).fetchall()
    return {row[0]: _record(row) for row in rows}


def of_text(connection: sqlite3.Connection, document_id: str, prefix: str) -> VersionRecord | None:
    """The newest version whose text hash begins with these hex digits, or None.

    Of the document of this id, or else of one that had the id before it was renamed.
    """
    for named in ("d.id = ?", "d.key IN (SELECT document FROM aliases WHERE id = ?)"):
        row = connection.execute(
            f"{_VERSION} WHERE {named} AND substr(lower(hex(v.text_sha256)), 1, ?) = ?"
            " ORDER BY v.number DESC LIMIT 1",
            (document_id, len(prefix), prefix),
        ).fetchone()
        if row:
            return _record(row)
    return None


def at_change(connection: sqlite3.Connection, document_id: str, change: int) -> VersionRecord | None:
    """The version that was a document's newest after a change, if it is kept."""
    row = connection.execute(
        f"{_VERSION} WHERE d.id = ? AND v.added <= ? AND (v.removed IS NULL OR v.removed > ?)",
        (document_id, change, change),
    ).fetchone()
    return _record(row) if row else None


def stood(connection: sqlite3.Connection, document_id: str, change: int) -> bool:
    """Whether there was a document of this id, today's or an earlier one, after a change: kept or not."""
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


def listed(connection: sqlite3.Connection, document_id: str) -> list[VersionRecord]:
    """The versions kept of a document, newest first. Raises :class:`DocumentNotFound`."""
    rows = connection.execute(f"{_VERSION} WHERE d.id = ? ORDER BY v.number DESC", (document_id,)).fetchall()
    if not rows:
        raise DocumentNotFound(
            f"There is no document {document_id!r}. List what is there: GET /v1/documents."
        )
    return [_record(row) for row in rows]


def replaced(connection: sqlite3.Connection) -> list[VersionRecord]:
    """All versions that are not the newest of their documents, by document, newest first."""
    rows = connection.execute(f"{_VERSION} WHERE v.replaced IS NOT NULL ORDER BY d.id, v.number DESC")
    return [_record(row) for row in rows.fetchall()]


def structure(connection: sqlite3.Connection, key: int) -> Structure:
    """How the text of a version (key) is divided. Raises :class:`VersionNotFound` for one that is erased."""
    row = connection.execute("SELECT structure, pages FROM versions WHERE key = ?", (key,)).fetchone()
    if row is None:
        raise VersionNotFound(texts.ERASED)
    packed, pages = row
    blocks = tuple(Block(*block) for block in json.loads(zlib.decompress(packed)))
    return Structure(blocks, tuple(_unpacked(pages).tolist()))


def packed(new: NewDocument) -> tuple[bytes, bytes, bytes | None]:
    """The columns ``structure``, ``pages`` and ``layout`` of a new version."""
    blocks = [[b.kind, b.start, b.end, b.level, b.title] for b in new.blocks]
    structure = zlib.compress(json.dumps(blocks, ensure_ascii=False).encode())
    return structure, zlib.compress(np.array(new.pages, _OFFSETS).tobytes()), new.layout or None


def _unpacked(pages: bytes) -> NDArray[np.int32]:
    return np.frombuffer(zlib.decompress(pages), _OFFSETS)


def layout(connection: sqlite3.Connection, key: int) -> bytes | None:
    """Where the words of a version (key) are on its pages, if it is kept."""
    row = connection.execute("SELECT layout FROM versions WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def section_at(
    connection: sqlite3.Connection, of: VersionRecord, start: int, end: int
) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """The section of the last passage that starts at or before a span, and the pages that the span is on."""
    row = connection.execute(
        "SELECT section FROM passages WHERE version = ? AND start <= ? ORDER BY start DESC, id DESC LIMIT 1",
        (of.key, start),
    ).fetchone()
    section = tuple(json.loads(row[0])) if row else ()
    row = connection.execute("SELECT pages FROM versions WHERE key = ?", (of.key,)).fetchone()
    pages = _unpacked(row[0]) if row else np.empty(0, _OFFSETS)
    if not len(pages):
        return section, None
    first, last = np.searchsorted(pages, (start, end - 1), side="right")
    return section, (max(1, int(first)), max(1, int(last)))


def prune(connection: sqlite3.Connection, keys: Sequence[int], change: int) -> list[VersionRecord]:
    """Erase those of the versions (keys) that are still there and not the newest; returns them."""
    found = [version for version in replaced(connection) if version.key in set(keys)]
    for version in found:
        events.put(connection, version.document_id, "pruned", version.number, change)
    erase(connection, [version.key for version in found], change)
    return found


def erase(connection: sqlite3.Connection, keys: Sequence[int], change: int) -> None:
    """Erase versions (keys) with their passages, and the texts and vectors that nothing else uses.

    What stays is that they were, and from which change to which.
    """
    passages.drop(connection, keys)
    shas = []
    for key in keys:
        connection.execute(
            "INSERT INTO erased SELECT d.key, d.id, v.number, v.added, COALESCE(v.removed, ?) FROM versions v"
            " JOIN documents d ON d.key = v.document WHERE v.key = ?",
            (change, key),
        )
        (sha,) = connection.execute(
            "DELETE FROM versions WHERE key = ? RETURNING text_sha256", (key,)
        ).fetchone()
        shas.append(sha)
    texts.drop_unused(connection, shas)


def _record(row: tuple[Any, ...]) -> VersionRecord:
    values = list(row)
    values[7] = json.loads(values[7])
    return VersionRecord(*values)
