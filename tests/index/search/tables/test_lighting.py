"""Rows that a question names, by their label or an amount in their range, and cells that are empty."""

from __future__ import annotations

import pytest

from index.answers import Evidence
from index.readers.base.builder import BlockBuilder, assemble
from index.search.tables.asked import Asked
from index.search.tables.lighting import empty_column, is_named, with_cells
from index.text.analysis import Analyzer
from index.types import Block, Extract
from tests.index.search.tables.test_computing import computed

ANALYZER = Analyzer()
BOATS = [
    ["Boat", "Half day", "Day", "Week"],
    ["Canoe", "", "24.00", "90.00"],
    ["Rowing boat 3 m", "15.00", "26.00", "95.00"],
    ["Rowing boat 4 m", "18.00", "30.00", "110.00"],
]
HOTELS = [
    ["Thing", "Price"],
    ["Hotel, outside Bergen", "£80"],
    ["Hotel, Bergen", "£120"],
    ["Bus, single", "£3"],
]
MOORING = [["Time", "Fee"], ["up to 2 years", "£40"], ["3 to 9 years", "£35"], ["more than 9 years", "£30"]]


def row(rows: list[list[str]], label: str, question: str) -> tuple[Evidence, Asked, str, list[Block]]:
    builder = BlockBuilder()
    builder.table(rows)
    extract = assemble(builder.drafts, name="a", media_type="text/plain", reader="test/1")
    return *lit_row(extract, label, question), extract.text, list(extract.blocks)


def lit_row(extract: Extract, label: str, question: str) -> tuple[Evidence, Asked]:
    tables = [one for one in extract.blocks if one.kind == "table"]
    at = extract.text.index(label)
    terms = frozenset(term for *_, term in ANALYZER.question_hashes(question))
    asked = Asked.of(question, terms, ANALYZER.hashes)
    end = extract.text.find("\n", at)
    lit = Evidence(at, end if end > 0 else len(extract.text), 0.5)
    (found,) = with_cells([lit], asked, extract.text, tables)
    return found, asked


@pytest.mark.parametrize("void", ["", "-", "–", "—", "n/a", "N/A"])
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
def test_the_column_that_is_asked_for_and_empty(label: str, question: str, column: str, void: str) -> None:
    boats = [[cell or void for cell in one] for one in BOATS]
    lit, asked, text, tables = row(boats, label, question)
    assert empty_column(lit, asked, text, tables) == column


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
        (BOATS, "Rowing boat 3 m", "How much is the 3 metre rowing boat per day?", True),
        (BOATS, "Rowing boat 3 m", "How much is a rowing boat of 4 metres per day?", False),
        (BOATS, "Rowing boat 4 m", "How much is a 4-metre rowing boat for a week?", True),
        (HOTELS, "Hotel, outside", "How much is a hotel in Bergen?", False),
        (HOTELS, "Bus, single", "How much is a bus?", True),
        (BOATS, "Canoe", "What does a canoe cost for one day?", True),
        (BOATS, "Rowing boat 3 m", "How much is a sailing boat per day?", False),
    ],
)
def test_a_row_is_named_by_its_range_or_without_its_measure(
    rows: list[list[str]], label: str, question: str, is_row: bool
) -> None:
    lit, asked, text, tables = row(rows, label, question)
    assert is_named(lit, asked, text, "Mooring per boat", tables) is is_row


TICKETS = [
    ["", "Monday to Thursday", "Friday to Sunday"],
    ["Adult", "£9.00", "£11.00"],
    ["Student, with card", "£7.00", "£10.00"],
]
CLUB = [["Boat", "Members", "Non-members"], ["Kayak", "£12", "£20"], ["Canoe", "£15", "£25"]]
ROOMS = [["Room", "Without breakfast", "With breakfast"], ["Single", "£60", "£72"], ["Double", "£85", "£109"]]
POOL = [
    ["Bad", "Mo–Fr", "Sa, So", "Feiertag"],
    ["Kinder", "3 €", "4 €", "5 €"],
    ["Erwachsene", "6 €", "8 €", "9 €"],
]
VISITS = [
    ["Visite", "lundi", "tous les jours sauf le lundi"],
    ["Tour", "10 €", "12 €"],
    ["Crypte", "4 €", "5 €"],
]
WEEK = [["Visite", "lun", "mar", "mer"], ["Tour", "10 €", "12 €", "13 €"]]
MONTHS = [["Visit", "Jan", "Feb", "Mar"], ["Tower", "£10", "£12", "£13"]]
MOIS = [["Visite", "mar", "avr", "mai"], ["Tour", "10 €", "12 €", "13 €"]]


@pytest.mark.parametrize(
    ("rows", "label", "question", "cell"),
    [
        (TICKETS, "Student", "How much is a student ticket on a Saturday?", "£10.00"),
        (TICKETS, "Student", "whats a student ticket on Tuesdays", "£7.00"),
        (TICKETS, "Adult", "What does an adult pay at the weekend?", "£11.00"),
        (TICKETS, "Adult", "How much is a ticket for an adult on weekdays?", ""),
        (TICKETS, "Adult", "How much is a ticket for an adult?", ""),
        (POOL, "Kinder", "Was kostet das Bad für Kinder am Sonntag?", "4 €"),
        (POOL, "Erwachsene", "Was kostet das Bad für Erwachsene am Mittwoch?", "6 €"),
        (CLUB, "Kayak", "What does a kayak cost for members?", "£12"),
        (CLUB, "Kayak", "What does a kayak cost for non-members?", "£20"),
        (CLUB, "Kayak", "What does a kayak cost for guests?", ""),
        (ROOMS, "Double", "How much is a double room with breakfast?", "£109"),
        (ROOMS, "Double", "How much is a double room without breakfast?", "£85"),
        (ROOMS, "Double", "How much is a double room?", ""),
        (VISITS, "Tour", "Combien coûte la visite de la tour le mardi ?", "12 €"),
        (WEEK, "Tour", "Combien coûte la visite de la tour le mardi ?", "12 €"),
        (MONTHS, "Tower", "How much is the tower on Tuesdays?", ""),
        (MOIS, "Tour", "Combien coûte la visite de la tour le mardi ?", ""),
    ],
)
def test_the_column_of_the_day_or_of_the_group_answers(
    rows: list[list[str]], label: str, question: str, cell: str
) -> None:
    lit, _, text, _ = row(rows, label, question)
    assert "".join(text[one.start : one.end] for one in lit.answering) == cell


@pytest.mark.parametrize(
    ("above", "question", "is_row"),
    [
        ("What does a ticket cost?", "How much is a student ticket on a Saturday?", True),
        ("What does a ticket cost?", "How much is a student ticket on a public holiday?", False),
        ("What does a ticket cost?", "How much is a student ticket for the matinee on a Saturday?", False),
        (
            "Films of more than 150 minutes cost a pound more than a usual ticket, but not at the club, and "
            "only then.",
            "How much is a student ticket on a Saturday?",
            False,
        ),
    ],
)
def test_the_line_above_a_table_says_what_its_rows_are(above: str, question: str, *, is_row: bool) -> None:
    builder = BlockBuilder()
    builder.paragraph(above)
    builder.table(TICKETS)
    extract = assemble(builder.drafts, name="a", media_type="text/plain", reader="test/1")
    lit, asked = lit_row(extract, "Student", question)
    assert is_named(lit, asked, extract.text, "Cinema", extract.blocks) is is_row
