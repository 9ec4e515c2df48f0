"""Pack a text into compressed blocks, so that a slice reads few of them."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator

from index.errors import StoreDamaged

BLOCK = 16_384
"""Code points in a block."""
ERASED = "The version was deleted or pruned a moment ago."
"""Message for a text that was erased while it was being read."""


def text_sha256(text: str) -> bytes:
    """Return the SHA-256 of the text in UTF-8."""
    return hashlib.sha256(text.encode()).digest()


def pack_blocks(text: str) -> Iterator[bytes]:
    """Yield the blocks of a text, in order."""
    for at in range(0, len(text), BLOCK):
        yield zlib.compress(text[at : at + BLOCK].encode(), 6)


def unpack(sha: bytes, blocks: Iterable[bytes], *, is_whole: bool = False) -> str:
    """Return the text of consecutive blocks; one that ``is_whole`` is checked against its hash.

    Raises :class:`index.errors.StoreDamaged`.
    """
    try:
        stored = b"".join(map(zlib.decompress, blocks))
        text = stored.decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise damage_error(sha) from error
    if is_whole and hashlib.sha256(stored).digest() != sha:
        raise damage_error(sha)
    return text


def block_numbers(start: int, end: int) -> range:
    """Return the numbers of the blocks that have a part of ``text[start:end]``."""
    return range(start // BLOCK, max(start, end - 1) // BLOCK + 1)


def damage_error(sha: bytes) -> StoreDamaged:
    """Return the error for a text that does not match its hash."""
    return StoreDamaged(f"The stored text {sha.hex()[:12]} is not what its hash says. Restore a backup.")
