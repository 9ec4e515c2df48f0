"""Pages of PDF files as pictures."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from index.errors import CorruptDocument, DocumentTooLarge, EncryptedDocument, PageNotFound
from index.readers import PageImage
from index.readers.page_image import page_image
from index.readers.pdf import drawing, read_pdf_with_layout
from index.readers.pdf.drawing import draw_page
from tests.index.readers.pdf.test_damage import deflated, one_page, text
from tests.sizes import size

WIDTH, HEIGHT = 400.0, 300.0
WORD = "Lighthouse"


def pdf(draw: Callable[[Canvas], None], *, pages: int = 1, encrypt: str | None = None) -> bytes:
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=(WIDTH, HEIGHT), invariant=1, encrypt=encrypt)
    for _ in range(pages):
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return data.getvalue()


def word(canvas: Canvas) -> None:
    canvas.setFont("Helvetica", 20)
    canvas.drawString(250, 250, WORD)


def drawn(data: bytes, *, page: int = 1, width: int = 800) -> PageImage:
    return draw_page(data, name="a.pdf", page=page, width=width)


def pixels(image: PageImage) -> np.ndarray:
    with Image.open(io.BytesIO(image.png)) as opened:
        opened.load()
        assert opened.format == "PNG"
        assert opened.size == (image.width, image.height)
        return np.asarray(opened.convert("RGB"))


def assert_word_is_in_its_rectangle(data: bytes) -> None:
    """All ink of the page is in the rectangle of its one word."""
    extract, layout = read_pdf_with_layout(data, name="a.pdf")
    start = extract.text.index(WORD)
    (mark,) = layout.rectangles(start, start + len(WORD))
    image = drawn(data)
    scale = image.width / layout.page_size(1)[0]
    assert image.height == pytest.approx(layout.page_size(1)[1] * scale, abs=1)
    rows, columns = np.nonzero(pixels(image).min(axis=2) < 128)
    margin = 2
    assert len(rows) > 100
    assert mark.x0 * scale - margin <= columns.min() <= columns.max() <= mark.x1 * scale + margin
    assert mark.y0 * scale - margin <= rows.min() <= rows.max() <= mark.y1 * scale + margin


@pytest.mark.parametrize("turns", [0, 90, 180, 270])
def test_a_word_is_drawn_where_its_rectangle_is(turns: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(turns)
        word(canvas)

    assert_word_is_in_its_rectangle(pdf(draw))


@pytest.mark.parametrize("turns", [0, 90])
def test_a_cropped_page_is_drawn_as_it_is_shown(turns: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(turns)
        canvas.setCropBox((200, 200, 390, 290))
        word(canvas)

    data = pdf(draw)
    assert_word_is_in_its_rectangle(data)
    image = drawn(data, width=190)
    assert turns or (image.width, image.height) == (190, 90)


def test_colours_are_kept_and_a_grey_page_is_smaller() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFillColorRGB(1, 0, 0.5)
        canvas.rect(0, 0, WIDTH, HEIGHT, stroke=0, fill=1)

    middle = pixels(drawn(pdf(draw)))[300, 400]
    assert middle.tolist() == pytest.approx([255, 0, 128], abs=1)
    with Image.open(io.BytesIO(drawn(pdf(word)).png)) as grey:
        assert grey.mode == "L"


def test_any_pixels_are_encoded_as_they_are() -> None:
    noise = np.random.default_rng(7)
    for shape in ((1, 1, 3), (1, 7, 3), (9, 1, 3), (31, 17, 3)):
        colours = noise.integers(0, 256, shape, np.uint8)
        assert np.array_equal(pixels(page_image(colours)), colours)
        grey = np.repeat(colours[:, :, :1], 3, axis=2)
        assert np.array_equal(pixels(page_image(grey)), grey)


def test_a_page_that_is_not_there_is_refused() -> None:
    data = pdf(word, pages=2)
    assert drawn(data, page=2).width == 800
    for page in (0, 3, 2**31 - 1):
        with pytest.raises(PageNotFound, match="pages are 1 to 2"):
            drawn(data, page=page)


@pytest.mark.parametrize("size", [(14_400, 3), (3, 14_400), (14_400, 14_400)])
def test_a_picture_never_has_too_many_pixels(size: tuple[float, float]) -> None:
    data = io.BytesIO()
    canvas = Canvas(data, pagesize=size)
    canvas.showPage()
    canvas.save()
    image = drawn(data.getvalue(), width=3000)
    assert image.width * image.height <= drawing.MAX_PIXELS + drawing.MAX_SIDE
    assert max(image.width, image.height) <= drawing.MAX_SIDE


def test_encrypted_broken_and_swollen_files_are_refused() -> None:
    with pytest.raises(EncryptedDocument):
        drawn(pdf(word, encrypt="secret"))
    with pytest.raises(CorruptDocument):
        drawn(b"%PDF-1.7 nothing follows")
    bomb = deflated(b" " * 1_000_000, 70)
    with pytest.raises(DocumentTooLarge, match="decompressed"):
        drawn(one_page(bomb, b"/Filter/FlateDecode"))


def test_a_page_with_too_many_objects_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "MAX_PAGE_OBJECTS", 1)
    with pytest.raises(DocumentTooLarge, match="2 graphics objects"):
        drawn(one_page(text() + text()))


def test_the_last_of_many_pages_is_drawn() -> None:
    count = size(10_000)
    data = pdf(word, pages=count)
    assert pixels(drawn(data, page=count, width=100)).min() < 200
