"""Records of the originals that are kept: as long as a version was read from them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


def prepare(connection: sqlite3.Connection) -> None:
    """Create the table, and triggers that maintain its total."""
    connection.execute(
        "CREATE TABLE originals (sha256 BLOB PRIMARY KEY, bytes INTEGER NOT NULL) WITHOUT ROWID"
    )
    connection.execute("INSERT INTO meta VALUES ('original_bytes', 0)")
    for event, sign, row in (("INSERT", "+", "NEW"), ("DELETE", "-", "OLD")):
        connection.execute(
            f"CREATE TRIGGER originals_{event.lower()} AFTER {event} ON originals BEGIN UPDATE meta"
            f" SET value = value {sign} {row}.bytes WHERE key = 'original_bytes'; END"
        )


def attach(connection: sqlite3.Connection, sha256: bytes, size: int) -> None:
    """Note that these bytes are kept, if a version was read from them."""
    connection.execute(
        "INSERT INTO originals SELECT ?1, ?2 WHERE EXISTS (SELECT 1 FROM versions WHERE source_sha256 = ?1)"
        " ON CONFLICT DO NOTHING",
        (sha256, size),
    )


def drop_unused(connection: sqlite3.Connection, sha256s: Iterable[bytes]) -> None:
    """Delete the rows of originals among these that no version was read from; files are swept later."""
    connection.executemany(
        "DELETE FROM originals WHERE sha256 = ?1"
        " AND NOT EXISTS (SELECT 1 FROM versions WHERE source_sha256 = ?1)",
        [(sha256,) for sha256 in sha256s],
    )


def kept(connection: sqlite3.Connection, sha256s: Iterable[bytes]) -> dict[bytes, int]:
    """Return the sizes of the originals among these that are kept; for a few hundred hashes at most."""
    wanted = list(sha256s)
    marks = ", ".join("?" * len(wanted))
    return dict(
        connection.execute(
            f"SELECT sha256, bytes FROM originals WHERE sha256 IN ({marks})", wanted
        ).fetchall()
    )


def all_kept(connection: sqlite3.Connection) -> set[bytes]:
    """Return the SHA-256 of all originals that are kept."""
    return {sha256 for (sha256,) in connection.execute("SELECT sha256 FROM originals")}
