"""Counts of a migration: planned and moved."""

from collections.abc import Callable
from dataclasses import dataclass, field

from index.copying import Difference

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, items done, items in all)."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A collection that would be moved. ``state``: ``new``, ``unfinished`` or ``moved``, up to ``reached``.

    ``bytes`` is the size of texts, vectors and originals.
    """

    name: str
    change: int
    documents: int
    versions: int
    passages: int
    bytes: int
    state: str
    reached: int


@dataclass(slots=True)
class MovedCollection:
    """A collection that was moved, or was there already, as of a change.

    ``held_seconds`` is how long nobody could write the source; ``rows`` and ``hashes`` are what was compared,
    ``questions`` how many were asked of both.
    """

    name: str
    change: int = 0
    documents: int = 0
    passages: int = 0
    originals: int = 0
    held_seconds: float = 0.0
    rows: dict[str, int] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    questions: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """All that was moved. ``beside`` has the rows that were moved beside the collections, by table."""

    collections: list[MovedCollection] = field(default_factory=list)
    beside: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """True if source and target have the same content."""
        return not self.differences and not any(one.differences for one in self.collections)
