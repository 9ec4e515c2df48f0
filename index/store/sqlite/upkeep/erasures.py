"""Tags of erased versions: hashes by which a ledger outside the file knows them.

A tag identifies a version by its place in the history of the file, not by its id or text: nothing can be
learnt from it without the file. A version that is stored again after it was erased has another tag.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Container, Iterator

_TAG_BYTES = 16


def store_tag(connection: sqlite3.Connection) -> bytes:
    """Return the tag of the whole file."""
    return hashlib.blake2b(_store(connection), digest_size=_TAG_BYTES, person=b"loccit store").digest()


def erased(connection: sqlite3.Connection, after: int) -> list[tuple[int, bytes]]:
    """Return the erased versions after a position: the position and the tag of each, in order."""
    rows = connection.execute(
        "SELECT e.rowid, e.document, e.version, e.added, c.token FROM erased e"
        " LEFT JOIN changes c ON c.number = e.added WHERE e.rowid > ? ORDER BY e.rowid",
        (after,),
    ).fetchall()
    store = _store(connection)
    return [(position, _tag(store, *version)) for position, *version in rows]


def tagged(connection: sqlite3.Connection, tags: Container[bytes]) -> Iterator[tuple[int, int, bool]]:
    """Yield the stored versions that have one of the tags: their keys, documents (keys), whether newest."""
    store = _store(connection)
    rows = connection.execute(
        "SELECT v.key, d.version = v.key, v.document, v.number, v.added, c.token FROM versions v"
        " JOIN documents d ON d.key = v.document LEFT JOIN changes c ON c.number = v.added"
    ).fetchall()
    for key, is_newest, document, number, added, token in rows:
        if _tag(store, document, number, added, token) in tags:
            yield key, document, bool(is_newest)


def _store(connection: sqlite3.Connection) -> bytes:
    (store,) = connection.execute("SELECT value FROM meta WHERE key = 'store'").fetchone()
    return bytes.fromhex(store)


def _tag(store: bytes, document: int, number: int, added: int, token: bytes | None) -> bytes:
    named = f"{document} {number} {added} {(token or b'').hex()}"
    return hashlib.blake2b(named.encode(), key=store, digest_size=_TAG_BYTES).digest()
