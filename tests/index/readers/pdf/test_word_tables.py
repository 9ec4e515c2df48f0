"""Tables of words, and tables that go on on the next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from reportlab.pdfgen.canvas import Canvas

from index.readers.pdf import read_pdf
from index.types import Block, Extract
from tests.index.readers.pdf.test_pdf import HEIGHT, PITCH, SIZE, pdf
from tests.index.readers.pdf.test_tables import FLOWS, statement

STARTS = (72, 200, 330)
NAMES = ("Lamp", "Keeper", "Fuel")
ROWS = (("Argand", "Ann Smith", "whale oil"), ("Fresnel", "", "paraffin"), ("Dalén", "nobody", ""))


def grid(*rows: Sequence[str], top: float = 100, moved: float = 0.0) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", SIZE)
        for number, row in enumerate(rows):
            for start, cell in zip(STARTS, row, strict=True):
                canvas.drawString(start + moved, HEIGHT - top - number * PITCH, cell)

    return draw


def tables(extract: Extract) -> list[Block]:
    return [block for block in extract.blocks if block.kind == "table"]


def names(block: Block) -> tuple[str, ...]:
    return block.columns.names if block.columns else ()


def read(*pages: Callable[[Canvas], None]) -> Extract:
    return read_pdf(pdf(*pages), name="a.pdf")


def test_cells_stand_in_their_columns_and_the_first_row_names_them() -> None:
    extract = read(grid(NAMES, *ROWS))
    (table,) = tables(extract)
    assert extract.text[table.start : table.end].split("\n") == [
        "Lamp | Keeper | Fuel",
        "Argand | Ann Smith | whale oil",
        "Fresnel |  | paraffin",
        "Dalén | nobody |",
    ]
    assert names(table) == NAMES


def test_columns_of_words_beside_figures_are_columns() -> None:
    rows = (("Lamp", "Keeper", "Cost"), ("Argand", "Ann Smith", "1,577"), ("Carcel", "", "99"))
    extract = read(grid(*rows, ("Hyper", "Davies", "120")))
    (table,) = tables(extract)
    assert names(table) == rows[0]
    assert extract.text.split("\n")[1:] == [
        "Argand | Ann Smith | 1,577",
        "Carcel |  | 99",
        "Hyper | Davies | 120",
    ]


def test_cells_that_begin_anywhere_have_no_columns() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", SIZE)
        for number, (left, right) in enumerate(((72, 250), (90, 310), (80, 200), (72, 280))):
            canvas.drawString(left, HEIGHT - 100 - number * PITCH, "one")
            canvas.drawString(right, HEIGHT - 100 - number * PITCH, "two")

    extract = read(draw)
    (table,) = tables(extract)
    assert extract.text == "\n".join(["one | two"] * 4)
    assert names(table) == ()


@pytest.mark.parametrize("moved", [0.0, 12.0])
def test_a_table_that_goes_on_has_the_names_of_the_page_before(moved: float) -> None:
    extract = read(grid(NAMES, *ROWS, *ROWS), grid(*ROWS[::-1], moved=moved))
    assert [names(table) for table in tables(extract)] == [NAMES, NAMES]
    assert extract.metadata["continued_tables"] == "2"
    assert extract.text.count("Lamp | Keeper") == 1


def test_a_table_of_numbers_that_goes_on_has_the_names_of_the_page_before() -> None:
    rows = [(f"Lamp oil of kind {at}", f"{at},100", f"{at},200", f"{at},300") for at in range(1, 7)]
    extract = read(statement(*FLOWS), statement(*rows), statement(*rows))
    first, second, third = tables(extract)
    assert names(first)
    assert names(first) == names(second) == names(third)
    assert extract.metadata["continued_tables"] == "2-3"


def test_a_header_that_is_repeated_is_the_header_of_each_part() -> None:
    extract = read(grid(NAMES, *ROWS), grid(NAMES, *ROWS))
    assert [names(table) for table in tables(extract)] == [NAMES, NAMES]
    assert "continued_tables" not in extract.metadata


def test_another_table_has_no_names_of_the_page_before() -> None:
    def paragraph(canvas: Canvas) -> None:
        grid(NAMES, *ROWS)(canvas)
        canvas.drawString(72, HEIGHT - 300, "The lamps of the other tower are told of on the next page.")

    def wider(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", SIZE)
        for number, row in enumerate(ROWS[::-1]):
            for start, cell in zip((72, 240, 420), row, strict=True):
                canvas.drawString(start, HEIGHT - 100 - number * PITCH, cell)

    priced = grid(("Oil", "Seller", "Price"), ("colza", "Jones", "$12"), ("olive", "Jones", "$15"))
    assert [names(table) for table in tables(read(grid(NAMES, *ROWS), priced))] == [
        NAMES,
        ("Oil", "Seller", "Price"),
    ]
    for pages in ((paragraph, grid(*ROWS[::-1])), (grid(NAMES, *ROWS), wider)):
        extract = read(*pages)
        assert [names(table) for table in tables(extract)] == [NAMES, ()]
        assert "continued_tables" not in extract.metadata
