"""Prefer the sentence just after a question, or heading in its line, that is like the question asked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from index.search.judged import STRENGTH, JudgedSentence
from index.search.leads.finding import QUESTION_MARKS, lead_before, without_mark
from index.search.question.wanted import Wanted
from index.search.tables.asked import Asked

_LEAST, _MORE = 2.0, 0.3
"""Least strength of the answer to the very question asked, and how much more than the others it has."""
_LEAST_SHARE = 0.5
_ALLOWED = (
    "allow allowed permit permitted accept accepted welcome possible bring take come enter keep have okay "
    "erlaubt gestattet mitbringen mitnehmen möglich permis autorisé permitido admitido"
)
"""Words of a question for what another one of a single word asks for."""
"""Least share of the words of the question asked that a question of the text has."""


class _Around(NamedTuple):
    """The text around sentences, from offset ``at`` of the document, and the ``question`` before them."""

    text: str
    at: int
    question: str


def prefer_answers(
    judged: Sequence[JudgedSentence], text: str, at: int, asked: Asked, wanted: Wanted | None
) -> list[JudgedSentence]:
    """Raise the first sentence after a question or run-in heading that is like the one asked.

    It comes before the later ones, unless these have what else is asked for. ``text`` is the text around the
    sentences, from offset ``at`` of the document.
    """
    found = list(judged)
    for first, last in _between_gaps(judged, text, at):
        one = judged[first]
        span = lead_before(text, one.start - at, asked.names)
        if span is None or one.is_row:
            continue
        if "\n\n" not in text[span[1] : one.start - at]:
            last = _end_of_paragraph(judged, first, last, text, at)  # noqa: PLW2901
        later = judged[first + 1 : last + 1]
        least = _least_strength(
            [one, *later], _Around(text, at, without_mark(text[slice(*span)])), asked, wanted
        )
        if least is not None:
            others = max(map(STRENGTH, later), default=-math.inf)
            found[first] = one._replace(strength=max(one.strength, others + _MORE, least))
    return found


def _least_strength(
    group: Sequence[JudgedSentence], around: _Around, asked: Asked, wanted: Wanted | None
) -> float | None:
    """The least strength of the first of some sentences; None where it need not come first."""
    one, *later = group
    text, at, question = around
    own, said = asked.words(asked.text), asked.words(question)
    missing = own - said
    is_like = bool(own) and len(missing) <= (1 - _LEAST_SHARE) * len(own)
    rest = asked.words(text[one.end - at : later[-1].end - at]) if later else frozenset()
    if not is_like or not missing.isdisjoint(rest):
        return None
    if _holds(one, text, at, question, wanted):
        # "Dogs?" asks whether they are allowed.
        is_asked = not missing or (len(said) == 1 and missing <= asked.words(_ALLOWED))
        return _LEAST if is_asked and said <= own and question.endswith(QUESTION_MARKS) else -math.inf
    is_held_later = any(_holds(other, text, at, question, wanted) for other in later)
    return None if is_held_later else -math.inf


def _between_gaps(judged: Sequence[JudgedSentence], text: str, at: int) -> Iterator[tuple[int, int]]:
    """The first and the last of sentences between which there is nothing else: of one answer, or section."""
    first = 0
    for place in range(1, len(judged) + 1):
        if place == len(judged) or text[judged[place - 1].end - at : judged[place].start - at].strip():
            yield first, place - 1
            first = place


def _end_of_paragraph(judged: Sequence[JudgedSentence], first: int, last: int, text: str, at: int) -> int:
    for place in range(first, last):
        if "\n\n" in text[judged[place].end - at : judged[place + 1].start - at]:
            return place
    return last


def _holds(one: JudgedSentence, text: str, at: int, question: str, wanted: Wanted | None) -> bool:
    """Whether a sentence has the kind of thing that is asked for, or answers a question for that kind."""
    if wanted is None or wanted.kind == "list":
        return True
    of_text = Wanted.of(question)
    if of_text is not None and of_text.kind == wanted.kind:
        return True
    return wanted.is_in(text, one.start - at, one.end - at)
