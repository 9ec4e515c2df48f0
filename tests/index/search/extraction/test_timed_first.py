"""Where a time is asked for, a sentence that tells one stands before one that tells none."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from index.answers import Evidence
from index.search.extraction.selection import candidates
from index.search.question.times import may_tell_time, tells_time, time_asked

THINGS = ("bus", "choir", "harvest", "ferry", "locksmith")
CLOCKS = ("at 7.45", "at 18:30", "at 6 p.m.", "at noon", "between 9.15 and 10.00", "at 8 o'clock")
TIMES = (*CLOCKS, "on Fridays", "on 3 March", "tomorrow", "within two weeks", "three days before", "in 2031")
UNTIMED = ("The {} may not carry animals, and nobody knows the driver.", "If the {} is full, telephone us.")
VAGUE = (
    "By 9000 BP, the {} was gone.",
    "Rome had a {} in 753.",
    "The {} comes only after the harvest.",
    "The {} comes as soon as the gate is open.",
    "{} | 9 | 17",
)
ASK_TIME = (
    "When does the {} come?",
    "and when is the {} there",
    "Since when does the {} come?",
    "when's the {}?",
)
ASK_CLOCK = (
    "What time does the {} come?",
    "until what time can I take the {}",
    "At which time is the {} there?",
)
ASK_OTHER = (
    "What do I lose when I miss the {}?",
    "May I eat when the {} is there?",
    "Where is the {}?",
    "How many times did the {} come?",
    "When the {} comes, can I smoke?",
)


def first(question: str, *texts: str, shares: tuple[float, ...] = (0.8, 0.4), other: bool = False) -> str:
    """The sentence that stands first; the last text is in another document if ``other``."""

    def hit(number: int, some: list[tuple[str, float]]) -> Any:
        text = " ".join(one for one, _ in some)
        lit = [Evidence(text.index(one), text.index(one) + len(one), score) for one, score in some]
        citation = SimpleNamespace(start=0, document_id=f"d{number}", text_sha256="0", collection="")
        return SimpleNamespace(text=text, citation=citation, evidence=lit, probability=0.9, rank=number)

    scored = list(zip(texts, shares, strict=True))
    hits = [hit(1, scored[:1]), hit(2, scored[1:])] if other else [hit(1, scored)]
    answer: Any = SimpleNamespace(hits=hits, question=question, said="")
    return candidates(answer)[0].text


def told(time: str, thing: str) -> str:
    return f"It leaves {time} with the {thing}."


@pytest.mark.parametrize("thing", THINGS)
def test_what_tells_the_time_stands_first(thing: str) -> None:
    for ask, untimed, time in product(ASK_TIME, UNTIMED, TIMES):
        best, right = untimed.format(thing), told(time, thing)
        assert first(ask.format(thing), best, right) == right
    for ask, untimed, time in product(ASK_CLOCK, (*UNTIMED, "The {} comes on Friday."), CLOCKS):
        best, right = untimed.format(thing), told(time, thing)
        assert first(ask.format(thing), best, right) == right


@pytest.mark.parametrize("thing", THINGS)
def test_what_may_tell_it_stays_first(thing: str) -> None:
    for ask, best, time in product(ASK_TIME, (*VAGUE, "The {} comes in May."), TIMES):
        assert first(ask.format(thing), best.format(thing), told(time, thing)) == best.format(thing)


@pytest.mark.parametrize("thing", THINGS)
def test_other_questions_keep_their_order(thing: str) -> None:
    for ask, untimed, time in product(ASK_OTHER, UNTIMED, TIMES):
        assert first(ask.format(thing), untimed.format(thing), told(time, thing)) == untimed.format(thing)


@pytest.mark.parametrize(
    ("share", "other", "is_first"), [(0.3, False, True), (0.2, False, False), (0.3, True, False)]
)
def test_it_must_be_probable(*, share: float, other: bool, is_first: bool) -> None:
    best, right = UNTIMED[0].format("bus"), told("at 7.45", "bus")
    found = first("When does the bus come?", best, right, shares=(0.8, share), other=other)
    assert found == (right if is_first else best)


@pytest.mark.parametrize(
    "sentence",
    ["It costs £7.45.", "It weighs 7.45 kg.", "See chapter 7.45.", "from 7.45 euros", "a rise of 7.45 %"],
)
def test_a_number_with_a_stop_is_no_time(sentence: str) -> None:
    assert not may_tell_time(sentence, "clock")
    assert not tells_time(sentence, "time")


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Wann kommt der Bus?", "Er kommt um 7.45 Uhr."),
        ("Um wie viel Uhr kommt der Bus?", "Er kommt ab 18:30."),
        ("À quelle heure part le bus ?", "Il part à 8 heures."),
        ("¿Cuándo llega?", "Llega en marzo."),
        ("Wann schließt der Verein?", "Er schließt freitags."),
    ],
)
def test_times_in_other_languages(question: str, sentence: str) -> None:
    asked = time_asked(question)
    assert asked is not None
    assert tells_time(sentence, asked)
