"""Second look: score the best candidates again, sentence by sentence.

A passage's vector averages all its topics, and BM25 ignores whether the words found are close together. So
the second look computes for each candidate: the best cosine of a sentence with the question, the largest
share of the question's words in one sentence, the number of sentences with each word, and the share of words
in all candidates of the document. :mod:`index.search.ranking.scoring` makes one score of them.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import repeat
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from index.embedding.cosine_scale import AS_THEY_ARE, CosineScale
from index.search.question.homographs import Homographs
from index.sentence_table import SentenceTable
from index.types import Ids, Importance, Vectors

Scores = NDArray[np.float32]

_K1, _B = 0.9, 0.4
"""BM25 parameters (Trotman, Puurula and Burgess, ADCS 2014). A word counts once per sentence."""
_HALVES = 1 << 16
_TINY = 1e-9
_NO_MATCHES = np.empty(0, np.int64), np.empty(0, np.int64)


Number = TypeVar("Number", float, Scores)


def usual_cosine(coverage: Number) -> Number:
    """The cosine that a sentence mostly has for its share of the question's words, where it has no vector."""
    return 0.4 + 0.4 * coverage


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The n sentences of one passage, compared with the question.

    Per sentence: its span in the passage (``spans``), its cosine with the question on the scale of the
    default model (``meaning``, NaN for a passage without vectors), its share of the question's words
    (``coverage``), and which these are (``words``, by index; the last of n + 1 sets is that of title and
    headings). ``shares`` has the importance of each of the question's words; ``terms`` are the hashes of
    those that the passage or its headings have.
    ``match`` is as in :class:`SecondLook`.
    """

    spans: NDArray[np.int32]
    meaning: Scores
    coverage: Scores
    words: Sequence[Set[int]] = ()
    shares: Sequence[float] = ()
    terms: frozenset[int] = frozenset()
    match: float = 0.0


@dataclass(frozen=True, eq=False)
class SecondLook:
    """The sentence-level features of n passages. Shares of the question's words are weighted by importance.

    Per passage: ``meaning`` is the best sentence's cosine and ``average`` the mean of all (NaN without
    vectors), ``sentence`` the best sentence's share and ``titled`` that with the headings, ``heading`` the
    share in the headings, ``passage`` the share in the whole passage, ``document`` the share in all these
    passages of its document, and ``words`` BM25 with sentence counts as frequencies. ``rare`` and
    ``rare_words`` are ``passage`` and ``words`` with smaller weights for words that many of these passages
    have. ``together`` is the best mean of a sentence's share and its cosine, scaled to [0, 1];
    ``match`` that of its share and ``near``, or the share alone without vectors. ``counts``
    and ``lengths`` are the numbers of sentences and of terms, ``documents`` numbers of the documents.

    Per sentence: ``near``, the cosine on the scale of the default model, and ``coverage``, aligned with
    ``sentences``, which may include further passages; passage i is row ``rows[i]`` of that table. ``matches``
    are positions among its terms, ascending, and the index of the question's word at each; ``shares`` has the
    importance of each word, ``hashes`` the hash of its term.
    """

    meaning: Scores
    average: Scores
    sentence: Scores
    titled: Scores
    heading: Scores
    passage: Scores
    document: Scores
    words: Scores
    rare: Scores
    rare_words: Scores
    together: Scores
    match: Scores
    counts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    documents: Ids
    sentences: SentenceTable
    near: Scores
    coverage: Scores
    rows: NDArray[np.int64]
    matches: tuple[Ids, Ids] = _NO_MATCHES
    shares: Sequence[float] = ()
    hashes: Sequence[int] = ()

    def reorder(self, order: NDArray[np.int64]) -> SecondLook:
        """Return the features of the passages at these positions, in this order."""
        return replace(self, **{name: getattr(self, name)[order] for name in _PER_PASSAGE})

    def look(self, at: int) -> Look:
        """Return the sentences of one passage."""
        row = self.rows[at]
        first, end = self.sentences.bounds[row : row + 2].tolist()
        begin, until = self.sentences.term_bounds[row : row + 2].tolist()
        positions, word = self.matches
        low, high = positions.searchsorted((begin, until)).tolist()
        # Terms after those of the last sentence are those of the headings.
        of = self.sentences.term_ends[first:end].searchsorted(positions[low:high] - begin, side="right")
        words: list[set[int]] = list(map(set, repeat((), end - first + 1)))
        found = word[low:high].tolist()
        for sentence, index in zip(of.tolist(), found, strict=True):
            words[sentence].add(index)
        some = slice(first, end)
        spans, coverage = self.sentences.spans[some], self.coverage[some]
        terms = frozenset(map(self.hashes.__getitem__, found))
        return Look(spans, self.near[some], coverage, words, self.shares, terms, float(self.match[at]))

    @cached_property
    def own_terms(self) -> list[bytes]:
        """The hashes of each passage's terms without its headings, repeated by sentence.

        They are bytes, which are equal where the words are.
        """
        begins = self.sentences.term_bounds[self.rows]
        lengths = np.zeros(len(self.rows), np.int64)
        some = self.counts > 0
        lengths[some] = self.sentences.term_ends[self.sentences.bounds[self.rows[some] + 1] - 1]
        terms, size = self.sentences.terms.tobytes(), self.sentences.terms.itemsize
        begins, ends = size * begins, size * (begins + lengths)
        return [terms[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]

    def all_sentences(self) -> tuple[Scores, Scores]:
        """Return scaled cosines and coverage of all sentences of these passages, in no order."""
        if len(self.rows) == len(self.sentences.counts):
            return self.near, self.coverage
        here = np.zeros(len(self.sentences.counts), np.bool_)
        here[self.rows] = True
        here = np.repeat(here, self.sentences.counts)
        return self.near[here], self.coverage[here]


_PER_PASSAGE = tuple(
    one.name
    for one in fields(SecondLook)
    if one.name not in ("sentences", "near", "coverage", "matches", "shares", "hashes")
)


# All values are finite. OpenBLAS at times raises the flag for lanes of registers that it does not use.
@np.errstate(invalid="ignore")
def look(
    sentences: SentenceTable,
    documents: Ids,
    question: Vectors,
    importance: Importance,
    homographs: Homographs | None = None,
    scale: CosineScale = AS_THEY_ARE,
) -> SecondLook:
    """Compute the second look; ``documents`` are the passages' document keys, ``question`` is one vector.

    ``homographs`` are terms of the question that are not found in passages of another language. ``scale`` is
    that of the cosines of the question's model.
    """
    matches = _matches(sentences.terms, importance)
    if homographs is not None:
        unfound = homographs.unfound(sentences, documents)
        matches, importance = _without(unfound, matches, importance)
    shares, lengths = importance.shares, sentences.term_counts
    counts, inside, headings = _occurrences(sentences, matches, len(shares))
    cosines = sentences.cosines(question)
    found = counts > 0
    rare = _rare(shares, found)
    numbers: dict[int, int] = {}
    document = np.array([numbers.setdefault(one, len(numbers)) for one in documents.tolist()], np.int64)
    together = np.zeros((len(numbers), found.shape[1]), bool)
    passage, term = found.nonzero()
    together[document[passage], term] = True
    coverage = inside @ shares
    present, words = found.astype(np.float32), _bm25(counts, lengths)
    with_headings = _share_with_headings(coverage, inside, headings, sentences, shares)
    near = scale.apply(cosines)
    meaning, sentence, titled, both, match = _best_scores(cosines, near, coverage, with_headings, sentences)
    return SecondLook(
        meaning=meaning,
        average=_mean(cosines, sentences),
        sentence=sentence,
        titled=titled,
        heading=headings @ shares,
        passage=present @ shares,
        document=(together.astype(np.float32) @ shares)[document],
        words=words @ shares,
        rare=present @ rare,
        rare_words=words @ rare,
        together=both,
        match=match,
        counts=sentences.counts,
        lengths=lengths,
        documents=document,
        sentences=sentences,
        near=near,
        coverage=coverage,
        rows=np.arange(len(sentences.counts)),
        matches=matches,
        shares=shares.tolist(),
        hashes=importance.terms.tolist(),
    )


def _best_scores(
    cosines: Scores, near: Scores, coverage: Scores, with_headings: Scores, sentences: SentenceTable
) -> Scores:
    """The best sentence scores of each passage: cosine, share, share with headings, and two means.

    Shape (5, passages). Both means are of cosine and share; the first scales the cosine to [0, 1], the second
    has that of the default model's scale (``near``). Of a cosine that is NaN they are the share.
    """
    both = (coverage + _scale_cosines(cosines, coverage)) * np.float32(0.5)
    agreement = np.where(np.isnan(cosines), coverage, (np.maximum(near, np.float32(0.0)) + coverage) / 2)
    scores = np.stack([cosines, coverage, with_headings, both, agreement])
    least = np.array([[-1.0], [0.0], [0.0], [0.0], [0.0]], np.float32)
    best = np.repeat(least, len(sentences.counts), axis=1)
    some = sentences.counts > 0
    if some.any():
        # Passages without sentences have empty segments, which reduceat cannot handle: skip them.
        found = np.maximum.reduceat(scores, sentences.bounds[:-1][some], axis=1)
        best[:, some] = np.maximum(found, least)
    return best


def _rare(shares: Scores, found: NDArray[np.bool_]) -> Scores:
    """Weigh the question's terms by how few of these passages have them also, in sum at most 1.

    Where the passages have a word because the whole collection does, as the name of its product, it does
    not tell them apart.
    """
    passages = len(found)
    rare = shares * np.log((passages + 1) / (found.sum(axis=0) + 0.5)).clip(0.0)
    weights: Scores = (rare / max(float(rare.sum()), _TINY)).astype(np.float32)
    return weights


def _scale_cosines(cosines: Scores, coverage: Scores) -> Scores:
    """Scale cosines to [0, 1]; NaN becomes the coverage."""
    known = ~np.isnan(cosines)
    if not known.any():
        return coverage
    low, high = float(np.nanmin(cosines)), float(np.nanmax(cosines))
    scaled: Scores = np.where(known, (cosines - low) / max(high - low, _TINY), coverage).astype(np.float32)
    return scaled


def _share_with_headings(
    coverage: Scores, inside: Scores, headings: Scores, sentences: SentenceTable, shares: Scores
) -> Scores:
    """Return each sentence's share together with the headings of its passage."""
    if not headings.any():
        return coverage
    both: Scores = np.maximum(inside, np.repeat(headings, sentences.counts, axis=0)) @ shares
    return both


def _mean(scores: Scores, sentences: SentenceTable) -> Scores:
    """Return the mean sentence score of each passage, NaN if it has no sentence."""
    mean = np.full(len(sentences.counts), np.nan, np.float32)
    some = sentences.counts > 0
    if some.any():
        mean[some] = np.add.reduceat(scores, sentences.bounds[:-1][some]) / sentences.counts[some]
    return mean


def _matches(terms: NDArray[np.uint32], importance: Importance) -> tuple[Ids, Ids]:
    """Find the question's terms: positions in the table's terms, and the index of the question's term."""
    if not len(terms) or not len(importance.terms):
        return _NO_MATCHES
    # Filter by the low half of each hash first: a table look-up is faster than a search and leaves few.
    among = np.zeros(_HALVES, np.bool_)
    among[importance.terms & (_HALVES - 1)] = True
    positions = np.flatnonzero(among[terms & (_HALVES - 1)])
    left = terms[positions]
    at = np.minimum(np.searchsorted(importance.terms, left), len(importance.terms) - 1)
    same = importance.terms[at] == left
    return positions[same], at[same]


def _without(
    unfound: NDArray[np.bool_], matches: tuple[Ids, Ids], importance: Importance
) -> tuple[tuple[Ids, Ids], Importance]:
    """Leave out the matches with these terms; a word without another weighs as the most important one."""
    positions, term = matches
    kept = ~unfound[positions]
    gone = np.setdiff1d(term[~kept], term[kept])
    shares = importance.shares.copy()
    shares[gone] = shares.max(initial=0.0)
    total = max(float(shares.sum()), _TINY)
    return (positions[kept], term[kept]), replace(importance, shares=(shares / total).astype(np.float32))


def _occurrences(
    sentences: SentenceTable, matches: tuple[Ids, Ids], terms: int
) -> tuple[Scores, Scores, Scores]:
    """Locate the question's terms.

    Returns the number of sentences (and headings) of each passage with each term, of shape (passages,
    terms), and whether each sentence, and the headings of each passage, have it.
    """
    positions, term = matches
    of = np.searchsorted(sentences.term_bounds[1:], positions, side="right")
    passages = len(sentences.counts)
    counted = np.bincount(of * terms + term, minlength=passages * terms)
    counts = counted.reshape(passages, terms).astype(np.float32)
    ends = np.repeat(sentences.term_bounds[:-1], sentences.counts) + sentences.term_ends
    sentence = np.searchsorted(ends, positions, side="right")
    # The terms after those of a passage's last sentence belong to its headings.
    heading = sentence >= sentences.bounds[of + 1]
    inside = np.zeros((len(ends), terms), np.float32)
    inside[sentence[~heading], term[~heading]] = 1.0
    headings = np.zeros((passages, terms), np.float32)
    headings[of[heading], term[heading]] = 1.0
    return counts, inside, headings


def _bm25(counts: Scores, lengths: NDArray[np.int64]) -> Scores:
    """Return the BM25 score of each term, without its weight."""
    average = max(1.0, float(lengths.mean())) if len(lengths) else 1.0
    saturation = _K1 * (1.0 - _B + _B * lengths / average)
    scores: Scores = (counts * (_K1 + 1.0) / (counts + saturation[:, None])).astype(np.float32)
    return scores
