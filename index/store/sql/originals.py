"""Records of the originals that are kept: as long as a version was read from them."""

from __future__ import annotations

from collections.abc import Iterable

from index.store.sql.statements import Statements


def attach(statements: Statements, sha256: bytes, size: int) -> None:
    """Note that these bytes are kept, if a version was read from them."""
    statements.execute(
        "INSERT INTO originals SELECT ?, ? WHERE EXISTS (SELECT 1 FROM versions WHERE source_sha256 = ?)"
        " ON CONFLICT DO NOTHING",
        (sha256, size, sha256),
    )


def drop_unused(statements: Statements, sha256s: Iterable[bytes]) -> None:
    """Delete the rows of originals among these that no version was read from; files are swept later."""
    statements.execute_among(
        "DELETE FROM originals WHERE {among}"
        " AND NOT EXISTS (SELECT 1 FROM versions WHERE source_sha256 = originals.sha256)",
        "sha256",
        sha256s,
    )


def kept(statements: Statements, sha256s: Iterable[bytes]) -> dict[bytes, int]:
    """Return the sizes of the originals among these that are kept."""
    return dict(statements.rows_among("SELECT sha256, bytes FROM originals WHERE {among}", "sha256", sha256s))


def all_kept(statements: Statements) -> set[bytes]:
    """Return the SHA-256 of all originals that are kept."""
    return {sha256 for (sha256,) in statements.rows("SELECT sha256 FROM originals")}
