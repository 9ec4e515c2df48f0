"""Store each distinct text once, by its hash, in compressed blocks so that a slice reads few of them."""

from collections.abc import Iterable, Sequence

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
from index.store.sql.statements import Statements
from index.store.sql.tables import BLOCKS

_LAST = 2**62
_BLOCKS_AT_ONCE = 4000


def put(statements: Statements, text: str) -> bytes:
    """Store a text if it is new; returns its SHA-256."""
    sha = text_sha256(text)
    added = statements.execute("INSERT INTO texts VALUES (?, ?) ON CONFLICT DO NOTHING", (sha, len(text)))
    if added:
        statements.add(BLOCKS, ((sha, number, block) for number, block in enumerate(pack_blocks(text))))
    return sha


def read(statements: Statements, sha: bytes, start: int = 0, end: int | None = None) -> str:
    """Return ``text[start:end]``; a whole text is checked against its hash.

    Raises :class:`index.errors.StoreDamaged` if the stored data is corrupt, and
    :class:`index.errors.VersionNotFound` for a whole text that is erased. A part of an erased text is empty.
    """
    if end is not None and end <= start:
        return ""
    first = start // BLOCK
    last = (end - 1) // BLOCK if end is not None else _LAST
    rows = statements.rows(
        "SELECT body FROM text_blocks WHERE sha256 = ? AND number BETWEEN ? AND ? ORDER BY number",
        (sha, first, last),
    )
    found = unpack(sha, [body for (body,) in rows])
    if start == 0 and end is None:
        if text_sha256(found) != sha:
            require(statements, sha)
            raise damage_error(sha)
        return found
    return found[start - first * BLOCK : None if end is None else end - first * BLOCK]


def read_wholes(statements: Statements, shas: Iterable[bytes]) -> dict[bytes, str]:
    """Return the texts among these that are not erased, each checked against its hash, by one query."""
    rows = statements.rows_among(
        "SELECT t.sha256, b.body FROM texts t LEFT JOIN text_blocks b ON b.sha256 = t.sha256"
        " WHERE {among} ORDER BY t.sha256, b.number",
        "t.sha256",
        shas,
    )
    blocks: dict[bytes, list[bytes]] = {}
    for sha, body in rows:
        blocks.setdefault(sha, []).extend(() if body is None else (body,))
    return {sha: unpack(sha, bodies, is_whole=True) for sha, bodies in blocks.items()}


def slices(statements: Statements, spans: Sequence[tuple[bytes, int, int]]) -> list[str]:
    """Return ``text[start:end]`` for each (SHA-256, start, end), empty for an erased text.

    Each block is read and decompressed once.
    """
    wanted = list({(sha, number): None for sha, start, end in spans for number in block_numbers(start, end)})
    blocks: dict[tuple[bytes, int], str] = {}
    for at in range(0, len(wanted), _BLOCKS_AT_ONCE):
        condition, values = statements.among_blocks(wanted[at : at + _BLOCKS_AT_ONCE])
        rows = statements.rows(f"SELECT sha256, number, body FROM text_blocks WHERE {condition}", values)
        blocks |= {(sha, number): unpack(sha, [body]) for sha, number, body in rows}
    found = []
    for sha, start, end in spans:
        numbers = block_numbers(start, end)
        text = "".join(blocks.get((sha, number), "") for number in numbers)
        found.append(text[start - numbers[0] * BLOCK : max(start, end) - numbers[0] * BLOCK])
    return found


def require(statements: Statements, sha: bytes) -> None:
    """Raise :class:`index.errors.VersionNotFound` if a text is erased."""
    if statements.row("SELECT 1 FROM texts WHERE sha256 = ?", (sha,)) is None:
        raise VersionNotFound(ERASED)


def drop_unused(statements: Statements, shas: Iterable[bytes]) -> None:
    """Delete the texts among these that no version uses."""
    rows = statements.rows_among(
        "DELETE FROM texts WHERE {among}"
        " AND NOT EXISTS (SELECT 1 FROM versions WHERE text_sha256 = texts.sha256) RETURNING sha256",
        "sha256",
        shas,
    )
    statements.execute_among("DELETE FROM text_blocks WHERE {among}", "sha256", (sha for (sha,) in rows))
