"""The folders that documents are in, for the filter of the form."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from index.history import Archive

MOST = 40
"""Folders that are offered."""
_DEPTH = 2
_PIECE = 100
_MOST_LOOKS = 30
_MOST_PIECES = 4
"""Looks at files without a folder that are taken: each takes as long as ten others, and every page waits."""


def folders_of(archive: Archive) -> list[str]:
    """Folders by name, those inside others too, as far as they are found with few looks at the record."""
    return list(islice(dict.fromkeys(_folders(archive)), MOST))


def _folders(archive: Archive) -> Iterator[str]:
    after, limit, pieces = "", 1, 0
    for _ in range(_MOST_LOOKS):
        if (pieces := pieces + (limit > 1)) > _MOST_PIECES:
            return
        found = archive.documents(limit=limit, after=after)
        if not found:
            return
        for one in found:
            parts = one.id.split("/")[:-1][:_DEPTH]
            yield from ("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))
            if len(parts) == _DEPTH:  # its other documents say nothing new: go on behind all of them
                after, limit = f"{'/'.join(parts)}/\U0010ffff", 1
                break
            after, limit = one.id, _PIECE
