"""The rows and cells of tables, found in their text."""

import pytest

from index.readers.base.builder import BlockBuilder, Draft, assemble
from index.readers.base.table_grid import GridCell, grid_of
from index.readers.sheets.table_rows import row_drafts
from index.text.analysis import Analyzer
from index.text.sentence_terms import split_sentences
from index.text.tables import cells, cells_between, row_spans
from index.types import Extract

LAMPS = [["Lamp", "2022", "2023"], ["Argand", "1,577", ""], ["Dietz", "", "40"]]
STATEMENT = [
    [GridCell(""), GridCell("Year ended June 30,", 6)],
    [GridCell("(in thousands)"), GridCell("2023", 3), GridCell("2022", 3)],
    [GridCell("Lamps:")],
    [GridCell("Sold"), "$", "1,577", "", "$", "1,400", ""],
    [GridCell("Returned"), "", "(30", ")", "", "(28", ")"],
]


def extract_of(*drafts: Draft) -> Extract:
    return assemble(drafts, name="a", media_type="text/plain", reader="test/1")


def table_of(rows: list[list[str | GridCell]] | list[list[str]], **marked: int) -> Extract:
    builder = BlockBuilder()
    builder.paragraph("Lamps of the works.")
    builder.table(rows, **marked)
    return extract_of(*builder.drafts)


def named(extract: Extract) -> list[tuple[str, str, str]]:
    """Row, column and words of each cell of the last block."""
    table = extract.blocks[-1]
    return [
        (cell.row, cell.column, extract.text[cell.start : cell.end])
        for row in row_spans(extract.text, table, 0, len(extract.text))
        for cell in cells(extract.text, table.columns, *row)
    ]


def test_cells_have_the_names_of_their_columns() -> None:
    assert named(table_of(LAMPS)) == [
        ("Argand", "Lamp", "Argand"),
        ("Argand", "2022", "1,577"),
        ("Dietz", "Lamp", "Dietz"),
        ("Dietz", "2023", "40"),
    ]


def test_cells_of_labelled_rows_are_found_by_their_names() -> None:
    found = extract_of(*row_drafts(LAMPS))
    assert found.text == "Lamp: Argand; 2022: 1,577\nLamp: Dietz; 2023: 40"
    assert named(found) == named(table_of(LAMPS))


def test_a_sign_joins_its_number_and_names_of_two_lines_are_joined() -> None:
    found = table_of(STATEMENT)
    assert found.text.splitlines()[-2:] == ["Sold | $ 1,577 | $ 1,400", "Returned | (30) | (28)"]
    first, last = "Year ended June 30, 2023", "Year ended June 30, 2022"
    assert named(found) == [
        ("Lamps:", "(in thousands)", "Lamps:"),
        ("Sold", "(in thousands)", "Sold"),
        ("Sold", first, "$ 1,577"),
        ("Sold", last, "$ 1,400"),
        ("Returned", "(in thousands)", "Returned"),
        ("Returned", first, "(30)"),
        ("Returned", last, "(28)"),
    ]


@pytest.mark.parametrize(
    ("rows", "marked", "head"),
    [
        (LAMPS, 0, 1),
        ([["Name", "Ada"], ["Born", "London"]], 0, 0),  # a form
        ([["Name", "Town"], ["Ada", "London"]], 1, 1),
        ([["", "2022", "2021"], ["Lamps", "4", "5"]], 0, 1),
        ([["1", "2", "3"], ["4", "5", "6"]], 0, 0),
        ([["Table 2. Lamps"], ["Kind", "Number"], ["Argand", "4"]], 0, 2),
        ([["Kind", "Number"]], 1, 0),  # no rows below
        ([["Kind | sort", "Number"], ["Argand", "4"]], 1, 0),  # its cells cannot be told apart
    ],
)
def test_lines_of_column_names_are_recognised(rows: list[list[str]], marked: int, head: int) -> None:
    assert grid_of(rows, marked=marked).head == head


def test_a_span_within_a_row_gives_the_cells_that_it_touches() -> None:
    found = table_of(LAMPS)
    at = found.text.index("577")
    (cell,) = cells_between(found.text, found.blocks[-1:], at, at + 3)
    assert (cell.row, cell.column, found.text[cell.start : cell.end]) == ("Argand", "2022", "1,577")
    assert not list(cells_between(found.text, found.blocks[-1:], 0, 10))


def test_rows_are_sentences_that_know_their_columns() -> None:
    found, analyzer = table_of(STATEMENT), Analyzer()
    split = split_sentences(found.text, 0, analyzer.term_hashes, found.blocks[-1:])
    shown = [found.text[start:end] for start, end in split.spans.tolist()]
    assert shown == [
        "Lamps of the works.",
        "Lamps:",
        "Sold | $ 1,577 | $ 1,400",
        "Returned | (30) | (28)",
    ]
    last = set(split.terms[split.term_ends[2] : split.term_ends[3]].tolist())
    assert last.issuperset(analyzer.hashes_of(("return", "june", "2022", "thousand", "lamp")))
    assert last.isdisjoint(analyzer.hashes_of(("sold",)))
