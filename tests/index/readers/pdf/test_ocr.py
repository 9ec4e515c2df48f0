import io
import shutil

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from index.errors import NoTextLayer
from index.readers.pdf import read_pdf, read_pdf_with_layout

WORDS = "The keeper lit the lamp at dusk"
SIZE = (612.0, 792.0)


def scanned(*, text_page: bool = False) -> bytes:
    """A PDF file with a picture of words on its first page, and perhaps a page of text after it."""
    picture = Image.new("L", (1700, 2200), 255)
    ImageDraw.Draw(picture).text((200, 300), WORDS, fill=0, font=ImageFont.load_default(60))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=SIZE)
    canvas.drawImage(ImageReader(picture), 0, 0, *SIZE)
    canvas.showPage()
    if text_page:
        canvas.drawString(72, 700, "Nobody saw the keeper again after that night.")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def test_scanned_pages_are_refused_without_ocr_languages() -> None:
    with pytest.raises(NoTextLayer, match="Run OCR"):
        read_pdf(scanned(), name="a.pdf")


def test_pages_that_show_something_but_have_no_text_are_named() -> None:
    assert read_pdf(scanned(text_page=True), name="a.pdf").metadata["pages_without_text"] == "1"
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=SIZE)
    canvas.drawString(72, 700, "Nobody saw the keeper again after that night.")
    canvas.showPage()
    canvas.showPage()  # a blank page lacks nothing
    canvas.save()
    assert "pages_without_text" not in read_pdf(out.getvalue(), name="a.pdf").metadata


@pytest.fixture
def tesseract() -> None:
    if shutil.which("tesseract") is None:
        pytest.skip("Tesseract is not installed")


@pytest.mark.ocr
@pytest.mark.usefixtures("tesseract")
def test_scanned_pages_are_read_with_the_boxes_of_their_words() -> None:
    extract, layout = read_pdf_with_layout(scanned(), name="a.pdf", ocr_languages="eng")
    assert extract.text == WORDS
    assert extract.metadata["recognised_pages"] == "1"
    start = extract.text.index("lamp")
    (box,) = layout.rectangles(start, start + len("lamp"))
    assert box.page == 1
    # The line begins 200 pixels from the left and 300 from the top of 1,700 by 2,200.
    assert 200 * 612 / 1700 < box.x0 < box.x1 < 1400 * 612 / 1700
    assert 295 * 792 / 2200 < box.y0 < box.y1 < 380 * 792 / 2200


@pytest.mark.ocr
@pytest.mark.usefixtures("tesseract")
def test_only_pages_without_text_are_read_by_ocr() -> None:
    extract = read_pdf(scanned(text_page=True), name="a.pdf", ocr_languages="eng")
    assert extract.metadata["recognised_pages"] == "1"
    assert extract.text.split("\n\n") == [WORDS, "Nobody saw the keeper again after that night."]
    assert extract.pages == (0, len(WORDS) + 2)
    assert "pages_without_text" not in extract.metadata
    assert "recognised_pages" not in read_pdf(scanned(text_page=True), name="a.pdf").metadata


@pytest.mark.ocr
@pytest.mark.usefixtures("tesseract")
def test_a_missing_language_is_reported() -> None:
    with pytest.raises(NoTextLayer, match=r"^a\.pdf: .*languages 'xyz'"):
        read_pdf(scanned(), name="a.pdf", ocr_languages="xyz")
