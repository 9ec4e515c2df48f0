"""Compare the words of a question with those of a sentence, in any form."""

from __future__ import annotations

from collections.abc import Sequence

from index.citations.statements.facts import are_forms
from index.patterns import lazy_pattern
from index.search.extraction.parts import QUESTION_WORDS
from index.text.stop_words import STOP_WORDS

_WORD = lazy_pattern(r"[\p{L}\p{M}\p{N}]+")
_SMALL = STOP_WORDS["english"] | QUESTION_WORDS
_ENDING = 2
"""Letters in which two forms of a word may differ: "marry" and "married"."""
_LEAST_SAID, _FEWEST = 0.8, 6
"""Least share of a sentence's words that a quoted one has which says it, and fewest words for that."""
_DENIALS = frozenset("not no never cannot without nicht kein keine keinen nie ohne pas jamais sans".split())
_MARK = lazy_pattern(r"\[\d+\]")
"""Mark behind a quoted sentence."""


def missing_words(sentence: str, query: str) -> list[str]:
    """The words of a question that a sentence lacks in any form, without those by which it asks."""
    said = _words(sentence)
    return [
        word for word in _words(query) if word not in _SMALL and not any(_is_form(word, one) for one in said)
    ]


def is_said(text: str, said: str) -> bool:
    """Whether an answer has a sentence, or nearly: of documents that disagree one may have been quoted."""
    if not said:
        return False
    if " ".join(text.split()) in " ".join(said.split()):
        return True
    words = _words(text)
    return len(words) >= _FEWEST and any(_nearly_says(words, _words(one)) for one in _MARK.split(said))


def _nearly_says(words: Sequence[str], said: Sequence[str]) -> bool:
    """Whether a quoted sentence has nearly all words of another one, and denies as it does."""
    shared = sum(map(said.__contains__, words))
    return shared >= _LEAST_SAID * len(words) and not _DENIALS & (set(words) ^ set(said))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _is_form(one: str, other: str) -> bool:
    return one == other or are_forms(one, other, ending=_ENDING)
