"""Staging: passages and vectors that an upgrade prepares in a record, beside those in use."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from index.protocols.snapshots import Snapshot
from index.records import PendingPassage, StagingCounts
from index.types import Extract, Passage, Sentences, Vectors


@dataclass(frozen=True, slots=True)
class Unstaged:
    """A version (key) that is to be split into passages, as it was after its change ``latest``."""

    key: int
    latest: int
    extract: Extract
    title: str


class Staging(Protocol):
    """Other passages and vectors for all versions, durable, so that a killed upgrade goes on where it was.

    One process stages at a time. What is written meanwhile is in :meth:`unstaged`, what is erased is erased
    here, too.
    """

    def target(self) -> Mapping[str, Any] | None:
        """The description that passages are staged for; None if none are."""

    def begin(self, current: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        """Begin, or go on if the target is the same. ``current`` is the description in use."""

    def cancel(self) -> None:
        """Drop what is staged."""

    def unstaged(self, limit: int) -> list[Unstaged]:
        """Versions that are not staged as they are now, the newest of their documents first."""

    def stage(
        self,
        version: Unstaged,
        passages: Sequence[Passage],
        headings: Sequence[str],
        *,
        takes_over: bool = False,
    ) -> None:
        """Stage the passages of a version, unless it was changed or erased meanwhile.

        ``takes_over``: with the vectors and sentences that equal texts have already.
        """

    def waiting(self, after: int, limit: int) -> list[PendingPassage]:
        """Staged passages without a vector, with ids above ``after``, one for each text."""

    def put_vectors(self, keys: Sequence[bytes], vectors: Vectors, sentences: Sequence[Sentences]) -> None:
        """Stage vectors and sentences by the keys of their texts."""

    def counts(self) -> StagingCounts:
        """Count what is staged."""

    def snapshot(self) -> AbstractContextManager[Snapshot]:
        """A snapshot with the staged passages as those of the record. Open it under the write lease."""

    def exchange(self) -> bool:
        """Replace the passages and vectors in use by the staged ones, in one change, under the write lease.

        False if versions or vectors are missing. Locators, versions and texts stay as they are.
        """

    def delete_replaced(self) -> bool:
        """Delete a part of the replaced rows; returns whether there are more."""
