"""Statistics of the dense index."""

from __future__ import annotations

from dataclasses import dataclass

from index.engine.vectors.approximation import Tuning
from index.engine.vectors.files import Base, Kind
from index.engine.vectors.segments import Snapshot


@dataclass(frozen=True, slots=True)
class Description:
    """State of an index.

    ``kind``, ``tuning`` (None for a flat base, which is exact), ``size`` of the files in bytes and ``change``
    describe the base. ``passages`` counts all passages, ``beside`` those that are not in the base, and
    ``removed`` the rows of the base that are dead.
    """

    kind: Kind
    passages: int
    beside: int
    removed: int
    size: int
    change: int
    tuning: Tuning | None

    @staticmethod
    def of(base: Base, snapshot: Snapshot) -> Description:
        """Describe a snapshot over a base."""
        approximation = snapshot.base.rows.approximation
        return Description(
            kind=base.kind,
            passages=len(snapshot),
            beside=snapshot.beside,
            removed=snapshot.base.dead,
            size=base.size,
            change=base.mark.change,
            tuning=approximation.tuning if approximation else None,
        )
