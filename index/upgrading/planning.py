"""Plans of upgrades: the fields to change, and estimates of time and disk."""

from dataclasses import dataclass

import numpy as np

from index.description import Description
from index.errors import DiskFull
from index.protocols import Snapshot, has_same_weights

_FIELDS = ("model", "chunker", "chunking", "sentences", "analysis")
"""Fields of a description that an upgrade can change."""
_SAMPLE = 16
"""Passages that are embedded to tell how long all will take."""
_SPACE = 1.3
"""Free space that is required for each byte that is estimated."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of an upgrade.

    ``changes`` are :func:`changed_fields`; none means that there is nothing to do.
    ``passages`` are those to embed, about; ``seconds`` and ``bytes`` are estimated, ``free`` is the free
    space of the disk. ``begun``: it was begun before and goes on.
    """

    target: Description
    changes: list[str]
    documents: int
    passages: int
    seconds: float
    bytes: int
    free: int
    begun: bool

    def require_space(self) -> None:
        """Raise :class:`index.errors.DiskFull` if there is too little free space."""
        if self.changes and self.bytes * _SPACE > self.free:
            raise DiskFull(
                f"The upgrade needs about {self.bytes / 2**20:,.0f} MiB, and {self.free / 2**20:,.0f} MiB of "
                "the disk are free. Make room; the collection is as before."
            )


def changed_fields(current: Description, target: Description) -> list[str]:
    """Names of the fields that differ; ``precision`` instead of ``model`` where the weights are the same."""
    changes = [name for name in _FIELDS if getattr(current, name) != getattr(target, name)]
    if current.precision != target.precision and has_same_weights(current.model, target.model):
        changes[0] = "precision"
    return changes


def sample(moment: Snapshot, last: int) -> list[str]:
    """Texts of some passages up to the id ``last``, the same at each call."""
    ids = np.unique(np.linspace(max(1, last // 2), max(1, last), 4 * _SAMPLE).astype(np.int64))
    return [passage.text for passage in moment.passages(ids)[:_SAMPLE]]


def bytes_of_passage(target: Description) -> float:
    """Estimate the bytes of a passage in the record and in both indexes.

    On passages of Wikipedia 6.5 KB were measured with 384 dimensions: a vector takes two bytes a component in
    the record and in the base, its sentences one byte each, and the rest is rows and words.
    """
    return 2500 + target.dimension * 10
