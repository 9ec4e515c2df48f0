"""Rows and cells of tables as spans of the text, however the table is written."""

from __future__ import annotations

from hypothesis import given, strategies as st

from index.readers.base.builder import BlockBuilder, assemble
from index.readers.sheets.table_rows import row_drafts
from index.search.tables.grid import grid_of
from index.types import Extract

WORDS = st.text("abc |:;,.1205$%()-\n", max_size=12)
ROWS = st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=6)


def grids_keep_the_text(extract: Extract) -> None:
    for block in extract.blocks:
        if block.kind != "table":
            continue
        grid = grid_of(extract.text, block)
        for row in (*grid.heads, *grid.rows):
            assert block.start <= row.start < row.end <= block.end
            for start, end in row.cells.values():
                assert row.start <= start < end <= row.end
                assert extract.text[start:end] == extract.text[start:end].strip()


@given(ROWS)
def test_cells_are_spans_of_their_rows(rows: list[list[str]]) -> None:
    builder = BlockBuilder()
    builder.paragraph("Lamps")
    builder.table(rows)
    for drafts in (builder.drafts, [*builder.drafts[:1], *row_drafts(rows)]):
        grids_keep_the_text(assemble(drafts, name="a", media_type="text/plain", reader="test/1"))


def test_a_line_with_one_cell_names_the_group_of_the_rows_below_it() -> None:
    rows = [
        ["Item", "2024", "2023"],
        ["Assets", "", ""],
        ["Cash", "4", "5"],
        ["Debts", "", ""],
        ["Loans", "6", "7"],
    ]
    builder = BlockBuilder()
    builder.table(rows)
    for drafts in (builder.drafts, list(row_drafts(rows))):
        extract = assemble(drafts, name="a", media_type="text/plain", reader="test/1")
        grid = grid_of(extract.text, extract.blocks[0])
        groups = [extract.text[slice(*row.group)] for row in grid.rows if row.group]
        labels = [extract.text[slice(*row.first)] for row in grid.rows]
        assert (groups, labels) == (["Assets", "Debts"], ["Cash", "Loans"])
