"""Rows that have what a question asks of a column whose cells have no words of it."""

from __future__ import annotations

import pytest

from index.search.tables.asked import Asked
from index.search.tables.row_conditions import RowConditions, names_row
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
        ("Which plan fits 1,000 users?", "Size", "501 to 5,000 users", "1 to 10 users"),
        ("How much is it for 1,250.5 kg?", "Weight", "up to 2,000,000 kg", "up to 1,250 kg"),
        ("Which rooms don't have a projector?", "Projector", "no", "yes"),
        ("Which lamps are out of stock?", "Stock", "0" * 5000, "0" + "1" * 5000),
        ("How much leave after 3 years of service?", "Service", "1 to 5 years", "over 5 years"),
        ("How much leave after 5 years of service?", "Service", "up to 5 years", "more than 5 years"),
        ("What does a 16 year old pay?", "Age", "12-17", "18+"),
        ("What do I pay for 6 nights?", "Stay", "at least 4 nights", "at least 7 nights"),
        ("Welcher Tarif gilt für 1.000 Nutzer?", "Nutzer", "500 bis 2.000 Nutzer", "1 bis 10 Nutzer"),
        ("What do 5 people pay?", "Group", "from 5 to 9 people", "10 people or more"),
        ("What does a pitch cost in July?", "Season", "May to September", "October to April"),
        ("What is the postage for an order of 60 pounds?", "Order", "over £50", "up to £50"),
        ("May it stand at -5 °C?", "Temperature", "-10 to 0 °C", "1 to 10 °C"),
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
        ("Does it have a projector?", "Projector", "no"),
        ("Which room has no more than one projector?", "Projector", "yes"),
        ("In which rooms is the projector missing?", "Projector", "yes"),
        ("Which lamps are not sold out?", "Stock", "0"),
        ("Which plan fits 1.000 users?", "Users", "1 to 10 users"),
    ],
)
def test_other_cells_say_nothing(question: str, column: str, cell: str) -> None:
    assert weight(question, column, cell) == 0.0


def test_a_label_has_its_range_among_other_words() -> None:
    asked = Asked.of("What is the postage for 4 kg?", ANALYZER.hashes("postage 4 kg"), ANALYZER.hashes)
    conditions = RowConditions.of(asked, ["Parcel", "Price"])
    weights = [conditions.weight({0: f"Parcel {size}", 1: "£3"}) for size in ("up to 2 kg", "over 2 to 5 kg")]
    assert weights[0] < 0 < weights[1]
    assert not names_row(asked, {0: "Parcel up to 4 kg", 1: "£3"})


@pytest.mark.parametrize("joined", ["have no projector or whiteboard", "have a projector or a whiteboard"])
def test_two_columns_are_no_condition_where_it_is_not_certain_how_they_go_together(joined: str) -> None:
    asked = Asked.of(f"Which rooms {joined}?", ANALYZER.hashes("rooms projector whiteboard"), ANALYZER.hashes)
    assert not RowConditions.of(asked, ["Room", "Projector", "Whiteboard"]).wanted


@pytest.mark.parametrize(
    ("names", "column"),
    [
        (["Article", "Order quantity", "Stock"], 2),
        (["Article", "Minimum stock", "Stock", "Stock in March"], 2),
        (["Article", "Inventory", "Price"], 1),
    ],
)
def test_one_column_tells_what_is_out_of_stock(names: list[str], column: int) -> None:
    asked = Asked.of("Which are out of stock?", ANALYZER.hashes("out of stock"), ANALYZER.hashes)
    assert RowConditions.of(asked, names).wanted == {column: False}


def test_a_question_names_a_row_by_its_words() -> None:
    asked = Asked.of("What has room Beta?", ANALYZER.hashes("room beta"), ANALYZER.hashes)
    assert names_row(asked, {0: "Beta", 1: "no"})
    assert names_row(asked, {0: "R-12", 1: "Room Beta", 2: "no"})
    assert not names_row(asked, {0: "Alpha", 1: "no"})
