"""A second look at the best candidates, sentence by sentence.

A passage's vector is the mean of all that it speaks of, and BM25 does not see whether the words that it
found stand together. So each candidate is looked at again: which of its sentences is nearest to the question
in meaning, which has most of its words, in how many sentences they occur, and how many of them the
document has in all its candidates. The conditions ``second-look-*`` in benchmarks/ say what that is worth.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from index.sentence_table import SentenceTable
from index.sentences import sentence_spans
from index.types import Ids, Importance, Sentences, Vectors

Scores = NDArray[np.float32]

_K1, _B = 0.9, 0.4
"""Of BM25 (Trotman, Puurula and Burgess, ADCS 2014). A sentence counts a word once."""
_MOST_SENTENCES = 512
_HALVES = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A passage's sentences beside a question.

    Of each sentence, its ``span`` in the passage, its cosine with the question (``meaning``, NaN for a
    passage without vectors), and the share of the question's words that it has (``coverage``).
    """

    spans: NDArray[np.int32]
    meaning: Scores
    coverage: Scores


@dataclass(frozen=True, slots=True, eq=False)
class SecondLook:
    """What was seen of n passages. Shares are of the question's words by their importance.

    Of each passage: ``meaning`` is the best sentence's cosine (NaN without vectors), ``sentence`` the best
    sentence's share, ``passage`` and ``document`` the shares that are anywhere in the passage, and in any of
    the passages here that are of the same document; ``words`` is BM25 with sentences counted instead of
    words. Of each sentence of ``sentences``, which may be of more passages than these: ``cosines`` and
    ``coverage``. Passage i is the one at ``rows[i]`` there.
    """

    meaning: Scores
    sentence: Scores
    passage: Scores
    document: Scores
    words: Scores
    sentences: SentenceTable
    cosines: Scores
    coverage: Scores
    rows: NDArray[np.int64]

    def ordered(self, order: NDArray[np.int64]) -> SecondLook:
        """What was seen of the passages at these positions, in this order."""
        return replace(
            self,
            meaning=self.meaning[order],
            sentence=self.sentence[order],
            passage=self.passage[order],
            document=self.document[order],
            words=self.words[order],
            rows=self.rows[order],
        )

    def look(self, at: int) -> Look:
        """The sentences of one passage."""
        row = self.rows[at]
        some = slice(*self.sentences.bounds[row : row + 2].tolist())
        return Look(self.sentences.spans[some], self.cosines[some], self.coverage[some])

    def terms(self, at: int) -> set[int]:
        """The hashes of all terms of one passage and its headings."""
        row = self.rows[at]
        return set(self.sentences.terms[slice(*self.sentences.term_bounds[row : row + 2].tolist())].tolist())

    def all_sentences(self) -> tuple[Scores, Scores]:
        """Cosines and coverage of the sentences of all the passages, in no particular order."""
        if len(self.rows) == len(self.sentences):
            return self.cosines, self.coverage
        here = np.zeros(len(self.sentences), np.bool_)
        here[self.rows] = True
        here = np.repeat(here, self.sentences.counts)
        return self.cosines[here], self.coverage[here]


def taken_apart(text: str, at: int, hashes: Callable[[str], NDArray[np.uint32]]) -> Sentences:
    """The sentences of ``text[at:]``, without vectors; terms before ``at`` are those of headings."""
    spans = sentence_spans(text, at, len(text))[:_MOST_SENTENCES]
    parts = [hashes(text[start:end]) for start, end in spans]
    ends = np.cumsum([len(part) for part in parts], dtype=np.int32)
    return Sentences(
        spans=np.array(spans, np.int32).reshape(-1, 2) - at,
        terms=np.concatenate([*parts, hashes(text[:at])]),
        term_ends=ends,
        vectors=np.empty((0, 0), np.float32),
    )


def look(sentences: SentenceTable, documents: Ids, question: Vectors, importance: Importance) -> SecondLook:
    """Look at passages, each of a document, with a question's vector of shape (dimension,)."""
    matches = _matches(sentences.terms, importance)
    counts = _occurrences(sentences, matches, len(importance.terms))
    found = counts > 0
    _, document = np.unique(documents, return_inverse=True)
    together = np.zeros((document.max(initial=-1) + 1, found.shape[1]), bool)
    np.logical_or.at(together, document, found)
    cosines = sentences.cosines(question)
    coverage = _coverage(sentences, matches, importance.shares)
    return SecondLook(
        meaning=_best(cosines, sentences, -1.0),
        sentence=_best(coverage, sentences, 0.0),
        passage=found.astype(np.float32) @ importance.shares,
        document=(together.astype(np.float32) @ importance.shares)[document],
        words=_bm25(counts, sentences.term_counts, importance.shares),
        sentences=sentences,
        cosines=cosines,
        coverage=coverage,
        rows=np.arange(len(sentences)),
    )


def _best(scores: Scores, sentences: SentenceTable, least: float) -> Scores:
    """Of each passage the best sentence's, at least ``least``."""
    best = np.full(len(sentences), least, np.float32)
    some = sentences.counts > 0
    if some.any():
        # Passages without sentences take no room: each segment ends where the next of these begins.
        best[some] = np.maximum(np.maximum.reduceat(scores, sentences.bounds[:-1][some]), least)
    return best


def _matches(terms: NDArray[np.uint32], importance: Importance) -> tuple[Ids, Ids]:
    """Where the question's terms occur: positions among all terms of all passages, and which term it is."""
    if not len(terms) or not len(importance.terms):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    # By half of each number first: a look into a table is faster than a search, and few are left.
    among = np.zeros(_HALVES, np.bool_)
    among[importance.terms & (_HALVES - 1)] = True
    positions = np.flatnonzero(among[terms & (_HALVES - 1)])
    left = terms[positions]
    at = np.minimum(np.searchsorted(importance.terms, left), len(importance.terms) - 1)
    same = importance.terms[at] == left
    return positions[same], at[same]


def _occurrences(sentences: SentenceTable, matches: tuple[Ids, Ids], terms: int) -> Scores:
    """In how many sentences (and headings) of each passage each term occurs; shape (passages, terms)."""
    counts = np.zeros((len(sentences), terms), np.float32)
    positions, term = matches
    of = np.searchsorted(sentences.term_bounds[1:], positions, side="right")
    np.add.at(counts, (of, term), 1.0)
    return counts


def _coverage(sentences: SentenceTable, matches: tuple[Ids, Ids], weights: Scores) -> Scores:
    """The share that each sentence has."""
    shares = np.zeros(len(sentences.terms) + 1)
    positions, term = matches
    shares[positions + 1] = weights[term]
    sums = np.cumsum(shares)
    # Where each sentence's terms begin and end among all: the first of a passage begins where that does.
    begins = sentences.term_bounds[:-1]
    ends = np.repeat(begins, sentences.counts) + sentences.term_ends
    starts = np.concatenate([[0], ends[:-1]])[: len(ends)]
    some = sentences.counts > 0
    starts[sentences.bounds[:-1][some]] = begins[some]
    coverage: Scores = (sums[ends] - sums[starts]).astype(np.float32)
    return coverage


def _bm25(counts: Scores, lengths: NDArray[np.int64], weights: Scores) -> Scores:
    average = max(1.0, float(lengths.mean())) if len(lengths) else 1.0
    saturation = _K1 * (1.0 - _B + _B * lengths / average)
    scores: Scores = ((counts * (_K1 + 1.0) / (counts + saturation[:, None])) @ weights).astype(np.float32)
    return scores
