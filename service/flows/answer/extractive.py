"""Answers in the documents' own words."""

from __future__ import annotations

from collections.abc import Iterator

from service.advice import describe_unasked
from service.flows.answer.events import Delta, Event, Finished, Sentence, Usage
from service.flows.answer.finding import Found
from service.flows.answer.wording import DECLINED, NEAREST, computed_note, count_words

_MOST_NEAREST = 3
_BETWEEN = "\n\n"


def extractive_events(found: Found, *, for_people: bool) -> Iterator[Event]:
    """The events of an answer that quotes, or of one that declines.

    ``for_people``: say in the text what was computed, and name the nearest passages where it declines.
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
    at = 0
    named = ""
    for mark, one in enumerate(found.extract.sentences, 1):
        quote = one.citation.quote
        lead = _BETWEEN if at else ""
        # A row of the table that was just shown needs no names again.
        if one.names is not None and one.names.locator != named:
            lead += f"{one.names.quote}\n"
        named = one.names.locator if one.names is not None else ""
        start = at + len(lead)
        text = f"{lead}{quote} [{mark}]"
        yield Delta(text)
        yield Sentence(
            start, start + len(quote), quote, (mark,), "verbatim",
            probability=one.probability, part=one.part, citation=one.citation,
            names=one.names, cells=one.cells, answering=one.answering,
        )  # fmt: skip
        at += len(text)
    if for_people and found.answer.reading is not None:
        yield Delta(f"{_BETWEEN}{computed_note(found.answer.reading)}")


def _declining_events(found: Found, shows_passages: bool) -> Iterator[Event]:
    yield Delta(DECLINED)
    if shows_passages and found.answer.unasked:
        names = [one.collection for one in found.answer.searched] or [found.collection]
        yield Delta(f" {describe_unasked(found.answer.unasked, names)}")
    hits = found.answer.hits[:_MOST_NEAREST] if shows_passages else ()
    if not hits:
        return
    at = len(DECLINED)
    lead = f" {NEAREST}{_BETWEEN}"
    for mark, hit in enumerate(hits, 1):
        start = at + len(lead)
        text = f"{lead}{hit.text} [{mark}]"
        yield Delta(text)
        yield Sentence(
            start, start + len(hit.text), hit.text, (mark,), "passage",
            probability=hit.probability, citation=hit.citation,
        )  # fmt: skip
        at += len(text)
        lead = _BETWEEN
