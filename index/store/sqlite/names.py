"""Reserve (document id, hash prefix) so that a locator never names two texts.

The prefix has 48 bits, so an author can construct two texts with the same prefix (a birthday attack takes a
minute). The second such text is refused, even after the first was erased: a locator never resolves to
other words.
"""

from __future__ import annotations

import sqlite3

from index.store.rows.names import DIGITS, require_same


def put(connection: sqlite3.Connection, document_id: str, sha256: bytes, version: int) -> None:
    """Reserve the name of a version's text. Raises :class:`HashCollision` if another text has it."""
    (named,) = connection.execute(
        "INSERT INTO names VALUES (?, ?, ?, ?) ON CONFLICT (document_id, digits)"
        " DO UPDATE SET version = MAX(version, excluded.version) RETURNING text_sha256",
        (document_id, sha256[:DIGITS], sha256, version),
    ).fetchone()
    require_same(document_id, sha256, named)


def put_all(connection: sqlite3.Connection, document_id: str, document: int) -> None:
    """Reserve names under a new id for all versions of a document (key). Raises :class:`HashCollision`."""
    rows = connection.execute(
        "SELECT text_sha256, MAX(number) FROM versions WHERE document = ? GROUP BY text_sha256", (document,)
    ).fetchall()
    for sha256, version in rows:
        put(connection, document_id, sha256, version)
