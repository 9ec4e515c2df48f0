"""Tell whether a sentence that was chosen for two parts of a question answers each of them.

A sentence on the hall and its parking spaces is near to "What is the rent of the hall?", too: it has the
words that the parts share. It answers a part if it has all of its words, or the kind of thing it asks for.
"""

from __future__ import annotations

from collections.abc import Sequence

import regex

from index.answers import Answer
from index.citations.statements.facts import are_forms
from index.search.extraction.parts import QUESTION_WORDS, Part
from index.search.extraction.selection import Selected, candidates, repeats
from index.search.wanted import Wanted
from index.text.stop_words import STOP_WORDS

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_SMALL = STOP_WORDS["english"] | QUESTION_WORDS
_ENDING = 2
"""Letters in which two forms of a word may differ: "marry" and "married"."""
_LEAST_SHARE = 0.25
"""Least probability of a sentence that takes the place of another, as a share of its probability."""


def answer_apart(
    by_part: Sequence[Selected], parts: Sequence[Part], answers: Sequence[Answer]
) -> list[Selected]:
    """Return the best sentences of the parts; for one that only answers another part the next that does.

    ``answers`` are those to the parts. A part without such a sentence has none.
    """
    kept: list[Selected] = []
    for one in by_part:
        others = [other for other in by_part if other.part != one.part]
        query = parts[one.part].query
        if not repeats(one, others) or answers_part(one.text, query):
            kept.append(one)
        elif (better := _next_best(one, others, query, answers[one.part])) is not None:
            kept.append(better)
    return kept


def answers_part(sentence: str, query: str) -> bool:
    """Whether a sentence has all words of a part, or the number, date or name that it asks for."""
    if not _missing(sentence, query):
        return True
    wanted = Wanted.of(query)
    return wanted is not None and wanted.kind != "list" and wanted.is_in(sentence, 0, len(sentence))


def _next_best(one: Selected, others: Sequence[Selected], query: str, answer: Answer) -> Selected | None:
    """The most probable other sentence that has words of the part which the first lacks."""
    missing = _missing(one.text, query)
    found = (
        other
        for other in candidates(answer, one.part)
        if other.probability >= _LEAST_SHARE * one.probability
        and len(_missing(other.text, " ".join(missing))) < len(missing)
        and not repeats(other, others)
    )
    return next(found, None)


def _missing(sentence: str, query: str) -> list[str]:
    """The words of a question that a sentence lacks in any form, without those by which it asks."""
    said = _words(sentence)
    return [
        word for word in _words(query) if word not in _SMALL and not any(_is_form(word, one) for one in said)
    ]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _is_form(one: str, other: str) -> bool:
    return one == other or are_forms(one, other, ending=_ENDING)
