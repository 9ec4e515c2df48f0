"""Tables of numbers, which a PDF file draws as loose lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportlab.pdfgen.canvas import Canvas

from index.readers.pdf import read_pdf, read_pdf_with_layout
from index.text.tables import cells, row_spans
from index.types import Extract
from tests.index.readers.laws import shown
from tests.index.readers.pdf.test_pdf import HEIGHT, PITCH, SIZE, pdf

Row = str | Sequence[str]
ENDS = (330, 400, 470)
"""Where the figures of the columns end, in points."""


def statement(*rows: Row, top: float = 120, signs: bool = True) -> Callable[[Canvas], None]:
    """Draws rows of a label and its figures; a string is centred over the columns if it begins with a tab."""

    def draw(canvas: Canvas) -> None:
        for number, row in enumerate(rows):
            y = HEIGHT - top - number * PITCH
            canvas.setFont("Helvetica", SIZE)
            if isinstance(row, str) and row.startswith("\t"):
                canvas.drawCentredString(375, y, row.strip())
                continue
            label, *figures = [row] if isinstance(row, str) else row
            canvas.drawString(72, y, label)
            for end, figure in zip(ENDS, figures, strict=False):
                if signs and figure.startswith("$"):
                    canvas.drawString(end - 45, y, "$")
                canvas.drawRightString(end, y, figure.removeprefix("$").strip())

    return draw


FLOWS: tuple[Row, ...] = (
    "\tYears ended June 30,",
    ("", "2023", "2022", "2021"),
    "Lamps and wicks:",
    ("Lamps that were sold (1)", "$1,577", "$1,400", "$12"),
    ("Wicks that were cut and", "", "", ""),
    ("trimmed", "302", "—", "274"),
    ("Returned", "(57)", "(107)", "3"),
    "Oil:",
    ("Whale oil burnt", "1,022", "", "9"),
)


def read(*draw: Callable[[Canvas], None]) -> Extract:
    return read_pdf(pdf(*draw), name="a.pdf")


def table_of(extract: Extract) -> list[str]:
    (table,) = [block for block in extract.blocks if block.kind == "table"]
    return extract.text[table.start : table.end].splitlines()


def test_rows_with_figures_and_labels_between_them_are_one_table() -> None:
    assert table_of(read(statement(*FLOWS))) == [
        "Years ended June 30,",
        " | 2023 | 2022 | 2021",
        "Lamps and wicks:",
        "Lamps that were sold (1) | $ 1,577 | $ 1,400 | $ 12",
        "Wicks that were cut and trimmed | 302 | — | 274",
        "Returned | (57) | (107) | 3",
        "Oil:",
        "Whale oil burnt | 1,022 |  | 9",
    ]


def test_each_figure_has_the_names_over_its_column() -> None:
    extract = read(statement(*FLOWS))
    (table,) = [block for block in extract.blocks if block.kind == "table"]
    (row,) = [
        row
        for row in row_spans(extract.text, table, 0, len(extract.text))
        if "Whale" in extract.text[slice(*row)]
    ]
    found = [
        (cell.column, extract.text[cell.start : cell.end])
        for cell in cells(extract.text, table.columns, *row)
    ]
    assert found == [
        ("", "Whale oil burnt"),
        ("Years ended June 30, 2023", "1,022"),
        ("Years ended June 30, 2021", "9"),
    ]


def test_prose_around_a_table_is_no_part_of_it() -> None:
    prose = "We sold 12 lamps in 2023, which was more than the 11 lamps of the year before it, 2022."
    extract = read(statement(prose, "", *FLOWS, "", prose))
    assert shown(extract)[0] == ("paragraph", prose)
    assert shown(extract)[-1] == ("paragraph", prose)
    assert len(table_of(extract)) == 8


def test_sentences_that_end_with_numbers_are_no_table() -> None:
    lines = [f"In the year after that the works sold lamps to the number of {n}" for n in (1577, 1400)]
    assert not [block for block in read(statement(*lines)).blocks if block.kind == "table"]


def test_the_words_of_a_table_have_their_boxes() -> None:
    extract, layout = read_pdf_with_layout(pdf(statement(*FLOWS)), name="a.pdf")
    at = extract.text.index("1,022")
    (rectangle,) = layout.rectangles(at, at + len("1,022"))
    assert abs(rectangle.x1 - ENDS[0]) < 2
