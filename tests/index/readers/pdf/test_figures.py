"""Pictures with a caption: pages made with pictures whose boxes are known."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from index.readers.pdf.drawing import draw_page
from index.text.figures import figures_of
from index.types import Extract, Figure
from tests.index.readers.pdf.test_pdf import COLUMN, HEIGHT, PROSE, lines, pdf, read, together

Draw = Callable[[Canvas], object]
Box = tuple[float, float, float, float]
"""From the left and from the top of the page: x0, y0, x1, y1."""
BOX: Box = (150, 200, 450, 400)
CAPTION = "Figure 3. The lamp of the harbour at dusk."
ABOVE, BELOW = lines(*PROSE, top=120), lines(*PROSE, *COLUMN, top=500)


def photo(box: Box) -> Draw:
    x0, y0, x1, y1 = box
    picture = ImageReader(Image.effect_noise((40, 30), 90).convert("RGB"))
    return lambda canvas: canvas.drawImage(picture, x0, HEIGHT - y1, x1 - x0, y1 - y0)


def plot(box: Box) -> Draw:
    """Axes, ticks and a curve, each a path of its own, and numbers beside them."""
    x0, y0, x1, y1 = box

    def draw(canvas: Canvas) -> None:
        canvas.line(x0, HEIGHT - y1, x1, HEIGHT - y1)
        canvas.line(x0, HEIGHT - y1, x0, HEIGHT - y0)
        shares = [step / 40 for step in range(41)]
        points = [(x0 + one * (x1 - x0), HEIGHT - y1 + (y1 - y0) * one**2) for one in shares]
        for start, end in pairwise(points):
            canvas.line(*start, *end)
        for step in range(0, 41, 10):
            canvas.drawString(points[step][0], HEIGHT - y1 - 10, str(step))

    return draw


def panels(box: Box) -> Draw:
    x0, y0, x1, y1 = box
    middle = (x0 + x1) / 2
    return together(photo((x0, y0, middle - 12, y1)), photo((middle + 12, y0, x1, y1)))


def form(box: Box) -> Draw:
    def draw(canvas: Canvas) -> None:
        if not canvas.hasForm("drawing"):
            canvas.beginForm("drawing")
            photo(box)(canvas)
            canvas.endForm()
        canvas.doForm("drawing")

    return draw


KINDS: dict[str, Callable[[Box], Draw]] = {"photo": photo, "plot": plot, "panels": panels, "form": form}


def under(caption: str, box: Box = BOX) -> Draw:
    return lines(caption, x=box[0], top=box[3] + 25)


def figures(extract: Extract) -> list[Figure]:
    found = figures_of(extract.figures)
    blocks = [(one.start, one.end) for one in extract.blocks if one.kind == "figure"]
    assert [(one.start, one.end) for one in found] == blocks
    return list(found)


def is_around(figure: Figure, box: Box, most: float = 16) -> bool:
    """Whether a figure has all of a box, and little more."""
    beyond = (box[0] - figure.x0, box[1] - figure.y0, figure.x1 - box[2], figure.y1 - box[3])
    return all(-1 <= side <= most for side in beyond)


@pytest.mark.parametrize("kind", KINDS)
def test_a_caption_is_a_block_with_the_box_of_its_picture(kind: str) -> None:
    extract = read(pdf(ABOVE, together(ABOVE, KINDS[kind](BOX), under(CAPTION), BELOW)))
    (found,) = figures(extract)
    assert extract.text[found.start : found.end] == CAPTION
    assert found.page == 2
    assert is_around(found, BOX)


@pytest.mark.parametrize("kind", KINDS)
def test_a_caption_may_be_above_its_picture(kind: str) -> None:
    extract = read(pdf(together(ABOVE, lines(CAPTION, x=150, top=185), KINDS[kind](BOX), BELOW)))
    (found,) = figures(extract)
    assert is_around(found, BOX, 20)


@pytest.mark.parametrize(
    "caption",
    [
        "Fig. 12: A lamp", "FIGURE 2.1 The lamp", "Figure A-3 | The lamp", "Abb. 4: Die Lampe",
        "Abbildung 7 Die Lampe", "Figura 5. La lámpara", "Chart 1.2. Lamps by year", "Figure 8",
    ],
)  # fmt: skip
def test_captions_in_several_languages(caption: str) -> None:
    extract = read(pdf(together(ABOVE, photo(BOX), under(caption), BELOW)))
    assert len(figures(extract)) == 1


@pytest.mark.parametrize(
    "drawn",
    [
        together(ABOVE, photo(BOX), BELOW),
        together(ABOVE, under(CAPTION), BELOW),
        together(ABOVE, photo(BOX), under("Figure 3 shows the lamp of the harbour."), BELOW),
        together(ABOVE, photo(BOX), under("The lamp of the harbour."), BELOW),
        together(photo((5, 5, 595, 795)), ABOVE, under(CAPTION), BELOW),
        together(ABOVE, photo((150, 380, 170, 400)), under(CAPTION), BELOW),
    ],
    ids=["no caption", "no picture", "a sentence", "no number", "a background", "an icon"],
)
def test_what_is_no_picture_with_a_caption_has_no_box(drawn: Draw) -> None:
    assert figures(read(pdf(drawn))) == []


def test_each_caption_has_the_picture_of_its_column() -> None:
    left, right = (60.0, 200.0, 280.0, 300.0), (320.0, 200.0, 540.0, 320.0)
    drawn = together(
        photo(left), panels(right), under("Figure 1: Left.", left), under("Figure 2: Right.", right), BELOW
    )
    extract = read(pdf(drawn))
    found = {extract.text[one.start : one.end]: one for one in figures(extract)}
    assert is_around(found["Figure 1: Left."], left)
    assert is_around(found["Figure 2: Right."], right)


def test_pictures_below_each_other_have_their_own_captions() -> None:
    boxes = [(100.0, top, 400.0, top + 100.0) for top in (80.0, 240.0, 400.0)]
    parts = [together(photo(box), under(f"Figure {at}: Lamp.", box)) for at, box in enumerate(boxes, 1)]
    found = figures(read(pdf(together(*parts))))
    assert all(is_around(one, box) for one, box in zip(found, boxes, strict=True))


def test_a_picture_is_cut_from_its_page() -> None:
    data = pdf(together(ABOVE, lambda canvas: canvas.rect(150, 400, 300, 200, fill=1), under(CAPTION), BELOW))
    (found,) = figures(read(data))
    cut = draw_page(data, name="a.pdf", page=1, width=600, part=found)
    with Image.open(io.BytesIO(cut.png)) as image:
        assert (
            image.size
            == (cut.width, cut.height)
            == (600, round(600 * (found.y1 - found.y0) / (found.x1 - found.x0)))
        )
        assert np.asarray(image.convert("L")).mean() < 20


@pytest.mark.parametrize("box", [(10.0, 10.0, 10.1, 10.1), (0.0, 0.0, 600.0, 0.5), (0.0, 0.0, 1e6, 1e6)])
def test_a_part_of_any_size_is_drawn_with_bounds(box: Box) -> None:
    cut = draw_page(pdf(ABOVE), name="a.pdf", page=1, width=3000, part=Figure(0, 1, 1, *box))
    assert cut.width * cut.height <= 12_000_000


def test_a_page_with_very_many_strokes_is_read() -> None:
    def scribble(canvas: Canvas) -> None:
        for at in range(60_000):
            x, y = 150 + at % 300, HEIGHT - 200 - at % 200
            canvas.line(x, y, x + 1, y + 1)

    (found,) = figures(read(pdf(together(scribble, under(CAPTION)))))
    assert is_around(found, BOX)
