"""Profiles of passages: how often each term occurs, in numbers that the engine keeps as columns.

The engine gives such a number of a hundred passages in microseconds; reading and counting their terms takes
a hundred times as long. A profile is a hash table with a column for each row: a term is in the column of its
hash, with 9 bits of the hash and 3 of its count, if there is room. So a profile may be wrong about a term.
What is computed from it is therefore compared with the engine's score.
"""

import zlib
from array import array
from collections import Counter
from collections.abc import Sequence

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
_LAST_SHIFT = int(_SHIFTS[-1])
_MOST_PLACES = 50_000
"""Terms whose places are remembered."""


def profile(terms: str) -> dict[str, int]:
    """Encode terms, separated by spaces: the numbers of the columns that are not empty.

    Long terms come first where there is no room for all, since questions rarely have short ones.
    """
    counts = Counter(terms.split())
    numbers, ends = [0] * len(COLUMNS), [0] * len(COLUMNS)
    for term in sorted(counts, key=len, reverse=True):
        column, mark = _places[term]
        if (end := ends[column]) <= _LAST_SHIFT:
            count = counts[term]
            numbers[column] |= (mark | (count if count < _MOST else _MOST)) << end
            ends[column] = end + _ENTRY_BITS
    return {name: number for name, number in zip(COLUMNS, numbers, strict=True) if number}


def counts(
    searcher: tantivy.Searcher, places: list[tantivy.DocAddress], terms: Sequence[str]
) -> NDArray[np.int64]:
    """Read from profiles how often each passage has each term; shape (passages, terms)."""
    columns, marks = zip(*map(_places.__getitem__, terms), strict=True)
    values: list[int | None] = []
    for column in columns:
        values += searcher.fast_field_values(COLUMNS[column], places)  # type: ignore[arg-type]
    numbers = np.frombuffer(array("Q", [value or 0 for value in values]), np.uint64)
    entries = (numbers.reshape(len(terms), len(places), 1) >> _SHIFTS & _ENTRY).astype(np.int64)
    others = entries ^ np.array(marks, np.int64)[:, None, None]
    found = np.where(others <= _MOST, others, 0).sum(axis=2).T
    return np.ascontiguousarray(found)


class _Places(dict[str, tuple[int, int]]):
    """The column of each term, and the bits of its hash in an entry: most terms are those of others, too."""

    def __missing__(self, term: str) -> tuple[int, int]:
        rest, column = divmod(zlib.crc32(term.encode()), len(COLUMNS))
        if len(self) >= _MOST_PLACES:
            self.clear()
        place = self[term] = column, rest << _COUNT_BITS & _ENTRY
        return place


_places = _Places()
