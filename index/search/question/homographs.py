"""Tell words of a question from words that are only written alike in a passage's language.

"Die" is a verb in an English question and an article in German passages, and nearly each of these has it.
A word that is a content word in the question's language, and a function word in the language that a passage
seems to be in, is not found there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.sentence_table import SentenceTable
from index.text.analysis import Analyzer
from index.text.languages import Language, alphabetic_languages, language_of_question
from index.types import Ids

Hashes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Homographs:
    """The terms of a question that are function words in another language, as hashes.

    ``own`` are function words of the question's language alone, ``terms`` the question's terms among those of
    each other language, and ``others`` the rest of the latter, by which one tells that language.
    """

    own: Hashes
    others: Sequence[Hashes]
    terms: Sequence[Hashes]

    @staticmethod
    def of(question: str, terms: Hashes, analyzer: Analyzer) -> Homographs | None:
        """Find them among a question's ``terms``; None if there are none, as in most questions."""
        languages, every_one = _function_words(analyzer)
        if every_one.isdisjoint(terms.tolist()):
            return None
        of = languages.get(language_of_question(question).name)
        if of is None:
            return None
        found = [(words, alike) for words in of.others if len(alike := terms[_among(terms, words)])]
        if not found:
            return None
        others = [words[~_among(words, alike)] for words, alike in found]
        return Homographs(of.own, others, [alike for _, alike in found])

    def unfound(self, sentences: SentenceTable, documents: Ids) -> NDArray[np.bool_]:
        """Which of the table's terms are such words in a passage of the other language.

        A passage of too few words, such as a formula, is in the language of its document, whose key is in
        ``documents``.
        """
        passages = np.repeat(np.arange(len(sentences.counts)), sentences.term_counts)
        _, document = np.unique(documents, return_inverse=True)

        def excess(words: Hashes) -> Ids:
            signs = _among(sentences.terms, words).astype(np.int64) - _among(sentences.terms, self.own)
            own = np.bincount(passages, signs, len(sentences.counts))
            all_ = np.bincount(document, own, document.max(initial=-1) + 1)
            return np.where(own, own, all_[document])

        found = np.zeros(len(sentences.terms), np.bool_)
        for other, terms in zip(self.others, self.terms, strict=True):
            found |= (excess(other) > 0)[passages] & _among(sentences.terms, terms)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _FunctionWords:
    """The function words that only one language has, and those of each other one that it lacks."""

    own: Hashes
    others: Sequence[Hashes]


@lru_cache(8)
def _function_words(analyzer: Analyzer) -> tuple[Mapping[str, _FunctionWords], frozenset[int]]:
    """The function words by the name of the language, and those of all languages."""
    every = {one.name: _hashes(one, analyzer) for one in alphabetic_languages()}
    found = {}
    for name, own in every.items():
        others = [words for other, words in every.items() if other != name]
        alone = np.setdiff1d(own, np.concatenate(others))
        found[name] = _FunctionWords(alone, [np.setdiff1d(words, own) for words in others])
    return found, frozenset(np.concatenate(list(every.values())).tolist())


def _among(hashes: Hashes, words: Hashes) -> NDArray[np.bool_]:
    """Which hashes are among words, which are ascending."""
    if not len(words):
        return np.zeros(len(hashes), np.bool_)
    found: NDArray[np.bool_] = words[np.minimum(words.searchsorted(hashes), len(words) - 1)] == hashes
    return found


def _hashes(language: Language, analyzer: Analyzer) -> Hashes:
    """The hashes of function words; single letters are rather signs of formulas."""
    return analyzer.term_hashes(" ".join(word for word in language.functions if len(word) > 1))
