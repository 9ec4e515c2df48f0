"""What locators may name: for a document's id and 12 digits of a hash, one text for good.

48 bits are few enough that whoever writes two texts can make them agree in these (a birthday attack takes
a minute). So the second such text is refused, also after the first was erased: nobody who holds a locator
is ever shown other words.
"""

from __future__ import annotations

import sqlite3

from index.errors import HashCollision

_DIGITS = 6
"""Bytes of a hash in a locator."""


def last_version(connection: sqlite3.Connection, document_id: str) -> int:
    """The highest number that a version of a document of this id ever had; 0 if none had."""
    (number,) = connection.execute(
        "SELECT COALESCE(MAX(version), 0) FROM names WHERE document_id = ?", (document_id,)
    ).fetchone()
    return int(number)


def put(connection: sqlite3.Connection, document_id: str, sha256: bytes, version: int) -> None:
    """Note that a version has a text. Raises :class:`HashCollision` where the name is another text's."""
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
    """Note the same for all versions of a document (key) that gets this id. Raises :class:`HashCollision`."""
    rows = connection.execute(
        "SELECT text_sha256, MAX(number) FROM versions WHERE document = ? GROUP BY text_sha256", (document,)
    ).fetchall()
    for sha256, version in rows:
        put(connection, document_id, sha256, version)
