"""Operations on the tables of the benchmark, each cell that was read included."""

from dataclasses import replace

import pytest

from benchmarks.retrieval import columns
from index.readers.base.builder import BlockBuilder, assemble
from index.search.tables.asked import Asked
from index.search.tables.computing import Computed, compute
from index.search.tables.grid import grid_of
from index.search.tables.operations import operation_of
from index.text.analysis import Analyzer

ANALYZER = Analyzer()
CASES = [(table, asked) for table in columns.tables() for asked in table.questions]


def computed(
    title: str, rows: list[list[str]], question: str, *, is_drawn: bool = False
) -> tuple[Computed | None, str]:
    builder = BlockBuilder()
    builder.heading(title.split("\n", maxsplit=1)[0], level=1)
    builder.table(rows)
    extract = assemble(builder.drafts, name="a", media_type="text/plain", reader="test/1")
    table = extract.blocks[-1]
    operation = operation_of(question)
    if operation is None:
        return None, extract.text
    terms = frozenset(term for *_, term in ANALYZER.question_hashes(question))
    asked = Asked.of(question, terms, ANALYZER.hashes)
    grid = replace(grid_of(extract.text, table), is_drawn=is_drawn)
    return compute(operation, asked, extract.text, grid, title), extract.text


@pytest.mark.parametrize(("table", "asked"), CASES, ids=[asked.question for _, asked in CASES])
def test_the_questions_of_the_benchmark(table: columns.ColumnTable, asked: columns.Asked) -> None:
    found, text = computed(
        f"{table.title}\n{table.above}", [list(table.columns), *map(list, table.rows)], asked.question
    )
    assert found is None or found.value in ("", asked.value)
    if found and found.value:
        cells = [text[slice(*row.cells[column])] for row, column in found.used]
        assert set(table.cells(asked)) <= set(cells)
        assert found.operation == asked.operation


ROWS = [
    ["Lamp", "Sold", "Year ended"],
    ["Argand", "1,577", "1889"],
    ["Dietz", "40", "1904"],
    ["Aladdin", "311", "1904"],
]


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("Which lamp sold the most?", "Argand"),
        ("Which lamp sold the least?", "Dietz"),
        ("Which lamp sold the second most?", "Aladdin"),
        ("How many lamps are listed?", "3"),
        ("How many lamps were sold in total?", "1,928"),
        ("Which sold more, Dietz or Aladdin?", "Aladdin"),
    ],
)
def test_operations(question: str, value: str) -> None:
    found, _ = computed("Lamps", ROWS, question)
    assert found is not None
    assert (found.value, found.reason) == (value, "")


@pytest.mark.parametrize(
    "question",
    [
        "Which lamp did not sell the most?",  # a negation
        "Which lamp sold more than 100?",  # a condition
        "Which green lamp sold the most?",  # a word that the table does not have
        "Which lamp sold the most in 1999?",
        "Which heater sold the most?",  # rows are of another kind
        "What is the average sold?",  # an operation that is not known
        "How many lamps were sold before 1900?",
        "How many Dietz lamps were sold?",  # a cell, nothing to count
        "How many more lamps did Argand sell than Dietz?",
        "Which two lamps sold the most?",
        "What is the most common lamp?",
        "Which lamp outside Dietz sold the most?",
        "Welche Lampe wurde am meisten verkauft?",
    ],
)
def test_what_is_not_wholly_understood_is_not_computed(question: str) -> None:
    assert computed("Lamps", ROWS, question)[0] is None


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ("n/a", "“n/a” is no number."),
        ("", "A cell is empty."),
        ("40 kg", "The units differ: “40 kg”."),
    ],
)
def test_cells_that_are_no_comparable_numbers(changed: str, reason: str) -> None:
    rows = [list(row) for row in ROWS]
    rows[2][1] = changed
    for question in ("Which lamp sold the most?", "How many lamps were sold in total?"):
        found, _ = computed("Lamps", rows, question)
        assert found is not None
        assert found.value == ""
        assert found.reason in (reason, "The units differ: “1,577”.")


def test_totals_are_neither_the_highest_nor_added_again() -> None:
    rows = [*ROWS, ["Total", "1,928", ""]]
    highest, _ = computed("Lamps", rows, "Which lamp sold the most?")
    assert highest is not None
    assert (highest.value, len(highest.used)) == ("Argand", 3)
    assert computed("Lamps", rows, "How many lamps were sold in total?")[0] is None
    counted, _ = computed("Lamps", rows, "How many lamps are listed?")
    assert counted is not None
    assert counted.value == "3"


@pytest.mark.parametrize("label", ["All Saints", "Net Street", "Totally", "Mean Lane", "Sum of Lights"])
def test_a_label_with_a_word_of_totals_is_no_total(label: str) -> None:
    found, _ = computed("Lamps", [*ROWS, [label, "2,000", "1911"]], "Which lamp sold the most?")
    assert found is not None
    assert found.value == label


def test_two_columns_of_words_that_a_page_joined_are_no_label() -> None:
    rows = [["Lamp Maker", "Sold"], ["Argand Lind", "1,577"], ["Dietz Orr", "40"]]
    assert computed("Lamps", rows, "Which lamp sold the most?", is_drawn=True)[0] is None
    one, _ = computed("Lamps", [["Lamp", "Sold"], *rows[1:]], "Which lamp sold the most?", is_drawn=True)
    assert one is not None
    assert one.value == "Argand Lind"


def test_several_that_share_the_place_are_all_named() -> None:
    rows = [*ROWS, ["Coleman", "1,577", "1914"]]
    found, _ = computed("Lamps", rows, "Which lamp sold the most?")
    assert found is not None
    assert (found.value, len(found.lines)) == ("Argand, Coleman", 2)


def test_a_year_is_read_from_the_names_of_columns() -> None:
    rows = [["", "2024", "2023"], ["in thousands", "", ""], ["Lamps", "40", "55"], ["Wicks", "(4)", "(7)"]]
    found, text = computed("Income", rows, "In which year were the lamps higher?")
    assert found is not None
    assert (found.value, [text[slice(*span)] for span in found.answering]) == ("2023", ["2023"])
    losses, _ = computed("Income", rows, "In which year were the wicks larger?")
    assert losses is not None
    assert "negative" in losses.reason
