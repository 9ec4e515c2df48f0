"""The features by which the answerability of a question, and of a passage, is estimated."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np

from index.answers import Hit
from index.search.named import Named
from index.search.ranking import scoring
from index.search.ranking.candidates import RankedCandidates, Scores
from index.search.ranking.second_look import SecondLook
from index.search.regression import Numbers

_FEW, _MANY = 5, 20
_AGREEMENT = [scoring.FEATURES.index(name) for name in ("base", "sentence", "passage", "elsewhere")]
_TINY = 1e-6
_LEAST_PROBABILITY = 1e-4
_LEAST = 5
"""Fewest candidates whose spread says something."""


@dataclass(frozen=True, slots=True)
class Features:
    """The features of a question. Cosines are -1 to 1, shares 0 to 1; all are 0 without candidates.

    ``nearest``: the best mean of a sentence's cosine and its passage's; ``second``: the second best cosine
    of any sentence; ``few`` and ``many``: the mean cosine of the 5 and of the 20 nearest passages;
    ``contrast``: by how many standard deviations the best sentence's cosine stands out among the
    candidates' best ones, 0 with few candidates; ``together``: the best mean of a sentence's cosine and its
    share of the question's words. Of the first passage: ``first_passage`` and ``first_sentence``, the share
    of the question's words in it and in its best sentence, weighted by importance; ``matched``, the share
    of the letters of its words, which needs no statistics of words; and ``numbers``, the share of the
    question's words with digits that it lacks. ``margin``: by how much the best document agrees more than
    any other. ``words``: the best BM25 score by sentences; ``sentences``: the logarithm of how many
    sentences were compared; ``spelt``: 1 if the model does not know the question's language.

    ``lacks_name``, ``lacks_number`` and ``lacks_count``: 1 if a passage's best sentence, its
    neighbours and its headings lack a name, a number or date, or a small number of the question, of the first
    passages the one that lacks least;
    ``lacks_name_far`` and ``lacks_number_far``: if the whole passage does
    (:class:`index.search.named.Named`).

    Of the passages that the cross-encoder read, ``read_passages``, ``read`` and ``read_second`` are the best
    and the second best logit, ``read_first`` that of the first passage; 0 where there is none.
    """

    nearest: float = 0.0
    second: float = 0.0
    few: float = 0.0
    many: float = 0.0
    contrast: float = 0.0
    together: float = 0.0
    first_passage: float = 0.0
    first_sentence: float = 0.0
    matched: float = 0.0
    margin: float = 0.0
    numbers: float = 0.0
    words: float = 0.0
    sentences: float = 0.0
    spelt: float = 0.0
    lacks_name: float = 0.0
    lacks_name_far: float = 0.0
    lacks_number: float = 0.0
    lacks_number_far: float = 0.0
    lacks_count: float = 0.0
    read: float = 0.0
    read_first: float = 0.0
    read_second: float = 0.0
    read_passages: float = 0.0

    def as_dict(self) -> dict[str, float]:
        """Return the features by name."""
        return {name: getattr(self, name) for name in FEATURES}

    @staticmethod
    def of(
        found: RankedCandidates, hits: Sequence[Hit], asked: Sequence[str], named: Named, *, spelt: bool
    ) -> Features:
        """Compute the features of a ranking; ``asked`` are the words that the question is searched by.

        ``named`` compares what it names with the first hit. A passage counts once, however many documents
        have it.
        """
        read, second, first = _read(found)
        found = _without_copies(found)
        dense = _nan_to_zero(found.candidates.dense)
        ordered = np.sort(dense)[::-1][:_MANY].tolist()
        few, many = sum(ordered[:_FEW]) / max(1, len(ordered[:_FEW])), sum(ordered) / max(1, len(ordered))
        matched, numbers = _words(hits, asked)
        nearest = ordered[0] if ordered else 0.0
        known = Features(
            nearest=nearest, second=nearest, few=few, many=many, together=(nearest + matched) / 2,
            first_passage=matched, first_sentence=matched, matched=matched, numbers=numbers,
            spelt=float(spelt), lacks_name=float(named.lacks_name),
            lacks_name_far=float(named.lacks_name_far), lacks_number=float(named.lacks_number),
            lacks_number_far=float(named.lacks_number_far), lacks_count=float(named.lacks_count),
            read=read, read_second=second, read_first=first, read_passages=float(len(found.judged)),
        )  # fmt: skip
        if found.second_look is None or not len(found):
            return known
        return _add_second_look(known, found, found.second_look, dense)


def _without_copies(found: RankedCandidates) -> RankedCandidates:
    """Leave out passages that repeat the words of a better one, such as those of a copied document.

    A copy says nothing new: it would only make the best document seem to stand out less.
    """
    if found.second_look is None:
        return found
    words = found.second_look.own_terms
    if len(set(words)) == len(words):
        return found
    first = {one: at for at, one in reversed(list(enumerate(words))) if one}
    kept = [at for at, one in enumerate(words) if not one or first[one] == at]
    return found if len(kept) == len(found) else found.at(np.array(kept, np.int64))


def _add_second_look(known: Features, found: RankedCandidates, seen: SecondLook, dense: Scores) -> Features:
    """Add the features of the second look."""
    best = _nan_to_zero(seen.meaning)
    cosines, coverage = seen.all_sentences()
    cosines = _nan_to_zero(cosines)
    two = np.sort(np.partition(cosines, -2)[-2:]) if len(cosines) > 1 else cosines
    contrast = (best.max() - best.mean()) / (best.std() + _TINY) if len(best) > _LEAST else 0.0
    return replace(
        known,
        nearest=float(((dense + best) / 2).max()),
        second=float(two[0]) if len(two) else 0.0,
        contrast=float(contrast),
        together=float(((cosines + coverage) / 2).max(initial=0.0)),
        first_passage=float(seen.passage[0]),
        first_sentence=float(seen.sentence[0]),
        margin=_margin(found, seen),
        words=float(seen.words.max()),
        sentences=math.log1p(len(cosines)),
    )


def _margin(found: RankedCandidates, seen: SecondLook) -> float:
    """By how much the agreement of the best document with the question exceeds that of the next.

    Agreement is a fixed mean of the ranking's features, so that fitting the ranking anew does not change it.
    """
    if found.features is None:
        return 0.0
    base, sentence, passage, elsewhere = found.features[_AGREEMENT]
    agreement = (base + 0.3 * sentence + 0.1 * (passage + elsewhere)) / 1.4
    best = int(agreement.argmax())
    others = agreement[seen.documents != seen.documents[best]]
    return float(agreement[best] - others.max(initial=0.0))


FEATURES = tuple(one.name for one in fields(Features))


def _words(hits: Sequence[Hit], asked: Sequence[str]) -> tuple[float, float]:
    """The first passage's share of the letters of the words asked, and the share of numbers it lacks."""
    found = hits[0].explain.lexical.terms if hits else ()
    numbers = [word for word in asked if any(map(str.isdigit, word))]
    lacking = sum(word not in found for word in numbers) / len(numbers) if numbers else 0.0
    return sum(map(len, found)) / max(1, sum(map(len, asked))), lacking


def _read(found: RankedCandidates) -> tuple[float, float, float]:
    """The best and the second best logit of the cross-encoder, and that of the first passage it read."""
    if not found.judged:
        return 0.0, 0.0, 0.0
    logits = [one.answers for id_ in found.candidates.ids.tolist() if (one := found.judged.get(id_))]
    best, second = (sorted(logits, reverse=True) * 2)[:2]
    return best, second, logits[0]


def _nan_to_zero(scores: Scores) -> Scores:
    """Replace NaN by zero."""
    return np.where(np.isnan(scores), np.float32(0.0), scores)


PASSAGE_FEATURES = (
    "question", "rank", "dense", "dense_gap", "evidence", "evidence_gap", "sentence", "sentence_gap",
    "read", "is_read",
)  # fmt: skip
"""The features of one passage: the logit of the question's probability; the logarithm of its rank; its
cosine; the best mean of a sentence's cosine and its share of the question's words; the best such share. A gap
is the difference from the first passage. ``read`` is the logit of the cross-encoder, 0 where it did not read
(``is_read``)."""


def of_passages(hits: Sequence[Hit], question: float) -> Numbers:
    """Compute the features of passages, shape (n, 10); ``question`` is the logit of the question's.

    They do not depend on how many passages were asked for.
    """
    rows: list[tuple[float, ...]] = []
    first = 0.0, 0.0, 0.0
    for rank, hit in zip(_logarithms(len(hits)), hits, strict=True):
        told = hit.explain
        dense, evidence, sentence = told.dense.score or 0.0, hit.match, told.sentence or 0.0
        if not rows:
            first = dense, evidence, sentence
        of_dense, of_evidence, of_sentence = first
        is_read = told.read is not None
        rows.append(
            (
                question, rank, dense, dense - of_dense, evidence, evidence - of_evidence, sentence,
                sentence - of_sentence, 0.0 if told.read is None else _logit(told.read), float(is_read),
            )
        )  # fmt: skip
    return np.array(rows, np.float64).reshape(len(hits), len(PASSAGE_FEATURES))


@lru_cache(64)
def _logarithms(count: int) -> list[float]:
    """Those of the ranks from 1."""
    found: list[float] = np.log(np.arange(1, count + 1)).tolist()
    return found


def _logit(probability: float) -> float:
    bounded = min(max(probability, _LEAST_PROBABILITY), 1.0 - _LEAST_PROBABILITY)
    return math.log(bounded / (1.0 - bounded))
