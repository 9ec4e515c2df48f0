"""A second look at the best candidates, sentence by sentence.

A passage's vector is the mean of all that it speaks of, and BM25 does not see whether the words that it
found stand together. So each candidate is looked at again: which of its sentences is nearest to the question
in meaning, which has most of its words, in how many sentences they occur, and how many of them the
document has in all its candidates. The conditions ``second-look-*`` in benchmarks/ say what that is worth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.sentences import sentence_spans
from index.types import Ids, Importance, Sentences, Vectors

Scores = NDArray[np.float32]

_K1, _B = 0.9, 0.4
"""Of BM25 (Trotman, Puurula and Burgess, ADCS 2014). A sentence counts a word once."""
_MOST_SENTENCES = 512


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

    ``meaning`` is the best sentence's cosine (NaN without vectors), ``sentence`` the best sentence's share,
    ``passage`` and ``document`` the shares that are anywhere in the passage, and in any of the passages
    here that are of the same document; ``words`` is BM25 with sentences counted instead of words.
    """

    looks: Sequence[Look]
    meaning: Scores
    sentence: Scores
    passage: Scores
    document: Scores
    words: Scores

    def ordered(self, order: NDArray[np.int64]) -> SecondLook:
        """What was seen of the passages at these positions, in this order."""
        return SecondLook(
            [self.looks[at] for at in order.tolist()],
            self.meaning[order],
            self.sentence[order],
            self.passage[order],
            self.document[order],
            self.words[order],
        )


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


def look(
    passages: Sequence[Sentences], documents: Ids, question: Vectors, importance: Importance
) -> SecondLook:
    """Look at passages, each of a document, with a question's vector of shape (dimension,)."""
    matches = _matches(passages, importance)
    counts = _occurrences(passages, matches, len(importance.terms))
    found = counts > 0
    _, document = np.unique(documents, return_inverse=True)
    together = np.zeros((document.max(initial=-1) + 1, found.shape[1]), bool)
    np.logical_or.at(together, document, found)
    meaning = [one.vectors @ question if len(one.vectors) else _unknown(one) for one in passages]
    coverage = _coverage(passages, matches, importance.shares)
    return SecondLook(
        looks=[Look(one.spans, *seen) for one, *seen in zip(passages, meaning, coverage, strict=True)],
        meaning=np.array([seen.max(initial=-1.0) for seen in meaning], np.float32),
        sentence=np.array([seen.max(initial=0.0) for seen in coverage], np.float32),
        passage=found.astype(np.float32) @ importance.shares,
        document=(together.astype(np.float32) @ importance.shares)[document],
        words=_bm25(counts, np.array([len(one.terms) for one in passages]), importance.shares),
    )


def _unknown(passage: Sentences) -> Scores:
    return np.full(len(passage), np.nan, np.float32)


def _matches(passages: Sequence[Sentences], importance: Importance) -> tuple[Ids, Ids]:
    """Where the question's terms occur: positions among all terms of all passages, and which term it is."""
    if not passages or not len(importance.terms):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    terms = np.concatenate([one.terms for one in passages])
    at = np.minimum(np.searchsorted(importance.terms, terms), len(importance.terms) - 1)
    positions = np.flatnonzero(importance.terms[at] == terms)
    return positions, at[positions]


def _occurrences(passages: Sequence[Sentences], matches: tuple[Ids, Ids], terms: int) -> Scores:
    """In how many sentences (and headings) of each passage each term occurs; shape (passages, terms)."""
    counts = np.zeros((len(passages), terms), np.float32)
    positions, term = matches
    ends = np.cumsum([len(one.terms) for one in passages])
    np.add.at(counts, (np.searchsorted(ends, positions, side="right"), term), 1.0)
    return counts


def _coverage(passages: Sequence[Sentences], matches: tuple[Ids, Ids], weights: Scores) -> list[Scores]:
    """For each passage, the share that each of its sentences has."""
    before = np.cumsum([0, *(len(one.terms) for one in passages)])
    shares = np.zeros(int(before[-1]) + 1)
    positions, term = matches
    shares[positions + 1] = weights[term]
    sums = np.cumsum(shares)
    covered = []
    for one, start in zip(passages, before.tolist(), strict=False):
        bounds = start + np.concatenate([[0], one.term_ends])
        covered.append((sums[bounds[1:]] - sums[bounds[:-1]]).astype(np.float32))
    return covered


def _bm25(counts: Scores, lengths: NDArray[np.int64], weights: Scores) -> Scores:
    average = max(1.0, float(lengths.mean())) if len(lengths) else 1.0
    saturation = _K1 * (1.0 - _B + _B * lengths / average)
    scores: Scores = ((counts * (_K1 + 1.0) / (counts + saturation[:, None])) @ weights).astype(np.float32)
    return scores
