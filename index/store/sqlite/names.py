"""Reserve (document id, hash prefix) so that a locator never names two texts.

The prefix has 48 bits, so an author can construct two texts with the same prefix (a birthday attack takes a
minute). The second such text is refused, even after the first was erased: a locator never resolves to
other words.
"""

from __future__ import annotations

import sqlite3

from index.errors import HashCollision

_DIGITS = 6
"""Bytes of the hash prefix in a locator."""


def last_version(connection: sqlite3.Connection, document_id: str) -> int:
    """Return the highest version number ever used under this document id, or 0."""
    (number,) = connection.execute(
        "SELECT COALESCE(MAX(version), 0) FROM names WHERE document_id = ?", (document_id,)
    ).fetchone()
    return int(number)


def put(connection: sqlite3.Connection, document_id: str, sha256: bytes, version: int) -> None:
    """Reserve the name of a version's text. Raises :class:`HashCollision` if another text has it."""
    (named,) = connection.execute(
        "INSERT INTO names VALUES (?, ?, ?, ?) ON CONFLICT (document_id, digits)"
        " DO UPDATE SET version = MAX(version, excluded.version) RETURNING text_sha256",
        (document_id, sha256[:_DIGITS], sha256, version),
    ).fetchone()
    if named != sha256:
        raise HashCollision(
            f"{document_id!r}: the SHA-256 of this text begins with the same 12 digits as that of another "
            "text that was put under this id, so that locators could not tell them apart. Change the text, "
            "if only by a blank line, or choose another id."
        )


def put_all(connection: sqlite3.Connection, document_id: str, document: int) -> None:
    """Reserve names under a new id for all versions of a document (key). Raises :class:`HashCollision`."""
    rows = connection.execute(
        "SELECT text_sha256, MAX(number) FROM versions WHERE document = ? GROUP BY text_sha256", (document,)
    ).fetchall()
    for sha256, version in rows:
        put(connection, document_id, sha256, version)
