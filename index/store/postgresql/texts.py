"""Store each distinct text once, by its hash, in compressed blocks so that a slice reads few of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from index.errors import VersionNotFound
from index.postgresql import Transaction
from index.store.rows.texts import (
    BLOCK,
    ERASED,
    block_numbers,
    damage_error,
    pack_blocks,
    text_sha256,
    unpack,
    unpack_checked,
)

_LAST = 2**62


def put(transaction: Transaction, text: str) -> bytes:
    """Store a text if it is new; returns its SHA-256."""
    sha = text_sha256(text)
    added = transaction.execute(
        "INSERT INTO texts VALUES (%s, %s) ON CONFLICT DO NOTHING", (sha, len(text))
    ).rowcount
    if added:
        columns = {"sha256": "bytea", "number": "int8", "body": "bytea"}
        blocks = ((sha, number, block) for number, block in enumerate(pack_blocks(text)))
        transaction.copy("text_blocks", columns, blocks)
    return sha


def read(transaction: Transaction, sha: bytes, start: int = 0, end: int | None = None) -> str:
    """Return ``text[start:end]``; a whole text is checked against its hash.

    Raises :class:`index.errors.StoreDamaged` if the stored data is corrupt, and
    :class:`index.errors.VersionNotFound` for a whole text that is erased. A part of an erased text is empty.
    """
    if end is not None and end <= start:
        return ""
    first = start // BLOCK
    last = (end - 1) // BLOCK if end is not None else _LAST
    rows = transaction.rows(
        "SELECT body FROM text_blocks WHERE sha256 = %s AND number BETWEEN %s AND %s ORDER BY number",
        (sha, first, last),
    )
    found = unpack(sha, (body for (body,) in rows))
    if start == 0 and end is None:
        if text_sha256(found) != sha:
            require(transaction, sha)
            raise damage_error(sha)
        return found
    return found[start - first * BLOCK : None if end is None else end - first * BLOCK]


def read_wholes(transaction: Transaction, shas: Sequence[bytes]) -> dict[bytes, str]:
    """Return the texts among these that are not erased, each checked against its hash, by one query."""
    rows = transaction.rows(
        "SELECT t.sha256, array_agg(b.body ORDER BY b.number) FILTER (WHERE b.body IS NOT NULL)"
        " FROM texts t LEFT JOIN text_blocks b ON b.sha256 = t.sha256 WHERE t.sha256 = ANY(%s)"
        " GROUP BY t.sha256",
        (list(shas),),
    )
    return {sha: unpack_checked(sha, blocks or []) for sha, blocks in rows}


def slices(transaction: Transaction, spans: Sequence[tuple[bytes, int, int]]) -> list[str]:
    """Return ``text[start:end]`` for each (SHA-256, start, end), empty for an erased text, by one query."""
    wanted = {(sha, number) for sha, start, end in spans for number in block_numbers(start, end)}
    if not wanted:
        return ["" for _ in spans]
    rows = transaction.rows(
        "SELECT sha256, number, body FROM text_blocks JOIN unnest(%s::bytea[], %s::bigint[])"
        " AS wanted (sha256, number) USING (sha256, number)",
        ([sha for sha, _ in wanted], [number for _, number in wanted]),
    )
    blocks = {(sha, number): unpack(sha, [body]) for sha, number, body in rows}
    found = []
    for sha, start, end in spans:
        numbers = block_numbers(start, end)
        text = "".join(blocks.get((sha, number), "") for number in numbers)
        found.append(text[start - numbers[0] * BLOCK : end - numbers[0] * BLOCK])
    return found


def require(transaction: Transaction, sha: bytes) -> None:
    """Raise :class:`index.errors.VersionNotFound` if a text is erased."""
    if transaction.row("SELECT 1 FROM texts WHERE sha256 = %s", (sha,)) is None:
        raise VersionNotFound(ERASED)


def list_stored(transaction: Transaction, shas: Iterable[bytes]) -> list[bytes]:
    """Return the texts among these that are not erased."""
    rows = transaction.rows("SELECT sha256 FROM texts WHERE sha256 = ANY(%s)", (list(shas),))
    return [sha for (sha,) in rows]


def drop_unused(transaction: Transaction, shas: Sequence[bytes]) -> None:
    """Delete the texts among these that no version uses."""
    rows = transaction.rows(
        "DELETE FROM texts WHERE sha256 = ANY(%s)"
        " AND NOT EXISTS (SELECT FROM versions WHERE text_sha256 = texts.sha256) RETURNING sha256",
        (list(shas),),
    )
    transaction.execute("DELETE FROM text_blocks WHERE sha256 = ANY(%s)", ([sha for (sha,) in rows],))
