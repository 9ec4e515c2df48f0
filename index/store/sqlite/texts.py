"""Store each distinct text once, by its hash, in compressed blocks so that a slice reads few of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from functools import lru_cache

from index.errors import VersionNotFound
from index.store.rows.texts import (
    BLOCK,
    ERASED,
    block_numbers,
    damage_error,
    pack_blocks,
    text_sha256,
    unpack,
)

_BLOCKS_KEPT = 4
"""Blocks that :func:`slices` keeps: passages overlap, and come from a text in its order."""


def put(connection: sqlite3.Connection, text: str) -> bytes:
    """Store a text if it is new; returns its SHA-256."""
    sha = text_sha256(text)
    added = connection.execute(
        "INSERT INTO texts VALUES (?, ?) ON CONFLICT DO NOTHING", (sha, len(text))
    ).rowcount
    if added:
        connection.executemany(
            "INSERT INTO text_blocks VALUES (?, ?, ?)",
            ((sha, number, block) for number, block in enumerate(pack_blocks(text))),
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
    blocks = unpack(sha, (body for (body,) in rows))
    if start == 0 and end is None:
        if text_sha256(blocks) != sha:
            require(connection, sha)
            raise damage_error(sha)
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
        numbers = block_numbers(start, end)
        found = "".join(block(sha, number) for number in numbers)
        return found[start - numbers[0] * BLOCK : end - numbers[0] * BLOCK]

    return slice_of


def require(connection: sqlite3.Connection, sha: bytes) -> None:
    """Raise :class:`VersionNotFound` if a text is erased."""
    if not connection.execute("SELECT 1 FROM texts WHERE sha256 = ?", (sha,)).fetchone():
        raise VersionNotFound(ERASED)


def list_stored(connection: sqlite3.Connection, shas: Iterable[bytes]) -> list[bytes]:
    """Return the texts among these that are not erased; for a few hundred hashes at most."""
    wanted = list(shas)
    marks = ", ".join("?" * len(wanted))
    rows = connection.execute(f"SELECT sha256 FROM texts WHERE sha256 IN ({marks})", wanted)
    return [sha for (sha,) in rows.fetchall()]


def drop_unused(connection: sqlite3.Connection, shas: list[bytes]) -> None:
    """Delete the texts among these that no version uses."""
    for sha in shas:
        if not connection.execute("SELECT 1 FROM versions WHERE text_sha256 = ?", (sha,)).fetchone():
            connection.execute("DELETE FROM text_blocks WHERE sha256 = ?", (sha,))
            connection.execute("DELETE FROM texts WHERE sha256 = ?", (sha,))
