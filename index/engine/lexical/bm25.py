"""The lexical index in one folder."""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from index.config import VectorsConfig
from index.engine.lexical import applied as sidecar
from index.engine.lexical import checking, rewriting, segments
from index.engine.lexical.applied import Applied
from index.engine.lexical.checking import Commit
from index.engine.lexical.prepared import PreparedTerms
from index.engine.lexical.ranking import rank
from index.engine.lexical.rewriting import Entry, TermsNotStored
from index.engine.lexical.terms import Analysis, importance_of, matched_words, weighted_terms
from index.errors import CollectionBusy, StoreDamaged
from index.records import NOTHING, Mark
from index.types import Ids, Importance, IndexedPassage, Ranking

_log = logging.getLogger("loccit.lexical")

_BATCH = 1000
"""Passages written at a time, whose texts are in memory together."""

_REMOVED_SHARE = 8
"""Segments are rewritten when one in so many of their passages is removed."""

_PREFIX = "segments-"
_DEFAULTS = VectorsConfig()


@dataclass(frozen=True, slots=True)
class _Segments:
    """An open segments folder: its name, tantivy's index, and a searcher of the last commit seen."""

    name: str
    index: tantivy.Index
    searcher: tantivy.Searcher
    commit: Commit


@dataclass(frozen=True, slots=True)
class _State:
    mark: Mark = NOTHING
    segments: _Segments | None = None


class TantivyIndex:
    """Finds passages by their words. Implements :class:`index.protocols.LexicalIndex`.

    The folder contains ``applied.json`` and the segments folder that it names. A rebuild writes a new
    segments folder beside the old one, which stays in use until ``applied.json`` names the new one.

    Thread-safe: a search keeps the state that it started with. Several processes may open the folder; one
    at a time writes, and the others see the result after :meth:`refresh`.
    """

    def __init__(self, folder: Path, analyzer: Analysis, checked_bytes: int) -> None:
        """Use :meth:`open`."""
        self._folder = folder
        self._checked_bytes = checked_bytes
        self._analyzer = analyzer
        self._prepared = PreparedTerms(analyzer)
        self._changing = threading.Lock()
        self._stamp = sidecar.stamp(folder)
        self._built = _State()
        self.is_checked = True
        """Whether all files were compared with their checksums when they were opened; large ones are not."""
        self._state: _State | None = self._read(_State())
        if self._stamp is None and any(folder.glob(_PREFIX + "*")):
            _log.warning("applied.json is missing in %s; the index is made anew", folder)

    @staticmethod
    def open(
        folder: str | Path, analyzer: Analysis, *, checked_bytes: int = _DEFAULTS.checked_bytes
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
        return self._current().mark

    @property
    def name(self) -> str:
        """The name of the segments folder in use, another one after each rebuild; empty if there is none."""
        held = self._current().segments
        return held.name if held else ""

    @property
    def should_rewrite(self) -> bool:
        """Whether many of the stored passages were removed, so that :meth:`rewrite` is due.

        Until then, or until the engine merges them away, they take space and count in the weights of terms.
        """
        with suppress(CollectionBusy), self._unless_replaced():
            held = self._current().segments
            if held is not None:
                stored = segments.stored(self._folder / held.name)
                removed = stored - held.searcher.num_docs
                return bool(_REMOVED_SHARE * removed > stored + _REMOVED_SHARE * _BATCH)
        return False

    def __len__(self) -> int:
        held = self._current().segments
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
        with self._changing:
            self._reload()
            state = self._current()
            held = self._apply(state.segments, added, np.asarray(removed, np.int64))
            mark = max(state.mark, mark, key=lambda one: one.change)
            self._publish(mark, held)
            if state.segments is None:
                self._delete_other_segments(held.name)

    @property
    def has_removed(self) -> bool:
        """Whether the files have words of passages that were removed.

        Raises :class:`index.errors.CollectionBusy` if another process makes the index anew meanwhile.
        """
        with self._unless_replaced():
            held = self._current().segments
            folders = self._folder.glob(_PREFIX + "*")
            others = [path for path in folders if held is None or path.name != held.name]
            return bool(others) or (held is not None and segments.has_removed(self._folder / held.name))

    def build(self, mark: Mark, passages: Iterable[IndexedPassage]) -> None:
        """Make a new index of these passages beside the one in use, which :meth:`publish` then replaces.

        Raises :class:`index.errors.StoreDamaged` if the engine fails; what was written is deleted then.
        """
        with self._building(mark) as writer:
            self._write(writer, iter(passages), np.empty(0, np.int64))

    @contextmanager
    def _building(self, mark: Mark) -> Iterator[tantivy.IndexWriter]:
        name = _PREFIX + uuid.uuid4().hex[:8]
        try:
            index = segments.create(self._folder / name)
            with segments.writing(index) as writer:
                yield writer
            self._built = _State(mark, _with_searcher(name, index, self._commit_of(name)))
        except BaseException:
            shutil.rmtree(self._folder / name, ignore_errors=True)
            raise

    def publish(self) -> None:
        """Replace the index in use by the one that was built. Hold the record's write lease."""
        with self._changing:
            built, self._built = self._built, _State()
            if built.segments is None:
                return
            self._publish(built.mark, built.segments)
            self._delete_other_segments(built.segments.name)

    @property
    def is_better_copied(self) -> bool:
        """Whether :meth:`copy` takes less time than :meth:`rewrite`, which merges what it writes."""
        with self._unless_replaced():
            held = self._current().segments
            if held is None:
                return False
            folder = self._folder / held.name
            return 2 * sum(one.written for one in rewriting.with_removed(folder)) > segments.stored(folder)

    @contextmanager
    def _unless_replaced(self) -> Iterator[None]:
        """Raise CollectionBusy for files that are missing because another process has made the index anew."""
        stamp = self._stamp
        try:
            yield
        except StoreDamaged as error:
            if sidecar.stamp(self._folder) == stamp:
                raise
            raise CollectionBusy(
                "another process has made the lexical index anew: try again in a moment"
            ) from error

    def copy(self, checked: Callable[[], object]) -> bool:
        """Make a new index of the live passages beside the one in use, which :meth:`publish` then replaces.

        Needs no text. ``checked`` is called now and then, and may end it by an exception. False if the
        segments do not store their terms.
        """
        state = self._current()
        held = state.segments
        if held is None:
            return False
        parts = rewriting.all_segments(self._folder / held.name)
        try:
            with self._building(state.mark) as writer:
                for batch in (one for part in parts for one in rewriting.entries(held.searcher, part)):
                    checked()
                    for one in batch:
                        segments.add(writer, passage=one.passage, document=one.document, terms=one.terms)
        except TermsNotStored:
            return False
        return True

    def rewrite(self, turn: Callable[[], AbstractContextManager[object]]) -> bool:
        """Write again, in other segments, the passages of segments that have removed ones.

        The words of passages that were removed before the call are in no file afterwards. ``turn`` holds the
        record's write lease, for one batch at a time. False if that cannot be done here: build a new index
        instead.
        """
        held = self._current().segments
        if held is None:
            return True
        folder = self._folder / held.name
        if any(path.name != held.name for path in self._folder.glob(_PREFIX + "*")):
            return False
        dirty = rewriting.with_removed(folder)
        try:
            for segment in dirty:
                for batch in rewriting.entries(held.searcher, segment):
                    with turn(), self._changing:
                        self._reload()
                        if self.name != held.name:
                            return False
                        if not rewriting.is_in_use(folder, segment):
                            break  # the engine has merged it, and what it had left
                        self._write_again(held.name, batch)
        except TermsNotStored:
            return False
        with turn(), self._changing:
            segments.delete_unused(folder)
        return not any(rewriting.is_in_use(folder, segment) for segment in dirty)

    def _write_again(self, name: str, entries: list[Entry]) -> None:
        """Replace passages by themselves, except those that were removed meanwhile."""
        state = self._current()
        if state.segments is None:
            return
        ids = np.array([one.passage for one in entries], np.int64)
        there = rewriting.live(state.segments.searcher, ids)
        if there:
            segments.delete_unused(self._folder / name)
            with segments.writing(state.segments.index) as writer:
                segments.drop(writer, ids)
                for one in entries:
                    if one.passage in there:
                        segments.add(writer, passage=one.passage, document=one.document, terms=one.terms)
            held = _with_searcher(name, state.segments.index, self._commit_of(name))
            self._publish(state.mark, held)

    def search(
        self,
        question: str,
        n: int,
        *,
        documents: Ids | None = None,
        context: Sequence[tuple[str, float]] = (),
    ) -> Ranking:
        """Return at most ``n`` passages that share a term with the question, ties by passage id.

        ``documents`` has the allowed document keys in any order; an empty one gives no results. ``context``
        has further texts whose terms count, each with its weight; the question's weight is 1.
        """
        held = self._current().segments
        terms = weighted_terms(self._analyzer, question, context)
        keys = None if documents is None else np.unique(np.asarray(documents, np.int64))
        if held is None or n < 1 or not terms:
            return Ranking.empty()
        return rank(held.searcher, terms, n, keys)

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """Weigh the terms of a question by inverse document frequency times search weight."""
        held = self._current().segments
        weights = weighted_terms(self._analyzer, question, context)

        def frequencies(terms: Sequence[str]) -> NDArray[np.int64]:
            assert held is not None  # noqa: S101 -- only called with a total
            with segments.translated("being searched"):
                counts = np.array([held.searcher.doc_freq("text", term) for term in terms])
            # The engine counts removed passages until it merges them away.
            capped: NDArray[np.int64] = np.minimum(counts, held.searcher.num_docs)
            return capped

        total = held.searcher.num_docs if held else 0
        return importance_of(self._analyzer, weights, total, frequencies)

    def equal_importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """Give all terms of a question equal shares, without looking into the index."""
        weights = weighted_terms(self._analyzer, question, context)
        return importance_of(self._analyzer, weights, 0, lambda terms: np.zeros(len(terms), np.int64))

    def matched(self, question: str, terms: Container[int]) -> list[str]:
        """Return the question's words, as written and in order, whose term hashes are in ``terms``."""
        return matched_words(self._analyzer, question, terms)

    def refresh(self) -> None:
        """Load what another process has committed. If nothing is new, this costs one stat call."""
        if sidecar.stamp(self._folder) != self._stamp:
            with self._changing:
                self._reload()

    def reset(self) -> None:
        """Become empty, in memory. The next update creates a new index, which replaces the old one."""
        with self._changing:
            self._current()
            self._state = _State()

    def check(self) -> None:
        """Compare all files with their checksums. Raises :class:`index.errors.StoreDamaged`.

        A file that a writer has merged away meanwhile counts as damage: check again under the write lease.
        """
        held = self._current().segments
        if held is not None:
            with segments.translated("being checked"):
                checking.check(self._folder / held.name)
        self.is_checked = True

    def close(self) -> None:
        """Release the files. Running searches finish; later calls raise ``RuntimeError``."""
        with self._changing:
            self._state = None

    def _current(self) -> _State:
        state = self._state
        if state is None:
            raise RuntimeError("this index is closed")
        return state

    def _reload(self) -> None:
        # Take the stamp before reading: the next call then sees what is written in between.
        stamp = sidecar.stamp(self._folder)
        if stamp != self._stamp:
            self._state = self._read(self._current())
            self._stamp = stamp

    def _read(self, held: _State) -> _State:
        """Read the folder's state; ``held`` if the folder is empty."""
        while True:
            before = sidecar.stamp(self._folder)
            try:
                found = sidecar.read(self._folder, self._analyzer.version)
                return self._open(found, held.segments) if found else held
            except StoreDamaged as error:
                # Unless a writer has replaced the segments since their name was read: then try again.
                if sidecar.stamp(self._folder) == before:
                    _log.warning("%s; it starts empty and is filled from the store", error.message)
                    return _State()

    def _open(self, found: Applied, held: _Segments | None) -> _State:
        folder = self._folder / found.segments
        if held and held.name == found.segments:
            return _State(found.mark, _with_searcher(found.segments, held.index, found.commit))
        with segments.translated("being opened"):
            commit = checking.commit_of(folder)
            checking.check_commit(commit, found.commit)
            if commit.opstamp > found.commit.opstamp > 0:
                _log.info("%s has a commit that was not noted; the last update is repeated", folder)
            elif commit.managed != found.commit.managed != "":
                _log.info("%s has files of an update that was interrupted; the next one deletes them", folder)
            self.is_checked = checking.check(folder, self._checked_bytes)
        return _State(found.mark, _with_searcher(found.segments, segments.open_folder(folder), commit))

    def _apply(self, held: _Segments | None, added: Iterable[IndexedPassage], removed: Ids) -> _Segments:
        passages = iter(added)
        first = list(islice(passages, 1))
        if held and not first and not len(removed):
            # A change without texts, such as new vectors, needs no commit.
            return held
        name = held.name if held else _PREFIX + uuid.uuid4().hex[:8]
        index = held.index if held else segments.create(self._folder / name)
        # A commit that was interrupted leaves files with the names that the next one gives.
        segments.delete_unused(self._folder / name)
        with segments.writing(index) as writer:
            self._write(writer, chain(first, passages), removed)
        return _with_searcher(name, index, self._commit_of(name))

    def _commit_of(self, name: str) -> Commit:
        with segments.translated("being committed"):
            return checking.commit_of(self._folder / name)

    def _publish(self, mark: Mark, held: _Segments) -> None:
        sidecar.write(self._folder, Applied(mark, self._analyzer.version, held.name, held.commit))
        self._stamp = sidecar.stamp(self._folder)
        self._state = _State(mark, held)

    def _write(self, writer: tantivy.IndexWriter, passages: Iterator[IndexedPassage], removed: Ids) -> None:
        gone = set(removed.tolist())
        segments.drop(writer, removed)
        while batch := {passage.id: passage for passage in islice(passages, _BATCH)}:
            segments.drop(writer, np.fromiter(batch, np.int64))
            for passage in batch.values():
                if passage.id not in gone:
                    terms = self._prepared.take(passage.text)
                    segments.add(writer, passage=passage.id, document=passage.document, terms=terms)

    def _delete_other_segments(self, name: str) -> None:
        for path in self._folder.glob(_PREFIX + "*"):
            if path.name != name:
                # Processes that have the files open keep them; a failed deletion is retried next time.
                shutil.rmtree(path, ignore_errors=True)


def _with_searcher(name: str, index: tantivy.Index, commit: Commit) -> _Segments:
    with segments.translated("being opened"):
        index.reload()
        return _Segments(name, index, index.searcher(), commit)
