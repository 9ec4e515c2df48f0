"""Find, list and erase the versions of documents."""

from __future__ import annotations

from collections.abc import Sequence

from index.errors import DocumentNotFound, VersionNotFound
from index.postgresql import Transaction
from index.records import Structure, VersionRecord
from index.store.postgresql import events, originals, passages, staged, texts
from index.store.rows.documents import pages_at, structure_of, version_not_kept, version_of
from index.store.rows.passages import section_of, tables_in
from index.store.rows.texts import ERASED
from index.types import Block

VERSION_COLUMNS = """
v.key, d.id, v.number, n.number, v.title, d.source, d.media_type, d.metadata,
v.text_sha256, v.source_sha256, v.reader, t.length, v.created, v.replaced, d.retired,
d.given
"""
VERSION_TABLES = """
versions v JOIN documents d ON d.key = v.document JOIN versions n ON n.key = d.version
JOIN texts t ON t.sha256 = v.text_sha256
"""
VERSION = f"SELECT {VERSION_COLUMNS} FROM {VERSION_TABLES}"
_LIVE = "{0}.added <= %s AND ({0}.removed IS NULL OR {0}.removed > %s)"


def of_number(transaction: Transaction, document_id: str, number: int | None) -> VersionRecord:
    """Return a version by its number; the newest if the number is None.

    Raises :class:`DocumentNotFound`, :class:`VersionNotFound`.
    """
    which = "v.key = d.version" if number is None else "v.number = %s"
    parameters = (document_id,) if number is None else (document_id, number)
    if row := transaction.row(f"{VERSION} WHERE d.id = %s AND {which}", parameters):
        return version_of(row)
    newest = list_all(transaction, document_id)[0].number
    pruned = transaction.row(
        "SELECT 1 FROM erased WHERE document_id = %s AND version = %s", (document_id, number)
    )
    raise version_not_kept(document_id, number, newest, was_kept=pruned is not None)


def of_keys(transaction: Transaction, keys: Sequence[int]) -> dict[int, VersionRecord]:
    """Return existing versions by their keys."""
    rows = transaction.rows(f"{VERSION} WHERE v.key = ANY(%s)", (list(keys),))
    return {row[0]: version_of(row) for row in rows}


def of_text(transaction: Transaction, document_id: str, prefix: str) -> VersionRecord | None:
    """Return the newest version whose text hash begins with these hex digits, or None.

    Searches the document with this id, then those that had the id before they were renamed.
    """
    row = transaction.row(
        f"{VERSION} WHERE (d.id = %s OR d.key IN (SELECT document FROM aliases WHERE id = %s))"
        " AND left(encode(v.text_sha256, 'hex'), %s::integer) = %s"
        " ORDER BY d.id = %s DESC, v.number DESC LIMIT 1",
        (document_id, document_id, len(prefix), prefix, document_id),
    )
    return version_of(row) if row else None


def at_change(transaction: Transaction, document_id: str, change: int) -> VersionRecord | None:
    """Return the version that was a document's newest after a change, or None if it is not kept."""
    row = transaction.row(f"{VERSION} WHERE d.id = %s AND {_LIVE.format('v')}", (document_id, change, change))
    return version_of(row) if row else None


def existed(transaction: Transaction, document_id: str, change: int) -> bool:
    """Whether a document with this current or former id existed after a change, even if erased since."""
    row = transaction.row(
        "WITH named AS MATERIALIZED (SELECT key FROM documents WHERE id = %s"
        " UNION SELECT document FROM aliases WHERE id = %s"
        " UNION SELECT document FROM erased WHERE document_id = %s)"
        f" SELECT 1 FROM versions v JOIN named ON v.document = named.key WHERE {_LIVE.format('v')}"
        f" UNION ALL SELECT 1 FROM erased e JOIN named ON e.document = named.key WHERE {_LIVE.format('e')}"
        " LIMIT 1",
        (document_id, document_id, document_id, change, change, change, change),
    )
    return row is not None


def list_all(transaction: Transaction, document_id: str) -> list[VersionRecord]:
    """List the stored versions of a document, newest first. Raises :class:`DocumentNotFound`."""
    rows = transaction.rows(f"{VERSION} WHERE d.id = %s ORDER BY v.number DESC", (document_id,))
    if not rows:
        raise DocumentNotFound(f"There is no document {document_id!r}.")
    return [version_of(row) for row in rows]


def list_replaced(transaction: Transaction) -> list[VersionRecord]:
    """Return all versions but the newest of each document, by document, newest first."""
    rows = transaction.rows(f"{VERSION} WHERE v.key <> d.version ORDER BY d.id, v.number DESC")
    return [version_of(row) for row in rows]


def structure(transaction: Transaction, key: int) -> Structure:
    """Return the blocks and pages of a version (key). Raises :class:`VersionNotFound` if it is erased."""
    row = transaction.row("SELECT structure, pages FROM versions WHERE key = %s", (key,))
    if row is None:
        raise VersionNotFound(ERASED)
    return structure_of(*row)


def layout(transaction: Transaction, key: int) -> bytes | None:
    """Return the packed page layout of a version (key), or None."""
    row = transaction.row("SELECT layout FROM versions WHERE key = %s", (key,))
    return row[0] if row else None


def section_at(
    transaction: Transaction, of: VersionRecord, start: int, end: int
) -> tuple[tuple[str, ...], tuple[int, int] | None]:
    """Return the section of the first passage in a span, or else before it, and the pages of the span."""
    row = transaction.row(
        "SELECT COALESCE((SELECT section FROM passages WHERE version = v.key"
        '  AND start < %s AND "end" > %s ORDER BY start, id LIMIT 1),'
        " (SELECT section FROM passages WHERE version = v.key"
        "  AND start <= %s ORDER BY start DESC, id DESC LIMIT 1)), pages"
        " FROM (VALUES (%s)) AS v (key) LEFT JOIN versions ON versions.key = v.key",
        (end, start, start, of.key),
    )
    section, pages = row or (None, None)
    return section_of(section) if section else (), pages_at(pages, start, end)


def tables_at(transaction: Transaction, of: VersionRecord, start: int, end: int) -> tuple[Block, ...]:
    """Return the tables that a span overlaps, in order, as the passages of the version know them."""
    rows = transaction.rows(
        'SELECT tables FROM passages WHERE version = %s AND start < %s AND "end" > %s AND tables IS NOT NULL'
        " ORDER BY id",
        (of.key, end, start),
    )
    return tables_in((packed for (packed,) in rows), start, end)


def prune(transaction: Transaction, keys: Sequence[int], change: int) -> list[VersionRecord]:
    """Erase versions (keys) that still exist and are not the newest; returns them."""
    rows = transaction.rows(
        f"{VERSION} WHERE v.key = ANY(%s) AND v.key <> d.version ORDER BY d.id, v.number DESC", (list(keys),)
    )
    found = [version_of(row) for row in rows]
    for version in found:
        events.put(transaction, version.document_id, "pruned", version.number, change)
    erase(transaction, [version.key for version in found], change)
    return found


def erase(transaction: Transaction, keys: Sequence[int], change: int) -> None:
    """Erase versions (keys) with their passages, and the texts and vectors that nothing else uses.

    The table ``erased`` keeps their numbers and the changes at which they were added and removed.
    """
    events.note_erasure(transaction, change)
    passages.drop(transaction, keys)
    staged.drop(transaction, keys, change)
    transaction.execute(
        "INSERT INTO erased SELECT (SELECT COALESCE(max(position), 0) FROM erased)"
        " + row_number() OVER (ORDER BY given.place), d.key, d.id, v.number, v.added, COALESCE(v.removed, %s)"
        " FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (key, place)"
        " JOIN versions v ON v.key = given.key JOIN documents d ON d.key = v.document",
        (change, list(keys)),
    )
    rows = transaction.rows(
        "DELETE FROM versions WHERE key = ANY(%s) RETURNING text_sha256, source_sha256", (list(keys),)
    )
    texts.drop_unused(transaction, [sha for sha, _ in rows])
    originals.drop_unused(transaction, [source for _, source in rows])
