"""A question what something costs is not answered by sentences without any amount."""

from __future__ import annotations

from itertools import product

import pytest

from index.collection import Collection
from index.ingest import Source
from index.search.extraction.costs import asks_cost, tells_cost

THINGS = ("solar panels", "new kiln", "boat house", "roof")
ASKS = (
    "How much did the {} cost?",
    "what does the {} cost",
    "What is the price of the {}?",
    "how much do we pay for the {}?",
    "Was kostet {}?",
    "Was hat {} gekostet?",
    "Was kosten {}?",
    "Combien coûte {} ?",
)
NOTHING = (
    "2024 Solar panels on the south side (148 kW).",
    "The {} was built on 2 November 1968.",
    "The {} is 46 m long and weighs 12 t, 9 % more than before.",
    "3. The {} is inspected in May.",
    "The {} took 11 months.",
    "Der {} wurde am 12. Juni eingeweiht.",
)
AMOUNTS = (
    "The {} cost 1.3 million, most of it from the lottery.",
    "Cost 480, ordered 5 Oct.",
    "Members use the {} for nothing.",
    "Entry to the {} is three shillings.",
    "The {} is included in the fee.",
    "Pro Abend 25.-, im Juni 30.-",
    "Der {} ist für Mitglieder kostenlos.",
    "L'entrée du {} est gratuite.",
    "€ 1 per hour",
    "10.00 for adults",
)


@pytest.mark.parametrize(("thing", "question"), list(product(THINGS, ASKS)))
def test_questions_for_a_cost(thing: str, question: str) -> None:
    assert asks_cost(question.format(thing, thing))


@pytest.mark.parametrize(
    "question", ["Where is the {}?", "How much water is in the {}?", "Why does the {} cost so much?"]
)
def test_other_questions_are_none(question: str) -> None:
    assert not asks_cost(question.format("kiln"))


@pytest.mark.parametrize("thing", THINGS)
def test_amounts_are_told_from_other_numbers(thing: str) -> None:
    assert not tells_cost("\n".join(NOTHING).replace("{}", thing))
    for amount in AMOUNTS:
        assert tells_cost(f"{NOTHING[0]}\n{amount.format(thing)}"), amount


def test_a_sentence_without_a_price_does_not_answer(collection: Collection) -> None:
    collection.put(Source("history.txt", b"In 2024 solar panels were put on the roof (148 kW)."))
    collection.embed_pending()
    assert collection.ask("How much did the solar panels on the roof cost?").answerability < 0.5
    collection.put(Source("more.txt", b"The solar panels on the roof cost 48,000 in 2024."))
    collection.embed_pending()
    assert collection.ask("How much did the solar panels on the roof cost?").answerability > 0.5


def test_the_price_of_something_else_does_not_answer_a_german_question(collection: Collection) -> None:
    text = "Danach kostet jede weitere Mahnung im laufenden Jahr 20 Franken."
    collection.put(Source("fristen.txt", text.encode()))
    collection.embed_pending()
    question = "Was kostet danach im laufenden Jahr jede weitere {}?"
    assert collection.ask(question.format("Mahnung")).answerability > 0.5
    assert collection.ask(question.format("Parkvignette").replace(" Jahr", "")).answerability < 0.5
