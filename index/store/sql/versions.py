"""Find, list and erase the versions of documents."""

import re
from collections.abc import Sequence

from index.errors import DocumentNotFound, VersionNotFound
from index.records import Structure, VersionRecord
from index.store.rows.documents import pages_at, structure_of, version_not_kept, version_of
from index.store.rows.passages import section_of, tables_in
from index.store.rows.texts import ERASED
from index.store.sql import events, originals, passages, staging, texts
from index.store.sql.statements import Statements
from index.types import Block

VERSION_COLUMNS = """
v.key, d.id, v.number, n.number, v.title, d.source, d.media_type, d.metadata,
v.text_sha256, v.source_sha256, v.reader, t.length, v.created, v.replaced, d.retired,
d.given, v.page_labels, v.figures
"""
VERSION_TABLES = """
versions v JOIN documents d ON d.key = v.document JOIN versions n ON n.key = d.version
JOIN texts t ON t.sha256 = v.text_sha256
"""
VERSION = f"SELECT {VERSION_COLUMNS} FROM {VERSION_TABLES}"
_HASH_DIGITS = 64
_HASH_PREFIX = re.compile(f"[0-9a-f]{{0,{_HASH_DIGITS}}}")
WAS_LIVE = "{0}.added <= ? AND ({0}.removed IS NULL OR {0}.removed > ?)"
"""That a row was live after a change, which is given twice."""


def of_number(statements: Statements, document_id: str, number: int | None) -> VersionRecord:
    """Return a version by its number; the newest if the number is None.

    Raises :class:`DocumentNotFound`, :class:`VersionNotFound`.
    """
    which = "v.key = d.version" if number is None else "v.number = ?"
    parameters = (document_id,) if number is None else (document_id, number)
    if row := statements.row(f"{VERSION} WHERE d.id = ? AND {which}", parameters):
        return version_of(row)
    newest = list_all(statements, document_id)[0].number
    pruned = statements.row(
        "SELECT 1 FROM erased WHERE document_id = ? AND version = ?", (document_id, number)
    )
    raise version_not_kept(document_id, number, newest, was_kept=pruned is not None)


def of_keys(statements: Statements, keys: Sequence[int]) -> dict[int, VersionRecord]:
    """Return existing versions by their keys."""
    rows = statements.rows_among(f"{VERSION} WHERE {{among}}", "v.key", keys)
    return {row[0]: version_of(row) for row in rows}


def of_text(statements: Statements, document_id: str, prefix: str) -> VersionRecord | None:
    """Return the newest version whose text hash begins with these hex digits, or None.

    Searches the document with this id, then those that had the id before they were renamed.
    """
    if not _HASH_PREFIX.fullmatch(prefix):
        return None
    first, last = (bytes.fromhex(prefix.ljust(_HASH_DIGITS, digit)) for digit in "0f")
    row = statements.row(
        f"{VERSION} WHERE (d.id = ? OR d.key IN (SELECT document FROM aliases WHERE id = ?))"
        " AND v.text_sha256 BETWEEN ? AND ? ORDER BY d.id = ? DESC, v.number DESC LIMIT 1",
        (document_id, document_id, first, last, document_id),
    )
    return version_of(row) if row else None


def at_change(statements: Statements, document_id: str, change: int) -> VersionRecord | None:
    """Return the version that was a document's newest after a change, or None if it is not kept."""
    row = statements.row(
        f"{VERSION} WHERE d.id = ? AND {WAS_LIVE.format('v')}", (document_id, change, change)
    )
    return version_of(row) if row else None


def existed(statements: Statements, document_id: str, change: int) -> bool:
    """Whether a document with this current or former id existed after a change, even if erased since."""
    row = statements.row(
        "WITH named AS MATERIALIZED (SELECT key FROM documents WHERE id = ?"
        " UNION SELECT document FROM aliases WHERE id = ?"
        " UNION SELECT document FROM erased WHERE document_id = ?)"
        f" SELECT 1 FROM versions v JOIN named ON v.document = named.key WHERE {WAS_LIVE.format('v')}"
        f" UNION ALL SELECT 1 FROM erased e JOIN named ON e.document = named.key WHERE {WAS_LIVE.format('e')}"
        " LIMIT 1",
        (document_id, document_id, document_id, change, change, change, change),
    )
    return row is not None


def list_all(statements: Statements, document_id: str) -> list[VersionRecord]:
    """List the stored versions of a document, newest first. Raises :class:`DocumentNotFound`."""
    rows = statements.rows(f"{VERSION} WHERE d.id = ? ORDER BY v.number DESC", (document_id,))
    if not rows:
        raise DocumentNotFound(f"There is no document {document_id!r}.")
    return [version_of(row) for row in rows]


def list_replaced(statements: Statements) -> list[VersionRecord]:
    """Return all versions but the newest of each document, by document, newest first."""
    rows = statements.rows(f"{VERSION} WHERE v.key <> d.version ORDER BY d.id, v.number DESC")
    return [version_of(row) for row in rows]


def structure(statements: Statements, key: int) -> Structure:
    """Return the blocks and pages of a version (key). Raises :class:`VersionNotFound` if it is erased."""
    row = statements.row("SELECT structure, pages FROM versions WHERE key = ?", (key,))
    if row is None:
        raise VersionNotFound(ERASED)
    return structure_of(*row)


def layout(statements: Statements, key: int) -> bytes | None:
    """Return the packed page layout of a version (key), or None."""
    row = statements.row("SELECT layout FROM versions WHERE key = ?", (key,))
    return row[0] if row else None


def section_at(
    statements: Statements, of: VersionRecord, start: int, end: int
) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """Return the section of the first passage in a span, or else before it, and the pages of the span."""
    row = statements.row(
        "SELECT COALESCE((SELECT section FROM passages WHERE version = ?"
        '  AND start < ? AND "end" > ? ORDER BY start, id LIMIT 1),'
        " (SELECT section FROM passages WHERE version = ?"
        "  AND start <= ? ORDER BY start DESC, id DESC LIMIT 1)),"
        " (SELECT pages FROM versions WHERE key = ?)",
        (of.key, end, start, of.key, start, of.key),
    )
    section, pages = row or (None, None)
    return section_of(section) if section else (), pages_at(pages, start, end)


def tables_at(statements: Statements, of: VersionRecord, start: int, end: int) -> tuple[Block, ...]:
    """Return the tables that a span overlaps, in order, as the passages of the version know them."""
    rows = statements.rows(
        'SELECT tables FROM passages WHERE version = ? AND start < ? AND "end" > ? AND tables IS NOT NULL'
        " ORDER BY id",
        (of.key, end, start),
    )
    return tables_in((packed for (packed,) in rows), start, end)


def prune(statements: Statements, keys: Sequence[int], change: int) -> list[VersionRecord]:
    """Erase versions (keys) that still exist and are not the newest; returns them."""
    rows = statements.rows_among(f"{VERSION} WHERE {{among}} AND v.key <> d.version", "v.key", keys)
    found = sorted(map(version_of, rows), key=lambda one: (one.document_id, -one.number))
    for version in found:
        events.put(statements, version.document_id, "pruned", version.number, change)
    erase(statements, [version.key for version in found], change)
    return found


def erase(statements: Statements, keys: Sequence[int], change: int) -> None:
    """Erase versions (keys) with their passages, and the texts and vectors that nothing else uses.

    The table ``erased`` keeps their numbers and the changes at which they were added and removed.
    """
    events.note_erasure(statements, change)
    passages.drop(statements, keys)
    staging.drop(statements, keys, change)
    place = statements.position
    statements.many(
        f"INSERT INTO erased ({place}, document, document_id, version, added, removed)"
        f" SELECT (SELECT 1 + COALESCE(MAX({place}), 0) FROM erased), d.key, d.id, v.number, v.added,"
        " COALESCE(v.removed, ?) FROM versions v JOIN documents d ON d.key = v.document WHERE v.key = ?",
        [(change, key) for key in keys],
    )
    rows = statements.rows_among(
        "DELETE FROM versions WHERE {among} RETURNING text_sha256, source_sha256", "key", keys
    )
    texts.drop_unused(statements, [sha for sha, _ in rows])
    originals.drop_unused(statements, [source for _, source in rows], erased_by=change)
