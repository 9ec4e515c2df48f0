"""The read flow: a question in, passages with citations out."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.answerability import Answerability, Features
from index.answers import Answer, Hit, IndexState
from index.candidates import Candidates, Ranked, ranked
from index.config import SearchConfig
from index.conversation import Said
from index.errors import EmptyQuestion, InvalidLimit
from index.filters import Filter
from index.hits import Hits
from index.protocols import DenseIndex, LexicalIndex, PassageStore, Reranker
from index.second_look import SecondLook, look, taken_apart
from index.sentence_table import SentenceTable
from index.types import Ids, Vectors

MAX_K = 100
_LETTERS_PER_TOKEN = 1.8
"""Between the least of languages that the package's model knows (2.1) and the most of others (1.75)."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """A checked question as both sides take it: its vector, shape (dimension,), and what was said before.

    ``is_spelt``: the model reads it letter by letter.
    """

    question: str
    vector: Vectors
    said: Sequence[Said] = ()
    is_spelt: bool = False

    @property
    def context(self) -> list[tuple[str, float]]:
        """What was said before, as the words of it count."""
        return [(said.text, said.words) for said in self.said]


def is_spelt(question: str, starts: Sequence[int]) -> bool:
    """Whether tokens, given by where they start, have hardly more than a letter each.

    A model that takes words apart to letters has not learned the language: its vectors say little.
    """
    letters = sum(map(str.isalnum, question))
    tokens = sum(question[start].isalnum() for start in starts)
    return letters < _LETTERS_PER_TOKEN * tokens


class Search:
    """Answers questions from a store and its two indexes. Stateless: safe to use from several threads.

    ``hashes`` makes numbers of a text's terms, as :meth:`index.analysis.Analyzer.hashes` does.
    """

    def __init__(
        self,
        store: PassageStore,
        dense: DenseIndex,
        lexical: LexicalIndex,
        hashes: Callable[[str], NDArray[np.uint32]],
        config: SearchConfig,
        reranker: Reranker | None = None,
    ) -> None:
        self._store = store
        self._reranker = reranker
        self._dense = dense
        self._lexical = lexical
        self._hashes = hashes
        self._config = config

    def answer(
        self,
        query: Query,
        *,
        k: int,
        where: Filter | None,
        watch: Stopwatch,
        state: IndexState,
        answerability: Answerability,
    ) -> Answer:
        """The at most ``k`` best passages, and the probability that they answer."""
        documents: Ids | None = None
        if where is not None:
            with watch.stage("filter"):
                documents = self._store.select(where)
        hits: tuple[Hit, ...] = ()
        features: Features | None = None
        if documents is None or len(documents):
            candidates = self._candidates(query, documents, watch)
            with watch.stage("second_look"):
                found = ranked(
                    candidates,
                    self._config,
                    lambda ids: self._look(query, ids),
                    dense_weight=self._config.spelt_weight if query.is_spelt else self._config.dense_weight,
                    k=k,
                )
            if self._reranker is not None:
                with watch.stage("rerank"):
                    found = self._reranked(self._reranker, query.question, found, max(self._config.rerank, k))
            with watch.stage("passages"):
                hits = self._hits(query, found, k)
        with watch.stage("answerability"):
            features = Features.of(found) if hits else None
            told = features.named() if features else {}
            probability = answerability.stated(told) if told else 0.0
        return Answer(
            query.question,
            round(probability, 4),
            hits,
            state,
            features=told,
            timings_ms=watch.finished(),
        )

    def _candidates(self, query: Query, documents: Ids | None, watch: Stopwatch) -> Candidates:
        n = self._config.candidates
        row = query.vector.reshape(1, -1)
        with watch.stage("dense"):
            (dense,) = self._dense.search(row, n, documents=documents)
        with watch.stage("lexical"):
            lexical = self._lexical.search(query.question, n, documents=documents, context=query.context)
        with watch.stage("fusion"):
            return Candidates.of(dense, lexical, lambda ids: self._dense.scores(row, ids))

    def _look(self, query: Query, ids: Ids) -> SecondLook:
        documents, sentences = self._store.sentences(ids)
        if not sentences.known.all():
            sentences = self._completed(ids, sentences)
        importance = self._lexical.importance(query.question, query.context)
        return look(sentences, documents, query.vector, importance)

    def _completed(self, ids: Ids, sentences: SentenceTable) -> SentenceTable:
        """With those that have no vectors yet taken apart here: they are few, and soon embedded."""
        waiting = self._store.passages(ids[~sentences.known])
        apart = {one.id: taken_apart(one.text, 0, self._hashes) for one in waiting}
        nothing = taken_apart("", 0, self._hashes)
        known = sentences.known.tolist()
        return SentenceTable.of(
            [
                sentences.passage(at) if known[at] else apart.get(id_, nothing)
                for at, id_ in enumerate(ids.tolist())
            ]
        )

    def _reranked(self, reranker: Reranker, question: str, found: Ranked, most: int) -> Ranked:
        ids = found.candidates.ids[:most]
        if not len(ids):
            return found
        texts = {passage.id: passage.text for passage in self._store.passages(ids)}
        return found.by(reranker.scores(question, [texts.get(id_, "") for id_ in ids.tolist()]))

    def _hits(self, query: Query, found: Ranked, k: int) -> tuple[Hit, ...]:
        return Hits(
            self._store,
            found,
            merge_characters=self._config.merge_characters,
            matched=lambda terms: self._lexical.matched(query.question, terms),
            hashes=lambda text: self._hashes(text).tolist(),
        ).first(k)


def withheld(answer: Answer, least: float) -> Answer:
    """The answer, or none of its passages when they probably do not answer."""
    if answer.answerability >= least or not answer.hits:
        return answer
    reason = (
        f"The best passages found answer the question with a probability of {answer.answerability:.2f}, less "
        f"than the {least:.2f} asked for. Ask otherwise, or lower min_answerability to see them."
    )
    return replace(answer, hits=(), withheld=reason)
