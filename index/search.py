"""The read flow: a question in, passages with citations out."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index import citing, fusion
from index.answers import Answer, Explanation, Hit, IndexState, SideScore
from index.config import SearchConfig
from index.errors import EmptyQuestion, InvalidLimit, StoreDamaged
from index.filters import Filter
from index.protocols import DenseIndex, LexicalIndex, RecordStore
from index.records import StoredPassage
from index.types import Ids, Ranking, Vectors

MAX_K = 100
_PER_HIT = 4
"""Candidates read for each passage asked for: some are equal to others, or neighbours."""


def checked_question(question: str) -> str:
    """Return the question in NFC without outer white space.

    Raises :class:`EmptyQuestion` when there is no letter or digit to search by.
    """
    question = unicodedata.normalize("NFC", question).strip()
    if not any(character.isalnum() for character in question):
        raise EmptyQuestion("The question has no words in it. Ask something, for example: What is BM25?")
    return question


def checked_k(k: int, most: int = MAX_K) -> int:
    """Return ``k``, or raise :class:`InvalidLimit`."""
    if not 1 <= k <= most:
        raise InvalidLimit(f"k is {k}; it may be 1 to {most}.")
    return k


@dataclass(frozen=True, slots=True)
class Candidates:
    """What both sides found. Entry i of the scores is passage ``ids[i]``; NaN where a side knows none."""

    ids: Ids
    dense: NDArray[np.float32]
    lexical: NDArray[np.float32]
    dense_rank: dict[int, int]
    lexical_rank: dict[int, int]


@dataclass(slots=True)
class _Found:
    """A passage on its way to being a hit, with those merged into it and those equal to it."""

    best: StoredPassage
    position: int
    start: int
    end: int
    also: list[StoredPassage]


class Stopwatch:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._start = time.perf_counter()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        start = time.perf_counter()
        yield
        self.timings[name] = round((time.perf_counter() - start) * 1000, 3)

    def finished(self) -> dict[str, float]:
        """All stages, and ``total``."""
        self.timings["total"] = round((time.perf_counter() - self._start) * 1000, 3)
        return self.timings


class Search:
    """Answers questions from a store and its two indexes. Stateless: safe to use from several threads."""

    def __init__(
        self, store: RecordStore, dense: DenseIndex, lexical: LexicalIndex, config: SearchConfig
    ) -> None:
        self._store = store
        self._dense = dense
        self._lexical = lexical
        self._config = config

    def answer(
        self,
        question: str,
        vector: Vectors,
        *,
        k: int,
        where: Filter | None,
        watch: Stopwatch,
        state: IndexState,
    ) -> Answer:
        """The at most ``k`` best passages for a checked question and its vector, shape (dimension,)."""
        documents = None if where is None else self._store.select(where)
        hits: tuple[Hit, ...] = ()
        if documents is None or len(documents):
            candidates = self._candidates(question, vector.reshape(1, -1), documents, watch)
            with watch.stage("passages"):
                hits = self._hits(question, candidates, k)
        return Answer(question, hits, state, watch.finished())

    def _candidates(
        self, question: str, query: Vectors, documents: Ids | None, watch: Stopwatch
    ) -> Candidates:
        n = self._config.candidates
        with watch.stage("dense"):
            (dense,) = self._dense.search(query, n, documents=documents)
        with watch.stage("lexical"):
            lexical = self._lexical.search(question, n, documents=documents)
        with watch.stage("fusion"):
            ids = np.unique(np.concatenate([dense.ids, lexical.ids]))
            return Candidates(
                ids,
                # Exact for all: passages that only the words found have a meaning too.
                self._dense.scores(query, ids),
                _aligned(lexical, ids),
                _ranks(dense),
                _ranks(lexical),
            )

    def _hits(self, question: str, candidates: Candidates, k: int) -> tuple[Hit, ...]:
        fused = fusion.convex(candidates.dense, candidates.lexical, dense_weight=self._config.dense_weight)
        order = np.lexsort((candidates.ids, -fused))
        found = self._gathered(candidates.ids[order], k)
        return tuple(
            self._hit(question, rank, one, candidates, float(fused[order[one.position]]))
            for rank, one in enumerate(found, 1)
        )

    def _gathered(self, ordered: Ids, k: int) -> list[_Found]:
        """Walk down the ranking: equal passages are grouped, neighbours merged, until there are ``k``."""
        found: list[_Found] = []
        by_text: dict[str, _Found] = {}
        for at in range(0, len(ordered), _PER_HIT * k):
            part = ordered[at : at + _PER_HIT * k]
            positions = {int(id_): at + offset for offset, id_ in enumerate(part)}
            for passage in self._store.passages(part):
                if (twin := by_text.get(passage.text)) is not None:
                    twin.also.append(passage)
                elif (neighbour := self._neighbour(found, passage)) is not None:
                    neighbour.start = min(neighbour.start, passage.passage.start)
                    neighbour.end = max(neighbour.end, passage.passage.end)
                elif len(found) == k:
                    return found
                else:
                    span = passage.passage
                    one = _Found(passage, positions[passage.id], span.start, span.end, [])
                    by_text[passage.text] = one
                    found.append(one)
        return found

    def _neighbour(self, found: list[_Found], passage: StoredPassage) -> _Found | None:
        """The hit that this passage overlaps or touches, in the same section, if both together are short."""
        span = passage.passage
        for one in found:
            same = one.best.version.key == passage.version.key
            if not same or one.best.passage.section != span.section or one.also:
                continue
            start, end = min(one.start, span.start), max(one.end, span.end)
            apart = max(one.start, span.start) - min(one.end, span.end)
            if apart <= _NEIGHBOUR_GAP and end - start <= self._config.merge_characters:
                return one
        return None

    def _hit(self, question: str, rank: int, one: _Found, candidates: Candidates, score: float) -> Hit:
        version = one.best.version
        at, until = citing.window(one.start, one.end)
        excerpt = citing.Excerpt(
            version, one.start, one.end, self._store.text(version.text_sha256, at, until), at
        )
        if one.best.text not in excerpt.quote:
            raise StoreDamaged(
                f"The text of {version.document_id!r} is not what was indexed. Restore a backup."
            )
        span = one.best.passage
        return Hit(
            rank=rank,
            score=round(score, 6),
            text=excerpt.quote,
            citation=citing.cite(excerpt, section=span.section, pages=span.pages),
            explain=self._explanation(question, one.best.id, excerpt.quote, candidates),
            metadata=version.metadata,
            also_at=tuple(
                citing.locator_of(twin.version, twin.passage.start, twin.passage.end) for twin in one.also
            ),
        )

    def _explanation(self, question: str, id_: int, text: str, candidates: Candidates) -> Explanation:
        entry = int(np.searchsorted(candidates.ids, id_))
        dense = SideScore(candidates.dense_rank.get(id_), _number(candidates.dense[entry]))
        lexical = SideScore(
            candidates.lexical_rank.get(id_),
            _number(candidates.lexical[entry]),
            tuple(self._lexical.matched(question, text)),
        )
        return Explanation(dense, lexical)


_NEIGHBOUR_GAP = 2
"""Code points between passages that still touch: the blank line between paragraphs."""


def _aligned(ranking: Ranking, ids: Ids) -> NDArray[np.float32]:
    scores = np.full(len(ids), np.nan, np.float32)
    scores[np.searchsorted(ids, ranking.ids)] = ranking.scores
    return scores


def _ranks(ranking: Ranking) -> dict[int, int]:
    return {int(id_): rank for rank, id_ in enumerate(ranking.ids, 1)}


def _number(score: np.float32) -> float | None:
    return None if np.isnan(score) else round(float(score), 4)
