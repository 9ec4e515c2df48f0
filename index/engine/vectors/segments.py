"""Immutable segments and snapshots of the dense index. Every change makes a new snapshot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.engine.vectors.exact import AllowedRows, FlatVectors
from index.engine.vectors.rows import Rows
from index.records import Mark
from index.types import Ids

_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows with a bitmap of those that are live, eight rows to a byte; removed rows are dead."""

    rows: Rows
    bits: NDArray[np.uint8]
    dead: int = 0

    @staticmethod
    def whole(rows: Rows) -> Segment:
        return Segment(rows, np.packbits(np.ones(len(rows), np.bool_), bitorder="little"))

    def __len__(self) -> int:
        return self.rows.count - self.dead

    def live(self) -> Ids:
        """Return the positions of the live rows."""
        return np.flatnonzero(np.unpackbits(self.bits, count=len(self.rows), bitorder="little"))

    def lives(self, positions: Ids) -> NDArray[np.bool_]:
        """Whether the row at each position is live; False for position -1."""
        bits = self.bits[positions >> 3] >> (positions & 7).astype(np.uint8) & 1
        return np.asarray((bits == 1) & (positions >= 0))

    def find(self, ids: Ids) -> Ids:
        """Return the position of each id that is live here, else -1."""
        positions = self.rows.find(ids)
        return np.where(self.lives(positions), positions, -1) if self.dead else positions

    def without(self, ids: Ids) -> Segment:
        """Return the segment without these ids. Copies only the bitmap."""
        positions = np.unique(self.find(ids))
        positions = positions[positions >= 0]
        if len(positions) == 0:
            return self
        bits = self.bits.copy()
        np.bitwise_and.at(bits, positions >> 3, ~(np.uint8(1) << (positions & 7).astype(np.uint8)))
        return replace(self, bits=bits, dead=self.dead + len(positions))

    def only_here(self, other: Segment) -> Ids:
        """Return the positions of rows that are live here and not in another state of the same rows."""
        if other is self or not other.dead:
            return _NONE
        return np.flatnonzero(np.unpackbits(self.bits & ~other.bits, count=len(self.rows), bitorder="little"))

    def where_both(self, other: Segment) -> Segment:
        """Return the segment with the rows that are live here and in another state of the same rows."""
        gone = self.only_here(other)
        return replace(self, bits=self.bits & other.bits, dead=self.dead + len(gone)) if len(gone) else self

    def select_rows(self, documents: Ids | None) -> AllowedRows | None:
        """Return the rows that a search may return; None if there are none.

        ``documents`` as in :meth:`Rows.of_documents`.
        """
        if documents is None:
            live = self.rows.count - self.dead
            return AllowedRows(self.rows.count, live, bits=self.bits) if live else None
        positions = self.rows.of_documents(documents)
        if self.dead and len(positions):
            positions = positions[self.lives(positions)]
        if len(positions) == 0:
            return None
        if not np.all(positions[1:] > positions[:-1]):
            positions = np.sort(positions)
        return AllowedRows(len(self.rows), len(positions), chosen=positions)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the index: the parts of the base, deltas with later passages, and the record's change."""

    mark: Mark
    base: tuple[Segment, ...]
    deltas: tuple[Segment, ...] = ()

    @property
    def segments(self) -> tuple[Segment, ...]:
        return (*self.base, *self.deltas)

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    @property
    def beside(self) -> int:
        """Number of live passages that are not in the base."""
        return sum(len(delta) for delta in self.deltas)

    @property
    def rows(self) -> int:
        """Number of rows of the base, removed ones included."""
        return sum(part.rows.count for part in self.base)

    @property
    def removed(self) -> int:
        """Number of rows of the base whose passages were removed."""
        return sum(part.dead for part in self.base)

    @property
    def dead(self) -> int:
        return sum(segment.dead for segment in self.segments)

    def holds(self, ids: Ids) -> NDArray[np.bool_]:
        """Whether each id is live in some segment."""
        return _hold(self.segments, ids)

    def with_changes(self, mark: Mark, added: Rows, removed: Ids) -> Snapshot:
        """Return a snapshot with ``added``, none of which is live here, and without ``removed``."""
        deltas = [*self.deltas, *([Segment.whole(added)] if len(added) else [])]
        base = tuple(part.without(removed) for part in self.base)
        deltas = [kept for delta in deltas if len(kept := delta.without(removed))]
        # Sizes at least halve from one delta to the next, so there are at most log2(n) deltas, and each
        # vector is copied at most log2(n) times.
        while len(deltas) > 1 and len(deltas[-2]) < 2 * len(deltas[-1]):
            deltas[-2:] = [Segment.whole(merge_segments(deltas[-2:]))]
        return Snapshot(max(self.mark, mark, key=lambda one: one.change), base, tuple(deltas))

    def with_base(self, mark: Mark, base: tuple[Segment, ...]) -> Snapshot:
        """Return the same passages over another base, whose change is not after this snapshot's.

        Passages of the base that are not live here were removed since; live passages that are not in the base
        were added since. A part with the rows of one that is here is taken from here, which has lost what was
        removed since, so that the time this takes depends on the other parts alone.
        """
        here = {id(part.rows): part for part in self.base}
        new = [part for part in base if id(part.rows) not in here]
        kept = {id(part.rows) for part in base}
        ids = np.concatenate([_NONE, *(part.rows.ids[part.live()] for part in new)])
        newer, parts = [], []
        for part in base:
            mine = here.get(id(part.rows), part)
            parts.append(mine.where_both(part))
            # A passage that an unfinished update brought, and that others have added again since.
            live = mine.only_here(part)
            newer.append((part.rows, live[~_hold(new, part.rows.ids[live])]))
        for segment in self.segments:
            if id(segment.rows) not in kept:
                live = segment.live()
                newer.append((segment.rows, live[~_hold(new, segment.rows.ids[live])]))
        added = gather_rows(newer or [(self.base[0].rows, _NONE)])
        return Snapshot(mark, tuple(parts)).with_changes(self.mark, added, ids[~self.holds(ids)])


def _hold(segments: Sequence[Segment], ids: Ids) -> NDArray[np.bool_]:
    held = np.zeros(len(ids), np.bool_)
    for segment in segments:
        held |= segment.find(ids) >= 0
    return held


def merge_segments(segments: Sequence[Segment]) -> Rows:
    """Merge the live rows of several segments in memory."""
    return gather_rows([(segment.rows, segment.live()) for segment in segments])


def gather_rows(parts: Sequence[tuple[Rows, Ids]]) -> Rows:
    """Copy the rows at these positions into memory."""
    ids = np.concatenate([rows.ids[positions] for rows, positions in parts])
    documents = np.concatenate([rows.documents[positions] for rows, positions in parts])
    order = np.argsort(ids, kind="stable")
    stored = FlatVectors.gathered([(rows.stored, positions) for rows, positions in parts], order)
    return Rows(ids[order], documents[order], stored)
