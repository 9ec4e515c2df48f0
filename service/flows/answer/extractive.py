"""Answers in the documents' own words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from index.answers import Hit
from index.search.extraction import ExtractedSentence
from service.advice import describe_unasked
from service.flows.answer.events import Delta, Event, Finished, Sentence, Usage
from service.flows.answer.finding import Found
from service.flows.answer.wording import (
    DECLINED,
    NEAREST,
    OLDER,
    computed_note,
    count_words,
    superseded_note,
)

_MOST_NEAREST = 2
_LEAST_NEAR = 0.1
"""Least probability of a passage that is named where none answers."""
_LONGEST_LINE = 200
"""Code points of what is shown of such a passage."""
_BETWEEN, _BELOW_INTRODUCTION = "\n\n", "\n"


def extractive_events(found: Found, *, for_people: bool) -> Iterator[Event]:
    """The events of an answer that quotes, or of one that declines.

    ``for_people``: say in the text what was computed, and show a line of what is nearest where it declines.
    """
    written = ""
    for event in _answer_events(found, for_people):
        if isinstance(event, Delta):
            written += event.text
        yield event
    asked = [found.answer.question, *(hit.text for hit in found.answer.hits)]
    usage = Usage(sum(map(count_words, asked)), count_words(written))
    yield Finished("declined" if found.declines else "stop", usage)


def _answer_events(found: Found, for_people: bool) -> Iterator[Event]:
    if found.declines:
        yield from _declining_events(found, for_people)
        return
    at, lead, named = 0, "", ""
    for mark, one in enumerate(found.extract.sentences, 1):
        quote = one.citation.quote
        # A row of the table that was just shown needs no names again.
        if one.names is not None and one.names.locator != named:
            lead += f"{one.names.quote}\n"
        named = one.names.locator if one.names is not None else ""
        start = at + len(lead)
        text = f"{lead}{quote} [{mark}]"
        yield Delta(text)
        yield Sentence(
            start, start + len(quote), quote, (mark,), "verbatim",
            probability=one.probability, part=one.part, introduces=one.introduces, citation=one.citation,
            names=one.names, cells=one.cells, answering=one.answering, superseded_by=one.superseded_by,
        )  # fmt: skip
        at += len(text)
        if for_people and (note := _note(one)):
            yield Delta(f" {note}")
            at += len(note) + 1
        lead = _BELOW_INTRODUCTION if one.introduces else _BETWEEN
    if for_people and found.answer.reading is not None:
        yield Delta(f"{_BETWEEN}{computed_note(found.answer.reading)}")


def _note(one: ExtractedSentence) -> str:
    """Return what to say of a sentence that something newer may replace."""
    if one.is_older:
        return OLDER
    return superseded_note(one.superseded_by) if one.superseded_by and not one.introduces else ""


def _declining_events(found: Found, shows_passages: bool) -> Iterator[Event]:
    yield Delta(DECLINED)
    if shows_passages and found.answer.unasked:
        names = [one.collection for one in found.answer.searched] or [found.collection]
        yield Delta(f" {describe_unasked(found.answer.unasked, names)}")
    hits = _near(found.answer.hits) if shows_passages else ()
    if not hits:
        return
    at = len(DECLINED)
    lead = f" {NEAREST}{_BETWEEN}"
    for mark, hit in enumerate(hits, 1):
        start, line = at + len(lead), _line_of(hit)
        text = f"{lead}{line} [{mark}]"
        yield Delta(text)
        yield Sentence(
            start, start + len(line), line, (mark,), "passage",
            probability=hit.probability, citation=hit.citation,
        )  # fmt: skip
        at += len(text)
        lead = _BETWEEN


def _near(hits: Sequence[Hit]) -> Sequence[Hit]:
    """The first passages, as far as they may be what somebody looks for."""
    return list(takewhile(lambda hit: hit.probability >= _LEAST_NEAR, hits[:_MOST_NEAREST]))


def _line_of(hit: Hit) -> str:
    """A line of a passage: the beginning of its best sentence, or else of its text, as it stands there."""
    start = hit.evidence[0].start - hit.citation.start if hit.evidence else 0
    end = hit.evidence[0].end - hit.citation.start if hit.evidence else len(hit.text)
    line = hit.text[start:end].strip().split("\n", 1)[0].rstrip()
    return line if len(line) <= _LONGEST_LINE else line[:_LONGEST_LINE].rsplit(None, 1)[0]
