"""Rows that have what a question asks of a column whose cells have no words of it."""

from __future__ import annotations

import pytest

from index.search.tables.asked import Asked
from index.search.tables.row_conditions import RowConditions
from index.text.analysis import Analyzer

ANALYZER = Analyzer()


def weight(question: str, column: str, cell: str) -> float:
    terms = frozenset(term for *_, term in ANALYZER.question_hashes(question))
    asked = Asked.of(question, terms, ANALYZER.hashes)
    return RowConditions.of(asked, ["Thing", column]).weight({0: "Birch", 1: cell})


@pytest.mark.parametrize(
    ("question", "column", "fits", "fails"),
    [
        ("Which rooms have no projector?", "Projector", "no", "yes"),
        ("Which rooms have a projector?", "Projector", "yes", "no"),
        ("Which rooms are without a good projector?", "Projector", "-", "x"),
        ("Welche Räume haben keinen Beamer?", "Beamer", "nein", "ja"),
        ("Which product is out of stock?", "Stock", "0", "40"),
        ("Which lamp is sold out?", "In stock", "no", "yes"),
        ("How many weeks do I get after three years?", "Length of service", "1 to 5 years", "under 1 year"),
        ("What do I pay for 12 months?", "Term", "12 months or more", "under 12 months"),
        ("What do I pay for 12 months?", "Term", "up to 12 months", "over 12 months"),
        ("What is the postage for 2.5 kg?", "Weight", "2–5 kg", "5–10 kg"),
    ],
)
def test_a_row_fits_or_fails(question: str, column: str, fits: str, fails: str) -> None:
    assert weight(question, column, fits) > 0 > weight(question, column, fails)


@pytest.mark.parametrize(
    ("question", "column", "cell"),
    [
        ("How many seats does Birch have?", "Projector", "yes"),
        ("Which projector is it?", "Projector", "Zeta 5"),
        ("How many weeks are there with over 5 years?", "Length of service", "1 to 5 years"),
        ("How much is it for 3 kg?", "Length of service", "1 to 5 years"),
        ("How much is the stock?", "Stock", "40"),
    ],
)
def test_other_cells_say_nothing(question: str, column: str, cell: str) -> None:
    assert weight(question, column, cell) == 0.0
