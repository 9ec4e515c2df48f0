"""The lexical index over one folder."""

from __future__ import annotations

import logging
import shutil
import threading
import uuid
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Protocol

import numpy as np
import tantivy

from index.errors import StoreDamaged
from index.lexical import applied as sidecar
from index.lexical import segments
from index.lexical.applied import Applied
from index.lexical.ranking import rank
from index.types import Ids, Importance, IndexedPassage, Ranking

_log = logging.getLogger("loccit.lexical")

_TOGETHER = 1000
"""Passages replaced together: as many texts are in memory at once."""

_PREFIX = "segments-"


class Analysis(Protocol):
    """What makes terms of text. Terms have no white space in them."""

    @property
    def version(self) -> str:
        """Names everything that decides the terms."""

    def terms(self, text: str) -> list[str]: ...

    def hashed(self, term: str) -> int: ...

    def weight(self, term: str) -> float: ...

    def question_terms(self, text: str) -> list[str]: ...

    def question_spans(self, text: str) -> Sequence[tuple[str, int, int]]: ...


@dataclass(frozen=True, slots=True)
class _Segments:
    """What tantivy has open: the folder's name, and the searcher of its last commit that we know."""

    name: str
    index: tantivy.Index
    searcher: tantivy.Searcher


@dataclass(frozen=True, slots=True)
class _State:
    change: int = 0
    segments: _Segments | None = None


class TantivyIndex:
    """Passages by words. Implements :class:`index.protocols.LexicalIndex`.

    The folder has a folder of tantivy's segments and ``applied.json``, which names it. A new index is made
    beside the old one, which serves until the new one is named.

    Safe to use from several threads: a search keeps the state that it began with. Several processes may
    have the folder open; one of them writes at a time, the others see it after :meth:`refresh`.
    """

    def __init__(self, folder: Path, analyzer: Analysis) -> None:
        """Use :meth:`open`."""
        self._folder = folder
        self._analyzer = analyzer
        self._changing = threading.Lock()
        self._stamp = sidecar.stamp(folder)
        self._state: _State | None = self._read(_State())

    @staticmethod
    def open(folder: str | Path, analyzer: Analysis) -> TantivyIndex:
        """Open what the folder has. Writes nothing.

        A folder that is damaged, of another format or of another analysis is logged and opened empty at
        change 0, as a folder that does not exist: the store has everything to fill it again.
        """
        return TantivyIndex(Path(folder), analyzer)

    @property
    def change(self) -> int:
        """The store's change number up to which this index is complete."""
        return self._current().change

    @property
    def should_rebuild(self) -> bool:
        """Whether most of what is stored are passages that were removed.

        They take space, and count in the weights of words, until the engine merges them away, which it
        does late for large segments. The cure is :meth:`reset` and an update with everything.
        """
        held = self._current().segments
        return held is not None and segments.stored(self._folder / held.name) > 2 * len(self) + _TOGETHER

    def __len__(self) -> int:
        held = self._current().segments
        return held.searcher.num_docs if held else 0

    def update(self, change: int, *, added: Iterable[IndexedPassage], removed: Ids) -> None:
        """Add passages and drop ``removed``, durably, all or nothing.

        A passage held already is replaced, and one that is both added and removed is not there
        afterwards, so repeating an update is harmless. Raises :class:`index.errors.CollectionBusy` while
        another process writes, :class:`index.errors.StoreDamaged` when the engine fails.
        """
        with self._changing:
            self._follow()
            state = self._current()
            held = self._written(state.segments, added, np.asarray(removed, np.int64))
            change = max(change, state.change)
            sidecar.write(self._folder, Applied(change, self._analyzer.version, held.name))
            self._stamp = sidecar.stamp(self._folder)
            self._state = _State(change, held)
            if state.segments is None:
                self._drop_others(held.name)

    def search(
        self,
        question: str,
        n: int,
        *,
        documents: Ids | None = None,
        context: Sequence[tuple[str, float]] = (),
    ) -> Ranking:
        """At most ``n`` passages that share a word with the question, ties by passage id.

        ``documents`` are the keys allowed, in any order; none of them means no results. ``context`` are
        other texts whose words count too, each with its weight beside the question's 1.
        """
        held = self._current().segments
        terms = self._weighed(question, context)
        keys = None if documents is None else np.unique(np.asarray(documents, np.int64))
        if held is None or n < 1 or not terms:
            return Ranking.empty()
        return rank(held.searcher, terms, n, keys)

    def importance(self, question: str, context: Sequence[tuple[str, float]] = ()) -> Importance:
        """How much each of the words tells: by inverse document frequency, times its weight in a search."""
        held = self._current().segments
        weighed = self._weighed(question, context)
        terms = {self._analyzer.hashed(term): term for term in weighed}
        hashes = np.array(sorted(terms), np.uint32)
        if held is None or not terms:
            return Importance(hashes, np.full(len(hashes), 1.0 / max(1, len(hashes)), np.float32))
        ordered = [terms[one] for one in hashes.tolist()]
        total = held.searcher.num_docs
        with segments.translated("being searched"):
            holding = np.array([held.searcher.doc_freq("text", term) for term in ordered])
        # Passages that were removed are counted until the engine merges them away.
        holding = np.minimum(holding, total)
        shares = np.log(1.0 + (total - holding + 0.5) / (holding + 0.5)) * [
            min(1.0, weighed[term]) for term in ordered
        ]
        return Importance(hashes, (shares / shares.sum()).astype(np.float32))

    def _weighed(self, question: str, context: Sequence[tuple[str, float]]) -> dict[str, float]:
        terms: dict[str, float] = defaultdict(float)
        for text, weight in ((question, 1.0), *context):
            for term in self._analyzer.question_terms(text):
                terms[term] += weight * self._analyzer.weight(term)
        return terms

    def matched(self, question: str, terms: Container[int]) -> list[str]:
        """The question's words, as written there, whose terms are among these; each once, in order.

        Terms are given by their hashes.
        """
        analyzer = self._analyzer
        asked = analyzer.question_spans(question)
        spans = [(start, end) for term, start, end in asked if analyzer.hashed(term) in terms]
        words: list[tuple[int, int]] = []
        for start, end in sorted(spans):
            # A compound and its parts are one word, and so are pairs of characters that overlap.
            if words and start < words[-1][1]:
                words[-1] = (words[-1][0], max(end, words[-1][1]))
            else:
                words.append((start, end))
        return list(dict.fromkeys(question[start:end] for start, end in words))

    def refresh(self) -> None:
        """See what another process has committed. Costs a look at one file when there is nothing new."""
        if sidecar.stamp(self._folder) != self._stamp:
            with self._changing:
                self._follow()

    def reset(self) -> None:
        """Forget everything here. The next update makes a new index, which then replaces the old one."""
        with self._changing:
            self._current()
            self._state = _State()

    def close(self) -> None:
        """Let go of the files. Searches under way finish; later calls raise ``RuntimeError``."""
        with self._changing:
            self._state = None

    def _current(self) -> _State:
        state = self._state
        if state is None:
            raise RuntimeError("this index is closed")
        return state

    def _follow(self) -> None:
        # The stamp before the content: what is written in between is seen the next time.
        stamp = sidecar.stamp(self._folder)
        if stamp != self._stamp:
            self._state = self._read(self._current())
            self._stamp = stamp

    def _read(self, held: _State) -> _State:
        """What the folder has; ``held`` if it has nothing."""
        while True:
            before = sidecar.stamp(self._folder)
            try:
                found = sidecar.read(self._folder, self._analyzer.version)
                return self._opened(found, held.segments) if found else held
            except StoreDamaged as error:
                # A writer may have named new segments, and dropped these, since we read their name.
                if sidecar.stamp(self._folder) == before:
                    _log.warning("%s; it starts empty and is filled from the store", error.message)
                    return _State()

    def _opened(self, found: Applied, held: _Segments | None) -> _State:
        same = held is not None and held.name == found.segments
        index = held.index if held and same else segments.open_folder(self._folder / found.segments)
        return _State(found.change, _searched(found.segments, index))

    def _written(self, held: _Segments | None, added: Iterable[IndexedPassage], removed: Ids) -> _Segments:
        passages = iter(added)
        first = list(islice(passages, 1))
        if held and not first and not len(removed):
            # Changes without words, such as new vectors, cost no commit.
            return held
        name = held.name if held else _PREFIX + uuid.uuid4().hex[:8]
        index = held.index if held else segments.create(self._folder / name)
        with segments.writing(index) as writer:
            self._write(writer, chain(first, passages), removed)
        return _searched(name, index)

    def _write(self, writer: tantivy.IndexWriter, passages: Iterator[IndexedPassage], removed: Ids) -> None:
        gone = set(removed.tolist())
        segments.drop(writer, removed)
        while batch := {passage.id: passage for passage in islice(passages, _TOGETHER)}:
            segments.drop(writer, np.fromiter(batch, np.int64))
            for passage in batch.values():
                if passage.id not in gone:
                    terms = self._analyzer.terms(passage.text)
                    segments.add(writer, passage=passage.id, document=passage.document, terms=terms)

    def _drop_others(self, name: str) -> None:
        for path in self._folder.glob(_PREFIX + "*"):
            if path.name != name:
                # Whoever has them open keeps them; what cannot be deleted now is tried the next time.
                shutil.rmtree(path, ignore_errors=True)


def _searched(name: str, index: tantivy.Index) -> _Segments:
    with segments.translated("being opened"):
        index.reload()
        return _Segments(name, index, index.searcher())
