"""The range that an amount is in answers for it."""

from __future__ import annotations

import pytest

from index.citations.statements.numbers import read_numbers
from index.search.judged import JudgedSentence
from index.search.question.amounts import AskedAmounts

ROOMS = [
    "The small room is for up to 20 people and costs 35 pounds.",
    "The large room is for 21 to 80 people and costs 90 pounds.",
    "Cleaning costs 40 pounds.",
]
PARCELS = ["- up to 2 kg: 5 euros", "- up to 5 kg: 7 euros", "- up to 10 kg: 10 euros", "- 30 kg or more: 40"]


def kept(question: str, lines: list[str]) -> list[int]:
    """The lines that are not lowered."""
    text, judged = "\n".join(lines), list[JudgedSentence]()
    for line in lines:
        at = text.index(line)
        judged.append(JudgedSentence(at, at + len(line), 0.0))
    amounts = AskedAmounts.of(question)
    weighed = judged if amounts is None else amounts.weigh(judged, text, 0)
    return [at for at, one in enumerate(weighed) if one.strength >= 0.0]


@pytest.mark.parametrize(
    ("question", "lines", "expected"),
    [
        ("Which room is for 15 people?", ROOMS, [0, 2]),
        ("What does a room for 50 people cost?", ROOMS, [1, 2]),
        ("How much is a parcel of 3 kg?", PARCELS, [1]),
        ("How much is a 10 kg parcel?", PARCELS, [2]),
        ("How much is a parcel of 44 kg?", PARCELS, [3]),
        ("What does it cost for 5000 users?", ["- up to 1,000 users: 49", "- up to 5,000 users: 190"], [1]),
        ("Can I return it after 20 days?", ["Return it within 30 days.", "Ask within 10 days."], [0]),
        ("What do I pay after 7 years?", ["after 5 years: 40", "after 10 years: 30"], [0]),
        ("Is it open in July?", ["May to September: 9 to 5", "October to April: 10 to 4"], [0]),
        ("What is the delivery for 60 pounds?", ["up to £50: £5", "over £50: free"], [1]),
        (
            "May 2 people share it?",
            ["Up to 10 people pay 5.", "2 people share it.", "3 people do not."],
            [0, 1],
        ),
    ],
)
def test_the_nearest_range_stands_first(question: str, lines: list[str], expected: list[int]) -> None:
    assert kept(question, lines) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Which room is for 200 people?",  # in none
        "Which room is for more than 15 people?",
        "Which room costs 35 pounds?",
        "How big is room 15 people use?",
        "What does the HL-15 people like cost?",
        "Which rooms are there?",
    ],
)
def test_without_an_amount_in_a_range_nothing_is_lowered(question: str) -> None:
    assert kept(question, ROOMS) == [0, 1, 2]


def test_a_range_has_an_amount() -> None:
    amounts = AskedAmounts.of("Is there a plan for 800 users?")
    (number,) = read_numbers("800 users")
    assert amounts is not None
    assert amounts.has(number, "for up to 1,000 users")
    assert not amounts.has(number, "for up to 500 users")
    assert not amounts.has(number, "for up to 1,000 files")


def test_a_range_beside_others_comes_before_what_has_none() -> None:
    text, lines = "\n".join(PARCELS), PARCELS
    judged, at = list[JudgedSentence](), 0
    for line in lines:
        judged.append(JudgedSentence(at, at + len(line), 1.0 if line == lines[0] else 0.0))
        at += len(line) + 1
    amounts = AskedAmounts.of("How much is a parcel of 3 kg?")
    assert amounts is not None
    strengths = [one.strength for one in amounts.weigh(judged, text, 0)]
    assert max(strengths) == strengths[1] > 0


def test_an_amount_that_is_unclear_lowers_nothing() -> None:
    lines = ["May to 15 July: 9 to 5", "16 July to April: 10 to 4"]
    assert kept("Is it open in July?", lines) == [0, 1]


def test_a_range_of_something_else_lowers_nothing() -> None:
    text = "You can return goods within 30 days. Refunds are paid within 60 days."
    at = text.index("Refunds")
    judged = [JudgedSentence(0, at - 1, 2.0), JudgedSentence(at, len(text), 0.0)]
    amounts = AskedAmounts.of("Can I return goods after 40 days?")
    assert amounts is not None
    assert amounts.weigh(judged, text, 0) == judged
