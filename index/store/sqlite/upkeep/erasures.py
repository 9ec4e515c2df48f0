"""Find versions by their tags, by which a ledger outside the file knows them."""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Iterator

from index.store.rows import tags
from index.store.rows.tags import version_tag

OBJECTS = "objects"
"""The key in ``meta`` of the folder of a copy in a place for originals."""


def store_tag(connection: sqlite3.Connection) -> bytes:
    """Return the tag of the whole file."""
    return tags.store_tag(_store(connection))


def objects_name(connection: sqlite3.Connection) -> str:
    """Return the name of the record's folder in a place for originals."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (OBJECTS,)).fetchone()
    return tags.objects_name(_store(connection), row[0] if row else None)


def list_erased(connection: sqlite3.Connection, after: int) -> list[tuple[int, bytes]]:
    """Return the erased versions after a position: the position and the tag of each, in order."""
    rows = connection.execute(
        "SELECT e.rowid, (SELECT value FROM meta WHERE key = 'store'),"
        " e.document, e.version, e.added, c.token FROM erased e"
        " LEFT JOIN changes c ON c.number = e.added WHERE e.rowid > ? ORDER BY e.rowid",
        (after,),
    ).fetchall()
    return [(position, version_tag(str(store), *version)) for position, store, *version in rows]


def find_tagged(connection: sqlite3.Connection, wanted: Container[bytes]) -> Iterator[tuple[int, int, bool]]:
    """Yield the stored versions that have one of the tags: their keys, documents (keys), whether newest."""
    store = _store(connection)
    rows = connection.execute(
        "SELECT v.key, d.version = v.key, v.document, v.number, v.added, c.token FROM versions v"
        " JOIN documents d ON d.key = v.document LEFT JOIN changes c ON c.number = v.added"
    ).fetchall()
    for key, is_newest, document, number, added, token in rows:
        if version_tag(store, document, number, added, token) in wanted:
            yield key, document, bool(is_newest)


def _store(connection: sqlite3.Connection) -> str:
    (store,) = connection.execute("SELECT value FROM meta WHERE key = 'store'").fetchone()
    return str(store)
