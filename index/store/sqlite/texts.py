"""Store each distinct text once, by its hash, in compressed blocks so that a slice reads few of them."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from collections.abc import Callable, Iterable
from functools import lru_cache

from index.errors import StoreDamaged, VersionNotFound

BLOCK = 16_384
"""Code points in a block."""
_BLOCKS_KEPT = 4
"""Blocks that :func:`slices` keeps: passages overlap, and come from a text in its order."""
ERASED = "The version was deleted or pruned a moment ago."
"""Message for a text that was erased while it was being read."""


def text_sha256(text: str) -> bytes:
    """Return the SHA-256 of the text in UTF-8."""
    return hashlib.sha256(text.encode()).digest()


def put(connection: sqlite3.Connection, text: str) -> bytes:
    """Store a text if it is new; returns its SHA-256."""
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
    """Return ``text[start:end]``; a whole text is checked against its hash.

    Raises :class:`StoreDamaged` if the stored data is corrupt, and :class:`VersionNotFound` for a whole text
    that is erased. A part of an erased text is empty.
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


def slices(connection: sqlite3.Connection) -> Callable[[bytes, int, int], str]:
    """Return a function that reads ``text[start:end]`` of a text, for slices in about their order.

    It gives what :func:`read` does, and decompresses each block once.
    """

    @lru_cache(_BLOCKS_KEPT)
    def block(sha: bytes, number: int) -> str:
        return read(connection, sha, number * BLOCK, (number + 1) * BLOCK)

    def slice_of(sha: bytes, start: int, end: int) -> str:
        first, last = start // BLOCK, max(start, end - 1) // BLOCK
        found = "".join(block(sha, number) for number in range(first, last + 1))
        return found[start - first * BLOCK : end - first * BLOCK]

    return slice_of


def require(connection: sqlite3.Connection, sha: bytes) -> None:
    """Raise :class:`VersionNotFound` if a text is erased."""
    if not connection.execute("SELECT 1 FROM texts WHERE sha256 = ?", (sha,)).fetchone():
        raise VersionNotFound(ERASED)


def stored(connection: sqlite3.Connection, shas: Iterable[bytes]) -> list[bytes]:
    """Return those of the texts that are not erased; for a few hundred hashes at most."""
    wanted = list(shas)
    marks = ", ".join("?" * len(wanted))
    rows = connection.execute(f"SELECT sha256 FROM texts WHERE sha256 IN ({marks})", wanted)
    return [sha for (sha,) in rows.fetchall()]


def _damaged(sha: bytes) -> StoreDamaged:
    return StoreDamaged(f"The stored text {sha.hex()[:12]} is not what its hash says. Restore a backup.")


def drop_unused(connection: sqlite3.Connection, shas: list[bytes]) -> None:
    """Delete those of the texts that no version uses."""
    for sha in shas:
        if not connection.execute("SELECT 1 FROM versions WHERE text_sha256 = ?", (sha,)).fetchone():
            connection.execute("DELETE FROM text_blocks WHERE sha256 = ?", (sha,))
            connection.execute("DELETE FROM texts WHERE sha256 = ?", (sha,))
