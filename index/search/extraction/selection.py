"""Choose the sentences that answer, among the evidence of the passages that were found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.answers import Answer, Hit
from index.citations import parse_locator
from index.search.extraction.beginning import lead_start
from index.search.extraction.lists import block_end
from index.search.extraction.older_mail import is_about_the_same, is_later
from index.search.extraction.reasons import (
    asks_why,
    follows_reason,
    gives_reason,
    leaves_reason_out,
    span_before,
)
from index.search.extraction.wording import is_said, missing_words
from index.search.near_duplicates import Wording
from index.search.question.definitions import AskedThing, Kind
from index.search.question.times import may_tell_time, tells_time, time_asked
from index.search.question.wanted import Wanted
from index.text.sentences import COLONS, Span
from index.text.tables import SEPARATOR
from index.types import Cell

MOST_SENTENCES = 10
_LIKELY_SHARE = 0.8
"""Least probability of a sentence that is put before the first one, as a share of that one's."""
_IS = "(?:is|are|was|were|amounts? to|amounted to|equals?)"
_ASKS_WHAT = re.compile(
    rf"\bwhat {_IS} (?:the )?(?:\w+ ){{0,2}}?(\w+)(?= (?:of|for|in|on|at)\b|\s*\??\s*$)", re.IGNORECASE
)
_LEAST_DEFINING: dict[Kind, float] = {"defines": 0.3, "tells": 0.8}
"""Least probability of a sentence that says what a thing is to be put first, as a share of the best one's."""
_REFERS = re.compile(
    r"\b(?:this|that|these|the\s+same)\s+(?:rules?\s+)?(?:also\s+)?(?:appl(?:y|ies)|goes|holds?)\b|"
    r"\b(?:gilt|gelten)\s+(?:dies|das|dasselbe)\b|\b(?:dies|das|dasselbe)\s+gilt\b|\bcela\s+vaut\b",
    re.IGNORECASE,
)
"""In a sentence that says where the one before it holds, too."""
_LEAST_NEWER = 0.1
"""Least probability of a sentence that is put before one of an older mail, as a share of that one's."""
_BESIDE = 2
_LEAST_NEW = 0.3
"""Least probability of a sentence that is put before one which was just quoted, as a share of that one's."""
_LEAST_HOLDING, _LEAST_HOLDING_ELSEWHERE = 0.3, 0.5
"""The same for one that tells the time or the reason which is asked for and the best one lacks: in its
document, and in another."""
_BELOW = 1000
"""Code points below a line that leads to a table in which a row of that is looked for."""
_LEAST_SHARE = 0.5
"""Least probability of a further sentence, as a share of the first one's."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A sentence of a hit, ``[start, end)`` of the document's text.

    ``part`` is that of the question which it answers. ``probability``: that its passage answers, and that a
    person would mark this sentence of it. ``words`` are its text where the hit has only a part of it.
    ``introductions`` are the spans above an item of a list that it is not understood without. ``is_older``: a
    mail quotes it of an older one.
    """

    hit: Hit
    start: int
    end: int
    probability: float
    part: int = 0
    words: str = ""
    introductions: tuple[Span, ...] = ()
    is_older: bool = False

    @property
    def text(self) -> str:
        """Its words."""
        if self.words:
            return self.words
        at = self.hit.citation.start
        return self.hit.text[self.start - at : self.end - at]

    @property
    def answering(self) -> Sequence[Cell]:
        """The cells that answer, if it is a row of a table and the question tells which."""
        lit = (one for one in self.hit.evidence if self.start <= one.start and one.end <= self.end)
        return next((one.answering for one in lit), ())

    @property
    def above(self) -> Sequence[str]:
        """The title and the headings of a passage that begins with it; none if it begins before."""
        cited = self.hit.citation
        return () if self.start > cited.start else (cited.title, *cited.section)

    @property
    def document(self) -> tuple[str, str, str]:
        """The collection, the document and the text that it is in."""
        cited = self.hit.citation
        return cited.collection, cited.document_id, cited.text_sha256


def candidates(answer: Answer, part: int = 0) -> list[Selected]:
    """Return all sentences of an answer's evidence, but those that are amended, most probable first."""
    found = [
        Selected(hit, lit.start, lit.end, hit.probability * lit.score, part, is_older=lit.is_older)
        for hit in answer.hits
        for lit in hit.evidence
        if not lit.is_amended
    ]
    found.sort(key=lambda one: (-one.probability, one.hit.rank, one.start))
    found = _newer_first(found, answer.question)
    found = _timed_first(_stating_first(found, answer.question), answer.question)
    found = _reason_first(found, answer.question)
    return _row_first(_new_first(_referred_first(found), answer))


def _newer_first(found: Sequence[Selected], question: str) -> list[Selected]:
    """Put what the newer part of a mail, or a later mail, says before what a mail quotes of an older one."""
    if not found or not found[0].is_older:
        return list(found)
    best = found[0]
    newer = [
        one
        for one in found[1:]
        if not one.is_older
        and one.probability >= _LEAST_NEWER * best.probability
        and (one.document == best.document or is_later(one.hit, best.hit))
        and is_about_the_same(one.text, best.text, question)
    ]
    return _with_first(found, newer[:1])


def _with_first(found: Sequence[Selected], first: Sequence[Selected]) -> list[Selected]:
    """The sentences, some of them first, as probable as the best one."""
    return [
        *(replace(one, probability=found[0].probability) for one in first),
        *(one for one in found if one not in first),
    ]


def _stating_first(found: Sequence[Selected], question: str) -> list[Selected]:
    """Put a sentence that says what the thing is first, among the nearly as probable: "The rent is ..."."""
    if not found:
        return []
    if (thing := AskedThing.of(question)) is not None:
        return _defining_first(found, thing)
    asked = _ASKS_WHAT.search(question)
    if asked is None:
        return list(found)
    states = re.compile(rf"\b{re.escape(asked[1])}\s+{_IS}\b", re.IGNORECASE)
    best = found[0].probability
    likely = [one for one in found if one.probability >= _LIKELY_SHARE * best and states.search(one.text)]
    return _with_first(found, likely[:1])


def _timed_first(found: Sequence[Selected], question: str) -> list[Selected]:
    """Put a sentence that tells a time first where one is asked for, and the best one tells none."""
    asked = time_asked(question) if found else None
    if asked is None or may_tell_time(found[0].text, asked):
        return list(found)
    timed = [one for one in found if _may_replace(one, found[0]) and tells_time(one.text, asked)]
    return _with_first(found, timed[:1])


def _may_replace(one: Selected, best: Selected) -> bool:
    """Whether a sentence is probable enough to stand before one that lacks what is asked for."""
    least = _LEAST_HOLDING if one.document == best.document else _LEAST_HOLDING_ELSEWHERE
    return one.probability >= least * best.probability and one.is_older <= best.is_older


def _reason_first(found: Sequence[Selected], question: str) -> list[Selected]:
    """Put a sentence that gives the reason first where one is asked for, and the best one gives none."""
    if not found or not asks_why(question) or not leaves_reason_out(found[0].text, question):
        return list(found)
    best = found[0]
    asked = len(missing_words("", question))
    for one in found:
        if not _may_replace(one, best) or len(missing_words(one.text, question)) == asked:
            continue
        if gives_reason(one.text, question):
            return _with_first(found, [one])
        if follows_reason(one.text) and (before := _just_before(one)) is not None:
            return _with_first(found, [before])
    return list(found)


def _just_before(one: Selected) -> Selected | None:
    """The sentence before one, in its paragraph of the hit."""
    at = one.hit.citation.start
    span = span_before(one.hit.text, one.start - at)
    return None if span is None else replace(one, start=at + span[0], end=at + span[1], words="")


def _referred_first(found: Sequence[Selected]) -> list[Selected]:
    """Put what "The same applies on Sundays" refers to first, the sentence just before it."""
    if not found or not _REFERS.search(found[0].text):
        return list(found)
    best = found[0]
    near = [
        one
        for one in found[1:]
        if one.document == best.document
        and 0 <= best.start - one.end <= _BESIDE
        and one.probability >= _LEAST_NEW * best.probability
    ]
    return _with_first(found, near[:1])


def _row_first(found: Sequence[Selected]) -> list[Selected]:
    """Put a row of the table to which a line leads before that line: "Three offers were obtained:"."""
    if not found or not found[0].text.rstrip().endswith(COLONS):
        return list(found)
    best = found[0]
    rows = [
        one
        for one in found[1:]
        if one.document == best.document
        and 0 <= one.start - best.end <= _BELOW
        and SEPARATOR in one.text
        and one.probability >= _LEAST_HOLDING * best.probability
    ]
    return _with_first(found, rows[:1])


def _defining_first(found: Sequence[Selected], thing: AskedThing) -> list[Selected]:
    """Put a sentence first that says what the thing is, or else one that has it as its subject."""
    best = found[0].probability
    kinds = [thing.kind(one.text, one.above) for one in found]
    for kind, least in _LEAST_DEFINING.items():
        likely = [
            one
            for one, of in zip(found, kinds, strict=True)
            if of == kind and one.probability >= least * best
        ]
        if likely:
            # A text says first what its subject is.
            one = min(likely, key=lambda one: (one.document != likely[0].document, one.start))
            return [replace(one, probability=best), *(other for other in found if other is not one)]
    return list(found)


def _new_first(found: Sequence[Selected], answer: Answer) -> list[Selected]:
    """Put another sentence first where the best one is what was just answered, and does not say all of it.

    The other one has words of the question that the best one lacks, or the number, date or name that it asks
    for.
    """
    if not found or not is_said(found[0].text, answer.said):
        return list(found)
    best = found[0]
    missing = missing_words(best.text, answer.question)
    wanted = Wanted.of(answer.question)
    holds = wanted is None or wanted.kind == "list" or wanted.is_in(best.text, 0, len(best.text))

    def is_new(one: Selected) -> bool:
        if one.probability < _LEAST_NEW * best.probability or is_said(one.text, answer.said):
            return False
        if len(missing_words(one.text, " ".join(missing))) < len(missing):
            return True
        return not holds and wanted is not None and wanted.is_in(one.text, 0, len(one.text))

    return _with_first(found, [one for one in found if is_new(one)][:1])


def first_sentence(answer: Answer) -> Selected | None:
    """Return the sentence that stands first, wherever the answer is shown; None if nothing answers.

    It is the row in which a computed value stands, if there is one, and else the first one of :func:`best`,
    from the question of the document that it answers; a line that says nothing alone has those below it.
    """
    for locator in answer.reading.rows[:1] if answer.reading is not None else ():
        row = parse_locator(locator)
        for hit in answer.hits:
            cited = hit.citation
            if answer.reading is not None and cited.collection != answer.reading.collection:
                continue
            if cited.document_id == row.document_id and cited.start <= row.start and row.end <= cited.end:
                return Selected(hit, row.start, row.end, answer.answerability)
    first = next(iter(candidates(answer)), None)
    if first is None:
        return None
    at, text = first.hit.citation.start, first.hit.text
    own = first.start - at, first.end - at
    return replace(first, start=at + lead_start(text, own, answer.question), end=at + block_end(text, *own))


def best(answer: Answer, most: int, part: int = 0) -> list[Selected]:
    """Return at most so many sentences, the most probable first, none of which repeats another."""
    chosen: list[Selected] = []
    for one in candidates(answer, part):
        if len(chosen) == most or (chosen and one.probability < _LEAST_SHARE * chosen[0].probability):
            break
        if not repeats(one, chosen):
            chosen.append(one)
    return chosen


def repeats(one: Selected, chosen: Sequence[Selected]) -> bool:
    """Whether a sentence overlaps one of those chosen, or says the same in nearly the same words."""
    wording = Wording.of(one.text)
    return any(_overlap(one, other) or wording.says_the_same(Wording.of(other.text)) for other in chosen)


def _overlap(one: Selected, other: Selected) -> bool:
    return one.document == other.document and one.start < other.end and other.start < one.end
