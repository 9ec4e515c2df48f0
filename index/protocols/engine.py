"""Engines: the dense and the lexical index of a collection, derived from its record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from numpy.typing import NDArray

from index.filters import Filter
from index.protocols.snapshots import PastPassages, Snapshot
from index.records import Mark
from index.types import Ids, Importance, IndexedPassage, Ranking, Vectors

Noted = Callable[[str, float], None]
"""Notes that a stage of a search, by its name, has ended that began at a :func:`time.perf_counter`."""


def untimed(stage: str, began: float) -> None:
    """Notes nothing: a :data:`Noted` of searches that nobody times."""


Side = Literal["dense", "lexical"]
"""One of the two indexes: by meaning, or by words."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed index, which is being made anew from the record. ``since`` is in seconds since the epoch.

    ``is_searched``: it only fails to follow the record, and is still searched as it is.
    """

    side: Side
    reason: str
    since: float
    is_searched: bool = False


@dataclass(frozen=True, slots=True)
class Rankings:
    """The two rankings of one question, each best first.

    ``degraded`` names the indexes that have failed: their ranking is empty, or of an older state.
    """

    dense: Ranking
    lexical: Ranking
    degraded: tuple[Side, ...] = ()


class Searchable(Protocol):
    """Passages that can be searched by meaning and by words. Scores are similarities: more is better."""

    @property
    def degraded(self) -> tuple[Side, ...]:
        """The indexes that have failed and are not repaired yet."""

    def search(
        self,
        question: str,
        vector: Vectors,
        n: int,
        *,
        where: Filter | None = None,
        context: Sequence[tuple[str, float]] = (),
        noted: Noted = untimed,
    ) -> Rankings:
        """The at most ``n`` passages nearest to ``vector`` (dimension,), and those that share the best words.

        Both only in documents that ``where`` admits. ``context`` are other texts whose words count too,
        each with its weight beside the question's 1. ``noted`` is told of ``filter``, ``dense``, ``lexical``.
        """

    def search_words(self, text: str, n: int, *, where: Filter | None = None) -> Ids:
        """At most ``n`` passages that share words with a text, best first.

        Only in documents that ``where`` admits.
        """

    def scores(self, vector: Vectors, ids: Ids) -> NDArray:  # type: ignore[type-arg]
        """Inner products of ``vector`` (dimension,) with these passages; NaN for those not held. float32."""

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """The importance of each word of the question and its context: its share in a lexical score."""

    def terms(self, prefix: str) -> Mapping[str, int]:
        """The terms of the passages that begin so, with the number of passages that have each.

        None at all where the index cannot tell: then misspelt words are not corrected.
        """


class Engine(Searchable, Protocol):
    """The indexes over the live passages of a record. Searches never wait for updates.

    An index that fails is left out, and made anew from the record in the background: ``degraded`` of the
    rankings and :attr:`failures` say so. :class:`index.errors.IndexUnavailable` is raised by what cannot be
    answered without it.
    """

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The indexes that have failed and are not repaired yet."""

    def check(self) -> list[str]:
        """Compare all files with their checksums, and the number of passages with the record.

        Returns what is wrong, a sentence each. Reads every file: a few seconds for each gigabyte.
        """

    @property
    def change(self) -> int:
        """The record's change number up to which the engine is complete."""

    def prepare(self, texts: Iterable[str]) -> None:
        """Compute, without any lease, what an update with passages of these indexed texts will need.

        Not required: it shortens the update, for which writers hold the record's ``write`` lease.
        """

    def follow(self, moment: Snapshot) -> bool:
        """Apply what was committed up to a snapshot; see :meth:`update`."""

    def update(self) -> bool:
        """Apply what was committed to the record since; returns whether there was anything.

        An index that belongs to another history of the record is made anew, which is logged.
        Whoever holds the record's ``write`` lease finds the engine complete afterwards, unless another
        process is updating the same index for longer than a write waits; a later call then goes on.
        """

    def maintain(self, *, background: bool) -> None:
        """Compact the indexes if that is due, for instance build a new base; may take minutes."""

    def purge(self, change: int) -> bool:
        """Write anew the files that hold passages which were removed up to a change.

        False while another process is in the way: try again later. May take minutes.
        """

    def cleanse(self, change: int) -> bool:
        """Remove from files of this machine what was removed up to a change, which another machine purges.

        Cheap when an earlier call or process has done so. False as for :meth:`purge`.
        """

    def at(self, past: PastPassages) -> Searchable:
        """The passages of an earlier change, made searchable.

        Raises :class:`index.errors.MomentTooLarge`, and :class:`index.errors.NotSupported` where the engine
        cannot search earlier changes.
        """

    def forget(self) -> None:
        """Drop cached earlier changes, because something was erased."""

    def close(self) -> None: ...


class DenseIndex(Protocol):
    """Nearest passages by inner product; a part of the embedded engine. Readers never wait for writers."""

    @property
    def change(self) -> int:
        """The record's change number up to which this index is complete."""

    @property
    def mark(self) -> Mark:
        """Identifies that change."""

    def update(self, mark: Mark, *, ids: Ids, documents: Ids, vectors: Vectors, removed: Ids) -> None:
        """Add passages (id, document key, vector) and drop ``removed``. Repeating an update is harmless."""

    def search(self, query: Vectors, n: int, *, documents: Ids | None = None) -> list[Ranking]:
        """For each row of ``query`` the at most ``n`` nearest, among ``documents`` (keys) when given."""

    def scores(self, query: Vectors, ids: Ids) -> NDArray:  # type: ignore[type-arg]
        """Inner products of one query row with the named passages; NaN for those not held. float32."""

    def close(self) -> None: ...


class LexicalIndex(Protocol):
    """Passages by the words they share with a question (BM25); a part of the embedded engine."""

    @property
    def change(self) -> int:
        """The record's change number up to which this index is complete."""

    @property
    def mark(self) -> Mark:
        """Identifies that change."""

    def update(self, mark: Mark, *, added: Iterable[IndexedPassage], removed: Ids) -> None:
        """Add passages and drop ``removed``, durably. Repeating an update is harmless."""

    def search(
        self,
        question: str,
        n: int,
        *,
        documents: Ids | None = None,
        context: Sequence[tuple[str, float]] = (),
    ) -> Ranking:
        """At most ``n`` passages that share a word with the question, among ``documents`` when given."""

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """The importance of each word: its share in a score."""

    def terms(self, prefix: str) -> Mapping[str, int]:
        """The terms that begin so, with the number of passages that have each."""

    def equal_importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """Equal shares for all words, for when the index has failed."""

    def close(self) -> None: ...
