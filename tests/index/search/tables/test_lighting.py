"""Rows that a question names, by their label or an amount in their range, and cells that are empty."""

from __future__ import annotations

import pytest

from index.answers import Evidence
from index.readers.base.builder import BlockBuilder, assemble
from index.search.tables.asked import Asked
from index.search.tables.lighting import empty_column, is_named, with_cells
from index.text.analysis import Analyzer
from index.types import Block
from tests.index.search.tables.test_computing import computed

ANALYZER = Analyzer()
BOATS = [
    ["Boat", "Half day", "Day", "Week"],
    ["Canoe", "", "24.00", "90.00"],
    ["Rowing boat 3 m", "15.00", "26.00", "95.00"],
    ["Rowing boat 4 m", "18.00", "30.00", "110.00"],
]
MOORING = [["Time", "Fee"], ["up to 2 years", "£40"], ["3 to 9 years", "£35"], ["more than 9 years", "£30"]]


def row(rows: list[list[str]], label: str, question: str) -> tuple[Evidence, Asked, str, list[Block]]:
    builder = BlockBuilder()
    builder.table(rows)
    extract = assemble(builder.drafts, name="a", media_type="text/plain", reader="test/1")
    at = extract.text.index(label)
    terms = frozenset(term for *_, term in ANALYZER.question_hashes(question))
    asked = Asked.of(question, terms, ANALYZER.hashes)
    end = extract.text.find("\n", at)
    lit = Evidence(at, end if end > 0 else len(extract.text), 0.5)
    (found,) = with_cells([lit], asked, extract.text, extract.blocks)
    return found, asked, extract.text, list(extract.blocks)


@pytest.mark.parametrize(
    ("label", "question", "column"),
    [
        ("Canoe", "How much is a canoe for half a day?", "Half day"),
        ("Canoe", "How much is a canoe for a day?", ""),
        ("Canoe", "How much is a canoe?", ""),
        ("Rowing boat 3 m", "How much is a rowing boat for half a day?", ""),
        ("Canoe", "How much is a raft for half a day?", ""),
    ],
)
def test_the_column_that_is_asked_for_and_empty(label: str, question: str, column: str) -> None:
    lit, asked, _, tables = row(BOATS, label, question)
    assert empty_column(lit, asked, tables) == column


def test_the_more_exact_of_two_columns_answers() -> None:
    lit, *_ = row(BOATS, "Rowing boat 4 m", "How much is a rowing boat of 4 m for half a day?")
    assert [one.column for one in lit.answering] == ["Half day"]


@pytest.mark.parametrize(
    ("question", "value"),
    [("What is the highest price per week?", None), ("What is the highest nightly price?", "£88")],
)
def test_a_price_for_another_span_is_not_taken(question: str, value: str | None) -> None:
    found, _ = computed("Rooms", [["Room", "Price per night"], ["Oak", "£88"], ["Elm", "£61"]], question)
    assert (found and found.value) == value


@pytest.mark.parametrize(
    ("rows", "label", "question", "is_row"),
    [
        (MOORING, "3 to 9 years", "What fee do I pay after 7 years?", True),
        (MOORING, "3 to 9 years", "What fee do I pay after 9 years?", True),
        (MOORING, "more than 9 years", "What fee do I pay after 9 years?", False),
        (MOORING, "more than 9 years", "What fee do I pay after 12 years?", True),
        (MOORING, "3 to 9 years", "What discount do I get after 7 years?", False),
        (MOORING, "3 to 9 years", "What fee do I pay after 7 weeks?", False),
        (BOATS, "Rowing boat 3 m", "How much is a rowing boat per day?", True),
        (BOATS, "Canoe", "What does a canoe cost for one day?", True),
        (BOATS, "Rowing boat 3 m", "How much is a sailing boat per day?", False),
    ],
)
def test_a_row_is_named_by_its_range_or_without_its_measure(
    rows: list[list[str]], label: str, question: str, is_row: bool
) -> None:
    lit, asked, text, tables = row(rows, label, question)
    assert is_named(lit, asked, text, "Mooring per boat", tables) is is_row
