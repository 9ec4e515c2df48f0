"""Records of the originals that are kept: as long as a version was read from them."""

from __future__ import annotations

from collections.abc import Iterable

from index.postgresql import Transaction


def attach(transaction: Transaction, sha256: bytes, size: int) -> None:
    """Note that these bytes are kept, if a version was read from them."""
    transaction.execute(
        "INSERT INTO originals SELECT %s, %s WHERE EXISTS (SELECT FROM versions WHERE source_sha256 = %s)"
        " ON CONFLICT DO NOTHING",
        (sha256, size, sha256),
    )


def drop_unused(transaction: Transaction, sha256s: Iterable[bytes]) -> None:
    """Delete the rows of originals among these that no version was read from; files are swept later."""
    transaction.execute(
        "DELETE FROM originals WHERE sha256 = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM versions WHERE source_sha256 = originals.sha256)",
        (list(sha256s),),
    )


def kept(transaction: Transaction, sha256s: Iterable[bytes]) -> dict[bytes, int]:
    """Return the sizes of the originals among these that are kept."""
    rows = transaction.rows("SELECT sha256, bytes FROM originals WHERE sha256 = ANY(%s)", (list(sha256s),))
    return dict(rows)


def all_kept(transaction: Transaction) -> set[bytes]:
    """Return the SHA-256 of all originals that are kept."""
    return {sha256 for (sha256,) in transaction.rows("SELECT sha256 FROM originals")}
