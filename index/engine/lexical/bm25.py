"""The lexical index in one folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tantivy

from index.config import VectorsConfig
from index.engine.lexical import segments, sharing
from index.engine.lexical.folder import IndexFolder, Segments, State
from index.engine.lexical.prepared import PreparedTerms
from index.engine.lexical.ranking import rank
from index.engine.lexical.segments import SCHEMA, SEARCHED, list_segments, stored_terms, translate_errors
from index.engine.lexical.terms import (
    equal_importance,
    importance_of,
    weighted_terms,
)
from index.errors import CollectionBusy
from index.records import Mark
from index.text.analysis import Analyzer
from index.types import Ids, Importance, IndexedPassage, Ranking

_BATCH = 1000
"""Passages written at a time, whose texts are in memory together."""

_DEFAULTS = VectorsConfig()


class TantivyIndex:
    """Finds passages by their words. Implements :class:`index.protocols.LexicalIndex`.

    The folder contains ``applied.json`` and the segments folder that it names. A rebuild writes a new
    segments folder beside the old one, which stays in use until ``applied.json`` names the new one.

    Thread-safe: a search keeps the state that it started with. Several processes may open the folder; one
    at a time writes, and the others see the result after :meth:`refresh`.
    """

    def __init__(self, folder: Path, analyzer: Analyzer, checked_bytes: int) -> None:
        """Use :meth:`open`."""
        self._analyzer = analyzer
        self._prepared = PreparedTerms(analyzer)
        self._folder = IndexFolder(folder, analyzer.version, checked_bytes)
        self._rewriter = Rewriter(self._folder)
        self._built = State()

    @staticmethod
    def open(
        folder: str | Path, analyzer: Analyzer, *, checked_bytes: int = _DEFAULTS.checked_bytes
    ) -> TantivyIndex:
        """Open the folder without writing to it. Files of at most ``checked_bytes`` are checked at once.

        If it is damaged or of another format or analyzer, log that and open it empty, at change 0, as if it
        did not exist: it is then filled from the store.
        """
        return TantivyIndex(Path(folder), analyzer, checked_bytes)

    @property
    def change(self) -> int:
        """The store's change number up to which the index is complete."""
        return self.mark.change

    @property
    def mark(self) -> Mark:
        """Identifies that change."""
        return self._folder.state.mark

    @property
    def name(self) -> str:
        """The name of the segments folder in use, another one after each rebuild; empty if there is none."""
        held = self._folder.state.segments
        return held.name if held else ""

    @property
    def is_checked(self) -> bool:
        """Whether all files were compared with their checksums; large ones are not when they are opened."""
        return self._folder.is_checked

    def __len__(self) -> int:
        held = self._folder.state.segments
        return held.searcher.num_docs if held else 0

    def prepare(self, texts: Iterable[str]) -> None:
        """Compute what an update with passages of these texts needs, so that it takes less time."""
        self._prepared.add(texts)

    def forget(self) -> None:
        """Drop what was prepared."""
        self._prepared.forget()

    def update(self, mark: Mark, *, added: Iterable[IndexedPassage], removed: Ids) -> None:
        """Add passages and drop ``removed``, durably and atomically.

        Adding a passage again replaces it, and one that is both added and removed is dropped, so repeating an
        update is harmless. Raises :class:`index.errors.CollectionBusy` while another process writes,
        :class:`index.errors.StoreDamaged` if the engine fails.
        """
        folder = self._folder
        with folder.changing:
            folder.reload()
            state = folder.state
            held = self._apply(state.segments, added, np.asarray(removed, np.int64))
            mark = max(state.mark, mark, key=lambda one: one.change)
            folder.publish(mark, held)
            if state.segments is None:
                folder.delete_others(held.name)

    def _apply(self, held: Segments | None, added: Iterable[IndexedPassage], removed: Ids) -> Segments:
        passages = iter(added)
        first = list(islice(passages, 1))
        if held and not first and not len(removed):
            # A change without texts, such as new vectors, needs no commit.
            return held
        name = held.name if held else self._folder.new_name()
        files = self._folder.files(name)
        index = held.index if held else segments.create(files)
        # A commit that was interrupted leaves files with the names that the next one gives.
        segments.delete_unused(files)
        with segments.writing(index) as writer:
            self._write(writer, chain(first, passages), removed)
        return self._folder.open_committed(name, index)

    def _write(self, writer: tantivy.IndexWriter, passages: Iterator[IndexedPassage], removed: Ids) -> None:
        gone = set(removed.tolist())
        segments.drop(writer, removed)
        while batch := {passage.id: passage for passage in islice(passages, _BATCH)}:
            segments.drop(writer, np.fromiter(batch, np.int64))
            for passage in batch.values():
                if passage.id not in gone:
                    terms = self._prepared.take(passage.text)
                    segments.add(writer, passage=passage.id, document=passage.document, terms=terms)

    # Making it anew

    def build(self, mark: Mark, passages: Iterable[IndexedPassage]) -> None:
        """Make a new index of these passages beside the one in use, which :meth:`publish` then replaces.

        Raises :class:`index.errors.StoreDamaged` if the engine fails; what was written is deleted then.
        """
        with self._building(mark) as writer:
            self._write(writer, iter(passages), np.empty(0, np.int64))

    def copy(self, checked: Callable[[], object]) -> None:
        """Make a new index of the live passages beside the one in use, which :meth:`publish` then replaces.

        Needs no text. ``checked`` is called now and then, and may end it by an exception. Raises
        :class:`index.errors.CollectionBusy` if another process has made the index anew meanwhile.
        """
        state = self._folder.state
        held = state.segments
        if held is None:
            return
        with self._folder.unless_replaced():
            parts = all_segments(self._folder.files(held.name))
        with self._building(state.mark) as writer:
            for batch in (one for part in parts for one in entries(held.searcher, part)):
                checked()
                for one in batch:
                    segments.add(writer, passage=one.passage, document=one.document, terms=one.terms)

    @contextmanager
    def _building(self, mark: Mark) -> Iterator[tantivy.IndexWriter]:
        name = self._folder.new_name()
        files = self._folder.files(name)
        try:
            index = segments.create(files)
            with segments.writing(index) as writer:
                yield writer
            self._built = State(mark, self._folder.open_committed(name, index))
        except BaseException:
            shutil.rmtree(files, ignore_errors=True)
            raise

    def publish(self) -> None:
        """Replace the index in use by the one that was built. Hold the lease of the folder."""
        with self._folder.changing:
            built, self._built = self._built, State()
            if built.segments is None:
                return
            self._folder.publish(built.mark, built.segments)
            self._folder.delete_others(built.segments.name)

    # Removed passages: see Rewriter

    @property
    def should_rewrite(self) -> bool:
        """Whether many of the stored passages were removed, so that :meth:`rewrite` is due."""
        return self._rewriter.is_due

    @property
    def has_removed(self) -> bool:
        """Whether the files have words of passages that were removed."""
        return self._rewriter.has_removed

    @property
    def is_better_copied(self) -> bool:
        """Whether :meth:`copy` takes less time than :meth:`rewrite`, which merges what it writes."""
        return self._rewriter.is_better_copied

    def rewrite(self, turn: Callable[[], AbstractContextManager[object]]) -> bool:
        """Write the passages of segments that have removed ones again; see :meth:`Rewriter.run`."""
        return self._rewriter.run(turn)

    # Files for other machines: see sharing

    def link(self, into: Path) -> Mark | None:
        """Put the files of the last commit into a new folder; see :func:`sharing.link`."""
        return sharing.link(self._folder, into)

    def install(self, manifest: str, fetch: Callable[[str, Path], None]) -> None:
        """Replace the index in use by the files of a manifest; see :func:`sharing.install`."""
        sharing.install(self._folder, manifest, fetch)

    # Searching

    def search(
        self,
        question: str,
        n: int,
        *,
        documents: Ids | None = None,
        context: Sequence[tuple[str, float]] = (),
    ) -> Ranking:
        """Return at most ``n`` passages that share a term with the question, ties by passage id.

        The ranking depends on the live passages alone, not on how they came to be in the index.
        ``documents`` has the allowed document keys in any order; an empty one gives no results. ``context``
        has further texts whose terms count, each with its weight; the question's weight is 1.
        """
        held = self._folder.state.segments
        terms = weighted_terms(self._analyzer, question, context)
        keys = None if documents is None else np.unique(np.asarray(documents, np.int64))
        if held is None or n < 1 or not terms:
            return Ranking.empty()
        with segments.SEARCHED:
            return rank(held.live, terms, n, keys)

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """Weigh the terms of a question by inverse document frequency times search weight."""
        held = self._folder.state.segments
        weights = weighted_terms(self._analyzer, question, context)
        if held is None:
            return self.equal_importance(question, context)
        with segments.SEARCHED:
            return importance_of(weights, held.live.count, held.live.frequencies)

    def equal_importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """Give all terms of a question equal shares, without looking into the index."""
        return equal_importance(self._analyzer, question, context)

    def terms(self, prefix: str) -> Mapping[str, int]:
        """The terms that begin so, with the number of passages that have each; removed ones may count."""
        held = self._folder.state.segments
        if held is None:
            return {}
        with segments.SEARCHED:
            return held.live.beginning_with(prefix)

    # The folder

    def refresh(self) -> None:
        """Load what another process has committed. If nothing is new, this costs one stat call."""
        self._folder.refresh()

    def reset(self) -> None:
        """Become empty, in memory. The next update creates a new index, which replaces the old one."""
        self._folder.reset()

    def check(self) -> None:
        """Compare all files with their checksums. Raises :class:`index.errors.StoreDamaged`.

        A file that a writer has merged away meanwhile counts as damage: check again under the lease of
        the folder.
        """
        self._folder.check()

    def close(self) -> None:
        """Release the files. Running searches finish; later calls raise ``RuntimeError``."""
        self._folder.close()


# Write the passages of segments that have removed ones again, so that these leave the files.
#
# The engine has no way to merge a segment by itself. But it drops one whose passages were all removed, and
# adding a passage again removes it where it was. The terms come from the segment, without the texts.


_WRITTEN_AT_ONCE = 4000
"""Passages written at a time, for which writers wait: some tenths of a second."""
_REMOVED_SHARE = 8
_LEAST_REMOVED = 1000
"""Segments are rewritten when, beyond so many, one in so many of their passages is removed."""


class Entry(NamedTuple):
    """A passage as it is in a segment."""

    passage: int
    document: int
    terms: str


class Segment(NamedTuple):
    """A segment: its number in the list of segments, its name, and how many passages were written to it."""

    number: int
    name: str
    written: int
    has_removed: bool


class Rewriter:
    """Removes dropped passages from the files of an index."""

    def __init__(self, folder: IndexFolder) -> None:
        """Of the index in a folder."""
        self._folder = folder

    @property
    def is_due(self) -> bool:
        """Whether many of the stored passages were removed.

        Until they are rewritten, or the engine merges them away, they take space and make searches slower.
        """
        with suppress(CollectionBusy), self._folder.unless_replaced():
            held = self._folder.state.segments
            if held is not None:
                stored = segments.count_stored(self._folder.files(held.name))
                removed = stored - held.searcher.num_docs
                return bool(_REMOVED_SHARE * (removed - _LEAST_REMOVED) > stored)
        return False

    @property
    def has_removed(self) -> bool:
        """Whether the files have words of passages that were removed.

        Raises :class:`index.errors.CollectionBusy` if another process makes the index anew meanwhile.
        """
        with self._folder.unless_replaced():
            held = self._folder.state.segments
            if self._folder.others(held.name if held else ""):
                return True
            return held is not None and segments.has_removed(self._folder.files(held.name))

    @property
    def is_better_copied(self) -> bool:
        """Whether a copy of the live passages takes less time than :meth:`run`.

        Raises :class:`index.errors.CollectionBusy` if another process makes the index anew meanwhile.
        """
        with self._folder.unless_replaced():
            held = self._folder.state.segments
            if held is None:
                return False
            files = self._folder.files(held.name)
            return 2 * sum(one.written for one in segments_with_removed(files)) > segments.count_stored(files)

    def run(self, turn: Callable[[], AbstractContextManager[object]]) -> bool:
        """Write again, in other segments, the passages of segments that have removed ones.

        The words of passages that were removed before the call are in no file afterwards. ``turn`` holds the
        lease of the folder, for one batch at a time. False if that cannot be done here: build a new index
        instead. Raises :class:`index.errors.CollectionBusy` if another process has made it anew meanwhile.
        """
        folder = self._folder
        held = folder.state.segments
        if held is None:
            return True
        files = folder.files(held.name)
        if folder.others(held.name):
            return False
        with folder.unless_replaced():
            dirty = segments_with_removed(files)
        for segment in dirty:
            for batch in entries(held.searcher, segment):
                with turn(), folder.changing:
                    folder.reload()
                    current = folder.state.segments
                    if current is None or current.name != held.name:
                        return False
                    if not is_in_use(files, segment):
                        break  # the engine has merged it, and what it had left
                    self._write_again(batch)
        with turn(), folder.changing:
            segments.delete_unused(files)
        return not any(is_in_use(files, segment) for segment in dirty)

    def _write_again(self, batch: list[Entry]) -> None:
        """Replace passages by themselves, except those that were removed meanwhile."""
        state = self._folder.state
        held = state.segments
        if held is None:
            return
        ids = np.array([one.passage for one in batch], np.int64)
        there = live(held.searcher, ids)
        if there:
            segments.delete_unused(self._folder.files(held.name))
            with segments.writing(held.index) as writer:
                segments.drop(writer, ids)
                for one in batch:
                    if one.passage in there:
                        segments.add(writer, passage=one.passage, document=one.document, terms=one.terms)
            self._folder.publish(state.mark, self._folder.open_committed(held.name, held.index))


def all_segments(folder: Path) -> list[Segment]:
    """The segments of the last commit."""
    with translate_errors("being read"):
        return [
            Segment(number, str(one["segment_id"]), int(one["max_doc"]), bool(one["deletes"]))
            for number, one in enumerate(list_segments(folder))
        ]


def segments_with_removed(folder: Path) -> list[Segment]:
    """The segments that have removed passages."""
    return [one for one in all_segments(folder) if one.has_removed]


def is_in_use(folder: Path, segment: Segment) -> bool:
    """Whether the index still has the segment: the engine drops it once it has merged or emptied it."""
    with translate_errors("being read"):
        return any(one["segment_id"] == segment.name for one in list_segments(folder))


def entries(searcher: tantivy.Searcher, segment: Segment) -> Iterator[list[Entry]]:
    """Yield the live passages of a segment in batches.

    ``searcher`` numbers segments as the list that ``segment`` comes from.
    """
    for first in range(0, segment.written, _WRITTEN_AT_ONCE):
        part = range(first, min(first + _WRITTEN_AT_ONCE, segment.written))
        yield _entries(searcher, [tantivy.DocAddress(segment.number, at) for at in part])


def live(searcher: tantivy.Searcher, passages: Ids) -> set[int]:
    """The passages among these that are in the index and not removed."""
    if not len(passages):
        return set()
    with SEARCHED:
        query = tantivy.Query.term_set_query(SCHEMA, "passage", passages.tolist())
        hits = searcher.search(query, len(passages), count=False).hits
        found = searcher.fast_field_values("passage", [place for _, place in hits])
        return set(np.asarray(found, np.int64).tolist())


def _entries(searcher: tantivy.Searcher, places: list[tantivy.DocAddress]) -> list[Entry]:
    with translate_errors("being read"):
        ids = np.asarray(searcher.fast_field_values("passage", places), np.int64)
        documents = np.asarray(searcher.fast_field_values("document", places), np.int64)
        there = live(searcher, ids)
        return [
            Entry(id_, document, stored_terms(searcher, place))
            for id_, document, place in zip(ids.tolist(), documents.tolist(), places, strict=True)
            if id_ in there
        ]
