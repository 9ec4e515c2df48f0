"""Profiles of passages: how often each term occurs, in numbers that the engine keeps as columns.

The engine gives such a number of a hundred passages in microseconds; reading and counting their terms takes
a hundred times as long. A profile is a hash table with a column for each row: a term is in the column of its
hash, with 9 bits of the hash and 3 of its count, if there is room. So a profile may be wrong about a term.
What is computed from it is therefore compared with the engine's score.
"""

from __future__ import annotations

import zlib
from array import array
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import tantivy
from numpy.typing import NDArray

COLUMNS = tuple(f"profile_{number}" for number in range(32))
"""The fields of a profile: 256 bytes for most passages."""

_COUNT_BITS = 3
_ENTRY_BITS = 12
_MOST = (1 << _COUNT_BITS) - 1
_ENTRY = (1 << _ENTRY_BITS) - 1
_SHIFTS = np.arange(0, 64 - _ENTRY_BITS, _ENTRY_BITS, dtype=np.uint64)


def profile(terms: str) -> dict[str, int]:
    """Encode terms, separated by spaces: the numbers of the columns that are not empty.

    Long terms come first where there is no room for all, since questions rarely have short ones.
    """
    counts = Counter(terms.split())
    columns: dict[str, list[int]] = {}
    for term in sorted(counts, key=len, reverse=True):
        name, mark = _place(term)
        entries = columns.setdefault(name, [])
        if len(entries) < len(_SHIFTS):
            entries.append(mark | min(counts[term], _MOST))
    return {
        name: sum(entry << _ENTRY_BITS * at for at, entry in enumerate(entries))
        for name, entries in columns.items()
    }


def counts(
    searcher: tantivy.Searcher, places: list[tantivy.DocAddress], terms: Sequence[str]
) -> NDArray[np.int64]:
    """Read from profiles how often each passage has each term; shape (passages, terms)."""
    names, marks = zip(*map(_place, terms), strict=True)
    values: list[int | None] = []
    for name in names:
        values += searcher.fast_field_values(name, places)  # type: ignore[arg-type]
    numbers = np.frombuffer(array("Q", [value or 0 for value in values]), np.uint64)
    entries = (numbers.reshape(len(terms), len(places), 1) >> _SHIFTS & _ENTRY).astype(np.int64)
    others = entries ^ np.array(marks, np.int64)[:, None, None]
    found = np.where(others <= _MOST, others, 0).sum(axis=2).T
    return np.ascontiguousarray(found)


@lru_cache(16_384)  # most terms of a passage are those of others, too
def _place(term: str) -> tuple[str, int]:
    """The column of a term, and the bits of its hash in an entry."""
    rest, column = divmod(zlib.crc32(term.encode()), len(COLUMNS))
    return COLUMNS[column], rest << _COUNT_BITS & _ENTRY
