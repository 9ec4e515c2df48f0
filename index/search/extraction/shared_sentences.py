"""Tell whether a sentence that was chosen for two parts of a question answers each of them.

A sentence on the hall and its parking spaces is near to "What is the rent of the hall?", too: it has the
words that the parts share. It answers a part if it has all of its words, or the kind of thing it asks for.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.answers import Answer
from index.search.extraction.parts import Part
from index.search.extraction.selection import Selected, candidates, repeats
from index.search.extraction.wording import missing_words
from index.search.question.wanted import Wanted

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
    if not missing_words(sentence, query):
        return True
    wanted = Wanted.of(query)
    return wanted is not None and wanted.kind != "list" and wanted.is_in(sentence, 0, len(sentence))


def _next_best(one: Selected, others: Sequence[Selected], query: str, answer: Answer) -> Selected | None:
    """The most probable other sentence that has words of the part which the first lacks."""
    missing = missing_words(one.text, query)
    found = (
        other
        for other in candidates(answer, one.part)
        if other.probability >= _LEAST_SHARE * one.probability
        and len(missing_words(other.text, " ".join(missing))) < len(missing)
        and not repeats(other, others)
    )
    return next(found, None)
