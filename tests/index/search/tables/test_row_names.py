"""Rows that a question names by a part of their name, also where the first column has codes."""

from __future__ import annotations

from itertools import product

import pytest

from index.search.tables.lighting import is_named
from index.search.tables.row_names import name_column
from tests.index.search.tables.test_lighting import row

GEAR = [
    ["sku", "product", "group", "price_nok", "weight_kg", "stock"],
    ["K-110", "Aster 420 touring kayak", "kayaks", "14900", "23.5", "12"],
    ["K-120", "Aster 480 touring kayak", "kayaks", "17900", "26.1", "4"],
    ["K-310", "Mink sit-on-top", "kayaks", "6990", "28.0", "31"],
    ["P-010", "Elm two-piece paddle", "paddles", "1290", "0.98", "44"],
    ["P-020", "Ash carbon paddle", "paddles", "3490", "0.69", "9"],
    ["D-500", "Gull drysuit", "clothing", "8990", "1.9", "6"],
    ["T-001", "Kayak trolley", "accessories", "1490", "4.2", "7"],
    ["B-020", "20 litre dry bag", "accessories", "349", "0.3", "120"],
    ["B-021", "Bag for a paddle", "accessories", "199", "0.2", "15"],
]
CODE, NAME = [[line[at] for line in GEAR[1:]] for at in (0, 1)]
WAYS = {
    "How much does the {} cost?": 3,
    "What is the price of the {}?": 3,
    "How heavy is the {}?": 4,
    "What does the {} weigh?": 4,
    "How many of the {} are in stock?": 5,
}
NAMED = {
    "Aster 480": 1,
    "aster 480": 1,
    "Aster 420 kayak": 0,
    "Mink": 2,
    "Ash paddle": 4,
    "Ash": 4,
    "drysuit": 5,
    "Gull": 5,
    "dry bag": 7,
    "kayak trolley": 6,
    "trolley": 6,
}
NOT_NAMED = {
    "Aster": 1,  # of two
    "Aster 500": 1,
    "paddle": 3,  # of two, and a bag for one
    "carbon": 4,
    "Aster 480 trolley": 1,
    "Gull kayak": 5,
    "touring kayak": 0,
    "litre": 7,
}


@pytest.mark.parametrize(("way", "name"), [*product(WAYS, NAMED)])
def test_a_row_is_named_by_words_that_no_other_row_has(way: str, name: str) -> None:
    at = NAMED[name]
    lit, asked, text, tables = row(GEAR, CODE[at], way.format(name))
    assert is_named(lit, asked, text, "Prices", tables)
    assert [text[one.start : one.end] for one in lit.answering] == [GEAR[at + 1][WAYS[way]]]


@pytest.mark.parametrize(("way", "name"), [*product(WAYS, NOT_NAMED)])
def test_a_row_is_not_named_by_what_others_have_or_by_what_only_describes_it(way: str, name: str) -> None:
    lit, asked, text, tables = row(GEAR, CODE[NOT_NAMED[name]], way.format(name))
    assert not is_named(lit, asked, text, "Prices", tables)


@pytest.mark.parametrize("name", [line for line in NAME if "bag" not in line.lower()])
def test_the_whole_name_behind_a_code_names_the_row_and_is_not_the_answer(name: str) -> None:
    at = NAME.index(name)
    lit, asked, text, tables = row(GEAR, CODE[at], f"What is the price of the {name}?")
    assert is_named(lit, asked, text, "Prices", tables)
    assert [text[one.start : one.end] for one in lit.answering] == [GEAR[at + 1][3]]


def test_a_code_answers_only_where_it_is_asked_for() -> None:
    lit, *_, text, _ = row(GEAR, "D-500", "What is the sku of the Gull drysuit?")
    assert [text[one.start : one.end] for one in lit.answering] == ["D-500"]
    lit, *_ = row(GEAR, "D-500", "What colour has the Gull drysuit?")
    assert not lit.answering


@pytest.mark.parametrize(
    ("has", "lacks"), [("with", "without"), ("including", "excluding"), ("with", "excluding")]
)
@pytest.mark.parametrize("thing", ["tyre", "winter wheel", "spare wheel of a trailer"])
@pytest.mark.parametrize("code", ["", "W-7"])
def test_what_lacks_a_part_is_not_what_has_it(code: str, thing: str, has: str, lacks: str) -> None:
    rows = [["Nr", "Waste", "Fee"], [code, f"{thing} {lacks} rim", "£3"], ["B-1", "Bulky furniture", "£9"]]
    rows = rows if code else [line[1:] for line in rows]
    for asked_of, is_row in ((lacks, True), (has, False)):
        lit, asked, text, tables = row(rows, code or thing, f"How much is a {thing} {asked_of} rim?")
        assert is_named(lit, asked, text, "Fees", tables) is is_row


@pytest.mark.parametrize(("code", "name", "is_row"), [("P-1", "Paddel", True), ("W-1", "Kajak", False)])
def test_a_german_noun_is_no_name(code: str, name: str, *, is_row: bool) -> None:
    rows = [
        ["Nr", "Artikel", "Preis"],
        ["W-1", "Wagen für Kajak", "90 €"],
        ["P-1", "Paddel aus Holz", "40 €"],
    ]
    lit, asked, text, tables = row(rows, code, f"Was ist der Preis vom {name}?")
    assert is_named(lit, asked, text, "Was ist der vom", tables) is is_row


@pytest.mark.parametrize(
    ("rows", "column"),
    [
        ([{0: "Canoe", 1: "lake"}, {0: "Kayak", 1: "sea"}], 0),
        ([{0: "K-1", 1: "Canoe"}, {0: "K-2", 1: "Kayak"}], 1),
        ([{0: "1", 1: "boats", 2: "Canoe"}, {0: "2", 1: "boats", 2: "Kayak"}], 2),
        ([{0: "2019", 1: "12"}, {0: "2020", 1: "13"}], 0),
        ([], None),
    ],
)
def test_names_are_the_first_column_that_has_other_words_in_each_row(
    rows: list[dict[int, str]], column: int | None
) -> None:
    assert name_column(rows) == column
