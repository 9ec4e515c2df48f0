"""Where a reason is asked for, what gives one stands before what only says again what is asked about."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from index.answers import Evidence
from index.search.extraction.reasons import is_of_reason, lacks_reason
from index.search.extraction.selection import candidates

THINGS = ("bridge", "choir", "archive", "kiln", "regatta")
CHANGES = (("closed", "closed"), ("moved", "moved"), ("forbidden", "not permitted"), ("painted", "painted"))
ASKS = ("Why was the {} {}?", "why has the {} been {}", "And why was the {} {}?", "How come the {} was {}?")
FACTS = ("The {} was {}.", "Now the {} was {} again.", "The old {} was finally {}.")
REASONS = (
    "The {} was {} because frost had damaged its roof.",
    "Owing to frost the {} was {}.",
    "The {} was {}, so that nobody should fall.",
    "The reason for that {} is frost, which {} walls show.",
)
OTHER_SIGNS = (
    "The {} was {} to protect visitors.",
    "The {} was {} after a storm.",
    "The {} was {}: frost had damaged it.",
    "The {}, which nobody looked after, was {}.",
    "Frost led to the {} being {}.",
)
CAUSE = "Frost had damaged its northern roof."
CASES = list(product(THINGS, CHANGES, ASKS))


def first(question: str, *texts: str, lit: int | None = None, second: float = 0.4) -> str:
    """The sentence that stands first, of which the first ``lit`` are evidence, the best one first."""
    text, some = " ".join(texts), texts[:lit]
    found = [
        Evidence(text.index(one), text.index(one) + len(one), 0.8 if at == 0 else second)
        for at, one in enumerate(some)
    ]
    citation = SimpleNamespace(start=0, document_id="d", text_sha256="0", collection="")
    hit: Any = SimpleNamespace(text=text, citation=citation, evidence=found, probability=0.9, rank=1)
    answer: Any = SimpleNamespace(hits=[hit], question=question, said="")
    return candidates(answer)[0].text


@pytest.mark.parametrize(("thing", "change", "ask"), CASES)
def test_a_reason_stands_before_the_fact(thing: str, change: tuple[str, str], ask: str) -> None:
    question = ask.format(thing, change[0])
    for fact, reason in product(FACTS, REASONS):
        told, expected = fact.format(thing, change[1]), reason.format(thing, change[1])
        assert first(question, told, expected) == expected
        assert first(question, told, expected, second=0.2) == told


@pytest.mark.parametrize(("thing", "change", "ask"), CASES)
def test_what_follows_from_a_reason_stands_behind_it(thing: str, change: tuple[str, str], ask: str) -> None:
    for sign in (
        "It, the {}, was {}.",
        "The {} was therefore {}.",
        "So the {} was {}.",
        "That is why the {} was {}.",
    ):
        follows = sign.format(thing, change[1])
        text = f"{CAUSE} {follows}"
        start = text.index(follows)
        citation = SimpleNamespace(start=0, document_id="d", text_sha256="0", collection="")
        evidence = [Evidence(start, len(text), 0.8)]
        hit: Any = SimpleNamespace(text=text, citation=citation, evidence=evidence, probability=0.9, rank=1)
        answer: Any = SimpleNamespace(hits=[hit], question=ask.format(thing, change[0]), said="")
        assert candidates(answer)[0].text == (follows if sign.startswith("It") else CAUSE)


@pytest.mark.parametrize(("thing", "change", "ask"), CASES)
def test_what_may_give_a_reason_stays_first(thing: str, change: tuple[str, str], ask: str) -> None:
    question = ask.format(thing, change[0])
    for told, reason in product((*OTHER_SIGNS, *REASONS[:3]), REASONS):
        best, other = told.format(thing, change[1]), reason.format(thing, change[1])
        if best != other:
            assert first(question, best, other) == best


@pytest.mark.parametrize("ask", ["Was the {} {}?", "Who said why the {} was {}?", "When was the {} {}?"])
@pytest.mark.parametrize("thing", THINGS)
def test_other_questions_keep_their_order(thing: str, ask: str) -> None:
    best, other = f"The {thing} was closed.", f"The {thing} was closed because of frost."
    assert first(ask.format(thing, "closed"), best, other) == best


@pytest.mark.parametrize(("thing", "change", "ask"), CASES)
def test_a_fact_alone_lacks_the_reason(thing: str, change: tuple[str, str], ask: str) -> None:
    question = ask.format(thing, change[0])
    for fact in FACTS:
        told = fact.format(thing, change[1])
        text = f"{told} Visitors find benches here."
        assert lacks_reason(text, 0, len(told), question)
        for reason in ("This is because frost came.", "The reason is frost.", "Therefore nobody came."):
            assert not lacks_reason(f"{told} {reason}", 0, len(told), question)
    for sign in (*OTHER_SIGNS, *REASONS[:3]):
        told = sign.format(thing, change[1])
        assert not lacks_reason(told, 0, len(told), question)


@pytest.mark.parametrize(("thing", "change", "ask"), CASES)
def test_a_heading_says_that_the_reason_follows(thing: str, change: tuple[str, str], ask: str) -> None:
    question = ask.format(thing, change[0])
    for heading in ("Why the {} was {}", "Reasons why the {} was {}", "Why {}s are {}"):
        assert is_of_reason(heading.format(thing, change[0]), question)
    for heading in (f"The {thing} was {change[0]}", "Why the lamp burns", f"How the {thing} was {change[0]}"):
        assert not is_of_reason(heading, question)


@pytest.mark.parametrize(
    "question", ["Warum wurde die Brücke gesperrt?", "Weshalb wurde die Brücke gesperrt?"]
)
def test_german_reasons(question: str) -> None:
    reason = "Die Brücke wurde gesperrt, weil Frost sie beschädigt hatte."
    assert first(question, "Die Brücke wurde deshalb gesperrt.", reason) == reason
    assert first(question, reason, "Wegen Frost war die Brücke zu.") == reason
