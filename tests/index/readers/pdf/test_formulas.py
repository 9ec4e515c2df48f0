"""Formulas, which a PDF file draws as many short lines."""

from __future__ import annotations

from collections.abc import Callable

from reportlab.pdfgen.canvas import Canvas

from index.readers.pdf import read_pdf_with_layout
from tests.index.readers.laws import assert_laws, shown
from tests.index.readers.pdf.test_pdf import HEIGHT, SIZE, lines, pdf, together

Sign = tuple[float, float, str] | tuple[float, float, str, float]
"""Distance from the left, baseline above that of the formula, what is drawn and its size."""
SUM: tuple[Sign, ...] = (
    (200, 0, "a ="),
    (224, 4, "S", 2 * SIZE),
    (228, 22, "d", 7),
    (224, -9, "k=0", 7),
    (244, 0, "b + c"),
)
PROSE = ("The sum of all of the lamps that were lit on the hill", "is what remains of them at dusk.")


def signs(*drawn: Sign, top: float = 200) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        for x, above, text, *sizes in drawn:
            canvas.setFont("Helvetica", sizes[0] if sizes else SIZE)
            canvas.drawString(x, HEIGHT - top + above, text)

    return draw


def read(*draw: Callable[[Canvas], object]) -> list[str]:
    extract, layout = read_pdf_with_layout(pdf(together(*draw)), name="a.pdf")
    assert_laws(extract)
    for block in extract.blocks:
        for start in range(block.start, block.end):
            assert extract.text[start].isspace() or layout.rectangles(start, start + 1)
    return [text for _, text in shown(extract)]


def test_a_sum_with_its_limits_is_one_block() -> None:
    assert read(lines(*PROSE), signs(*SUM), lines(*PROSE, top=260)) == [
        " ".join(PROSE),
        "a = S d k=0 b + c",
        " ".join(PROSE),
    ]


def test_columns_of_a_matrix_touch_the_bracket_and_the_column_before() -> None:
    rows = [(220 + 24 * column, 16 - 16 * row, f"x{row}{column}") for column in (0, 1) for row in (0, 1, 2)]
    bracket = (200, -16, "(", 5 * SIZE)
    assert read(signs(bracket, *rows)) == ["( x00 x10 x20 x01 x11 x21"]


def test_labels_of_a_diagram_stay_apart() -> None:
    assert read(signs((200, 0, "a"), (240, 40, "b"), (200, 80, "c"))) == ["a", "b", "c"]


def test_equations_in_lines_of_their_own_stay_apart() -> None:
    assert read(signs((200, 0, "a = 1"), (300, -1.5 * SIZE, "b = 2"))) == ["a = 1", "b = 2"]


def test_words_and_items_are_no_part_of_a_formula() -> None:
    formula = "a = S k=0 b + c"
    for below, blocks in {
        "n > 0": [f"{formula} n > 0"],
        "lamps": [formula, "lamps"],
        "b) x": [formula, "b) x"],
    }.items():
        assert read(signs(*SUM[:2], *SUM[3:], (200, -19, below))) == blocks
