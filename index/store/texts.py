"""Texts, stored once each by the hash of their words, in blocks so that a slice reads little."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Iterable

from index.errors import StoreDamaged, VersionNotFound

BLOCK = 16_384
"""Code points in a block."""
ERASED = "The version was deleted or pruned a moment ago."
"""What is said of a text that went while it was read."""


def text_sha256(text: str) -> bytes:
    """The 32-byte name of a text: SHA-256 of its UTF-8."""
    return hashlib.sha256(text.encode()).digest()


def put(connection: sqlite3.Connection, text: str) -> bytes:
    """Store a text unless it is there; returns its SHA-256."""
    sha = text_sha256(text)
    if connection.execute("SELECT 1 FROM texts WHERE sha256 = ?", (sha,)).fetchone():
        return sha
    connection.execute("INSERT INTO texts VALUES (?, ?)", (sha, len(text)))
    connection.executemany(
        "INSERT INTO text_blocks VALUES (?, ?, ?)",
        (
            (sha, number, zlib.compress(text[at : at + BLOCK].encode(), 6))
            for number, at in enumerate(range(0, len(text), BLOCK))
        ),
    )
    return sha


def read(connection: sqlite3.Connection, sha: bytes, start: int = 0, end: int | None = None) -> str:
    """``text[start:end]``; the whole text is checked against its hash.

    Raises :class:`StoreDamaged` when what is stored is not what was stored, and :class:`VersionNotFound`
    for a whole text that is erased; of one that is erased, any part is empty.
    """
    if end is not None and end <= start:
        return ""
    first = start // BLOCK
    last = (end - 1) // BLOCK if end is not None else 2**62
    rows = connection.execute(
        "SELECT body FROM text_blocks WHERE sha256 = ? AND number BETWEEN ? AND ? ORDER BY number",
        (sha, first, last),
    )
    try:
        blocks = "".join(zlib.decompress(body).decode() for (body,) in rows)
    except (zlib.error, UnicodeDecodeError) as error:
        raise _damaged(sha) from error
    if start == 0 and end is None:
        if text_sha256(blocks) != sha:
            require(connection, sha)
            raise _damaged(sha)
        return blocks
    offset = first * BLOCK
    return blocks[start - offset : None if end is None else end - offset]


def require(connection: sqlite3.Connection, sha: bytes) -> None:
    """Raise :class:`VersionNotFound` for a text that is erased."""
    if not connection.execute("SELECT 1 FROM texts WHERE sha256 = ?", (sha,)).fetchone():
        raise VersionNotFound(ERASED)


def stored(connection: sqlite3.Connection, shas: Iterable[bytes]) -> list[bytes]:
    """Those of the texts that are not erased; a few hundred at most."""
    wanted = list(shas)
    marks = ", ".join("?" * len(wanted))
    rows = connection.execute(f"SELECT sha256 FROM texts WHERE sha256 IN ({marks})", wanted)
    return [sha for (sha,) in rows.fetchall()]


def _damaged(sha: bytes) -> StoreDamaged:
    return StoreDamaged(f"The stored text {sha.hex()[:12]} is not what its hash says. Restore a backup.")


def drop_unused(connection: sqlite3.Connection, shas: list[bytes]) -> None:
    """Forget those of the texts that no version names any more."""
    for sha in shas:
        if not connection.execute("SELECT 1 FROM versions WHERE text_sha256 = ?", (sha,)).fetchone():
            connection.execute("DELETE FROM text_blocks WHERE sha256 = ?", (sha,))
            connection.execute("DELETE FROM texts WHERE sha256 = ?", (sha,))
