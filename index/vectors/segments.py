"""Immutable pieces of the dense index. Every change makes a new snapshot; readers keep the one they took."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.types import Ids
from index.vectors.exact import Allowed
from index.vectors.rows import Rows


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows without the removed ones: one bit per row, eight to a byte, 1 while it lives."""

    rows: Rows
    bits: NDArray[np.uint8]
    dead: int = 0

    @staticmethod
    def whole(rows: Rows) -> Segment:
        return Segment(rows, np.packbits(np.ones(len(rows), np.bool_), bitorder="little"))

    def __len__(self) -> int:
        return len(self.rows) - self.dead

    def live(self) -> Ids:
        """Positions of the rows that live."""
        return np.flatnonzero(np.unpackbits(self.bits, count=len(self.rows), bitorder="little"))

    def lives(self, positions: Ids) -> NDArray[np.bool_]:
        """Whether the row at each position lives; -1 is nowhere."""
        bits = self.bits[positions >> 3] >> (positions & 7).astype(np.uint8) & 1
        return np.asarray((bits == 1) & (positions >= 0))

    def find(self, ids: Ids) -> Ids:
        """The position of each id that lives here, else -1."""
        positions = self.rows.find(ids)
        if len(self.rows) == 0:
            return positions
        return np.where(self.lives(positions), positions, -1)

    def without(self, ids: Ids) -> Segment:
        """The same rows with fewer living. Copies the bits, an eighth of a byte a row."""
        positions = np.unique(self.find(ids))
        positions = positions[positions >= 0]
        if len(positions) == 0:
            return self
        bits = self.bits.copy()
        np.bitwise_and.at(bits, positions >> 3, ~(np.uint8(1) << (positions & 7).astype(np.uint8)))
        return replace(self, bits=bits, dead=self.dead + len(positions))

    def allowed(self, documents: Ids | None) -> Allowed | None:
        """What a search may return, or None when that is nothing. Keys as in :meth:`Rows.of_documents`."""
        if documents is None:
            return Allowed(len(self.rows), len(self), bits=self.bits) if len(self) else None
        positions = self.rows.of_documents(documents)
        if self.dead and len(positions):
            positions = positions[self.lives(positions)]
        if len(positions) == 0:
            return None
        if not np.all(positions[1:] > positions[:-1]):
            positions = np.sort(positions)
        return Allowed(len(self.rows), len(positions), chosen=positions)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the index: the base, what came since, and the store's change number."""

    change: int
    base: Segment
    deltas: tuple[Segment, ...] = ()

    @property
    def segments(self) -> tuple[Segment, ...]:
        return (self.base, *self.deltas)

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    @property
    def dead(self) -> int:
        return sum(segment.dead for segment in self.segments)

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """Whether each id lives in some segment."""
        held = np.zeros(len(ids), np.bool_)
        for segment in self.segments:
            held |= segment.find(ids) >= 0
        return held

    def changed(self, change: int, added: Rows, removed: Ids) -> Snapshot:
        """With ``added``, none of which lives here, and without ``removed``."""
        deltas = [*self.deltas, *([Segment.whole(added)] if len(added) else [])]
        base = self.base.without(removed)
        deltas = [kept for delta in deltas if len(kept := delta.without(removed))]
        # Sizes at least halve from one delta to the next: there are at most log2(n) of them, and
        # a vector is copied as often.
        while len(deltas) > 1 and len(deltas[-2]) < 2 * len(deltas[-1]):
            deltas[-2:] = [Segment.whole(merged(deltas[-2:]))]
        return Snapshot(max(change, self.change), base, tuple(deltas))

    def rebased(self, change: int, base: Segment) -> Snapshot:
        """The same passages over another base, made at a change not after this snapshot's.

        A passage of the base that does not live here was removed since; one that lives here and not in the
        base came since.
        """
        ids = base.rows.ids[base.live()]
        gone = ids[~self.holds(ids)]
        newer = []
        for segment in self.segments:
            live = segment.live()
            newer.append((segment.rows, live[base.find(segment.rows.ids[live]) < 0]))
        return Snapshot(change, base).changed(self.change, gathered(newer), gone)


def merged(segments: Sequence[Segment]) -> Rows:
    """One segment's rows out of several in memory, the living ones only."""
    return gathered([(segment.rows, segment.live()) for segment in segments])


def gathered(parts: Sequence[tuple[Rows, Ids]]) -> Rows:
    """Copies in memory of the rows at these positions."""
    ids = np.concatenate([rows.ids[positions] for rows, positions in parts])
    documents = np.concatenate([rows.documents[positions] for rows, positions in parts])
    return Rows.of(ids, documents, np.concatenate([rows.vectors(positions) for rows, positions in parts]))
