"""Pages that are pictures, read by the engines that are installed."""

from __future__ import annotations

import io
import random
import shutil
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from index.collection import Collection
from index.config import LibraryConfig, OcrOptions, ReadingConfig
from index.embedding import WordEmbedder
from index.errors import NoTextLayer
from index.ingest import Source
from index.library import Library
from index.readers.pdf import read_pdf, read_pdf_with_layout
from index.records import Put
from index.text.layout import Rectangle
from tests.sizes import variants

WORDS = "The keeper lit the lamp at dusk"
NOBODY = "Nobody saw the keeper again after that night."
SIZE = (612.0, 792.0)
DOTS = 200
_VOCABULARY = (
    "lamp keeper harbour light tower storm captain island bread letter morning winter silver garden window "
    "river market teacher number village"
).split()
Draw = Callable[[Canvas], None]


def picture(lines: Sequence[str], *, size: int = 30, turned: float = 0.0) -> Image.Image:
    """A page of lines, 200 dots an inch: the first line is one inch from the left and from the top."""
    image = Image.new("L", (round(SIZE[0] * DOTS / 72), round(SIZE[1] * DOTS / 72)), 255)
    draw = ImageDraw.Draw(image)
    for at, line in enumerate(lines):
        draw.text((DOTS, DOTS + at * 2 * size), line, fill=0, font=ImageFont.load_default(size))
    return image.rotate(turned, Image.Resampling.BICUBIC, fillcolor=255) if turned else image


def pdf(*pages: Draw | Image.Image) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=SIZE)
    for page in pages:
        if isinstance(page, Image.Image):
            canvas.drawImage(ImageReader(page), 0, 0, *SIZE)
        else:
            page(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def text_page(canvas: Canvas) -> None:
    canvas.drawString(72, 700, NOBODY)


def scanned() -> bytes:
    """A PDF file whose page is a picture of words."""
    return pdf(picture([WORDS]))


def test_scanned_pages_are_refused_without_ocr_languages() -> None:
    with pytest.raises(NoTextLayer, match="Run OCR"):
        read_pdf(scanned(), name="a.pdf")


def test_pages_that_show_something_but_have_no_text_are_named() -> None:
    data = pdf(picture([WORDS]), text_page, lambda canvas: None)  # a blank page lacks nothing
    assert read_pdf(data, name="a.pdf").metadata["pages_without_text"] == "1"
    assert "pages_without_text" not in read_pdf(pdf(text_page, lambda canvas: None), name="a.pdf").metadata


@pytest.fixture(params=["tesseract", "rapidocr"])
def ocr(request: pytest.FixtureRequest) -> OcrOptions:
    """Options that select each engine that is installed."""
    name = str(request.param)
    if not (shutil.which(name) if name == "tesseract" else find_spec(name)):
        pytest.skip(f"{name} is not installed")
    return OcrOptions("eng", request.param)


@pytest.mark.ocr
def test_scanned_pages_are_read_with_the_boxes_of_their_words(ocr: OcrOptions) -> None:
    extract, layout = read_pdf_with_layout(scanned(), name="a.pdf", ocr=ocr)
    assert extract.text == WORDS
    assert extract.metadata["recognised_pages"] == "1"
    assert "uncertain_pages" not in extract.metadata
    start = extract.text.index("lamp")
    (box,) = layout.rectangles(start, start + len("lamp"))
    font = ImageFont.load_default(30)
    before, until = (font.getlength(WORDS[:at]) * 72 / DOTS for at in (start, start + len("lamp")))
    assert box.page == 1
    assert (box.x0, box.x1) == pytest.approx((72 + before, 72 + until), abs=3)
    assert 72 < box.y0 < box.y1 < 72 + 40 * 72 / DOTS


@pytest.mark.ocr
def test_only_pages_without_text_are_read_by_ocr(ocr: OcrOptions) -> None:
    data = pdf(picture([WORDS]), text_page)
    extract = read_pdf(data, name="a.pdf", ocr=ocr)
    assert extract.metadata["recognised_pages"] == "1"
    assert extract.text.split("\n\n") == [WORDS, NOBODY]
    assert extract.pages == (0, len(WORDS) + 2)
    assert "pages_without_text" not in extract.metadata
    assert "recognised_pages" not in read_pdf(data, name="a.pdf").metadata
    only_text = read_pdf(pdf(text_page), name="a.pdf", ocr=ocr)
    assert only_text.reader == read_pdf(pdf(text_page), name="a.pdf").reader


@pytest.mark.ocr
def test_a_picture_on_a_page_of_text_is_read_where_it_is(ocr: OcrOptions) -> None:
    scan = picture([WORDS]).crop((DOTS // 2, DOTS // 2, 5 * DOTS, 2 * DOTS))

    def page(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "A letter was found:")
        canvas.drawImage(ImageReader(scan), 72, 500, 4.5 * 72, 1.5 * 72)
        canvas.drawString(300, 520, "[copy]")  # a stamp over the picture is not read twice
        canvas.drawString(72, 400, NOBODY)

    extract, layout = read_pdf_with_layout(pdf(page), name="a.pdf", ocr=ocr)
    parts = [part for part in extract.text.split("\n\n") if part != "[copy]"]
    assert parts == ["A letter was found:", WORDS, NOBODY]
    assert extract.text.count("copy") == 1
    assert extract.metadata["recognised_pages"] == "1"
    (box,) = layout.rectangles(extract.text.index("keeper"), extract.text.index("keeper") + 6)
    assert 72 < box.x0 < box.x1 < 72 + 4.5 * 72
    assert SIZE[1] - 500 - 1.5 * 72 < box.y0 < box.y1 < SIZE[1] - 500


def page_of_words(seed: int) -> list[str]:
    choice = random.Random(seed)
    return [" ".join(choice.choices(_VOCABULARY, k=7)) for _ in range(choice.randint(8, 14))]


def drawn(lines: Sequence[str], turned: float) -> list[tuple[str, Rectangle]]:
    """The words of a page and where they are in points, as they are turned with it."""
    from math import cos, radians, sin

    font, found = ImageFont.load_default(30), []
    angle = -radians(turned)
    for at, line in enumerate(lines):
        for number, word in enumerate(line.split()):
            x = DOTS + font.getlength("".join(f"{one} " for one in line.split()[:number]))
            left, top, right, bottom = font.getbbox(word)
            x0, y0, x1, y1 = (
                side * 72 / DOTS
                for side in (x + left, DOTS + at * 60 + top, x + right, DOTS + at * 60 + bottom)
            )
            across, down = (x0 + x1) / 2 - SIZE[0] / 2, (y0 + y1) / 2 - SIZE[1] / 2
            right_by = across * cos(angle) - down * sin(angle) - across
            down_by = across * sin(angle) + down * cos(angle) - down
            box = Rectangle(1, x0 + right_by, y0 + down_by, x1 + right_by, y1 + down_by)
            found.append((word, box))
    return found


def share(a: Rectangle, b: Rectangle) -> float:
    wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    both = max(0.0, wide) * max(0.0, high)
    return both / (sum((box.x1 - box.x0) * (box.y1 - box.y0) for box in (a, b)) - both)


@pytest.mark.ocr
@pytest.mark.parametrize("turned", variants(-2.0, 0.0, 1.2))
def test_words_of_generated_pages_are_quoted_and_marked(ocr: OcrOptions, turned: float) -> None:
    lines = page_of_words(seed=round(10 * turned))
    data = pdf(picture(lines, turned=turned))
    extract, layout = read_pdf_with_layout(data, name="a.pdf", ocr=ocr)
    words, at, marked = drawn(lines, turned), 0, 0
    for word, box in words:
        found = extract.text.find(word, at)
        if found < 0 or found - at > 30:
            continue  # engines make errors: a word of a hundred may be another
        at = found + len(word)
        assert extract.text[found:at] == word
        (mark,) = layout.rectangles(found, at)
        marked += share(mark, box) >= 0.5
    assert marked >= 0.9 * len(words)


def library(folder: Path, languages: str, engine: str = "auto") -> Library:
    reading = ReadingConfig(ocr_languages=languages, ocr_engine=engine)  # type: ignore[arg-type]
    return Library(folder, embedder=WordEmbedder(), config=LibraryConfig(reading=reading))


def put(collection: Collection, source: Source) -> Put:
    (outcome,) = collection.put_many([source])
    assert isinstance(outcome, Put)
    return outcome


@pytest.mark.ocr
def test_another_engine_makes_a_new_version_and_citations_follow(tmp_path: Path, ocr: OcrOptions) -> None:
    source = Source("a.pdf", pdf(picture(page_of_words(seed=5)), text_page))
    with library(tmp_path, "") as without:
        collection = without.open("scans", create=True)
        assert put(collection, source).record.metadata["pages_without_text"] == "1"
        collection.embed_pending()
        cited = collection.ask(NOBODY).hits[0].citation
        assert cited.quote == NOBODY
    with library(tmp_path, "eng", ocr.engine) as recognising:
        collection = recognising.open("scans")
        outcome = put(collection, source)
        assert (outcome.status, outcome.record.version) == ("replaced", 2)
        assert outcome.record.reader.partition("+")[2].startswith(f"{ocr.engine}/")
        assert put(collection, source).status == "unchanged"
        collection.embed_pending()
        assert collection.archive.cite(cited.locator).quote == NOBODY
        _, text = collection.archive.text("a.pdf")
        with collection.archive.resolution() as resolution:
            today = resolution.today(cited).citation
        assert today
        assert text[today.start : today.end] == today.quote == NOBODY
        hit = collection.ask("keeper lamp").hits[0].citation
        assert text[hit.start : hit.end] == hit.quote
    with library(tmp_path, "") as without:
        assert put(without.open("scans"), source).status == "unchanged"  # what was read is not lost


LAMPS = (
    ("Lamp", "Keeper", "Year", "Cost"),
    ("Argand", "Ann Smith", "1784", "1,577"),
    ("Fresnel", "", "1823", "2,040"),
    ("Carcel", "Bernard", "1800", "310"),
    ("Hyper", "Davies", "1901", "99"),
)


@pytest.mark.ocr
@pytest.mark.parametrize("turned", variants(1.5, 0.0))
def test_the_cells_of_a_scanned_table_stand_in_their_columns(turned: float) -> None:
    if not find_spec("rapidocr"):
        pytest.skip("RapidOCR is not installed")  # Tesseract may take columns that are far apart for blocks
    image = Image.new("L", (1700, 2200), 255)
    for number, row in enumerate(LAMPS):
        for x, cell in zip((200, 600, 1000, 1300), row, strict=True):
            at = x, 300 + 60 * number
            ImageDraw.Draw(image).text(at, cell, fill=0, font=ImageFont.load_default(28))
    data = pdf(image.rotate(turned, Image.Resampling.BICUBIC, fillcolor=255))
    extract = read_pdf(data, name="a.pdf", ocr=OcrOptions("eng", "rapidocr"))
    assert extract.text.split("\n") == [" | ".join(row) for row in LAMPS]
    (table,) = extract.blocks
    assert table.columns
    assert table.columns.names == LAMPS[0]


@pytest.mark.ocr
def test_a_missing_language_is_reported() -> None:
    if shutil.which("tesseract") is None:
        pytest.skip("Tesseract is not installed")
    with pytest.raises(NoTextLayer, match=r"^a\.pdf: .*languages 'xyz'"):
        read_pdf(scanned(), name="a.pdf", ocr=OcrOptions("xyz", "tesseract"))


def test_a_language_that_rapidocr_does_not_know_is_reported() -> None:
    with pytest.raises(NoTextLayer, match=r"^a\.pdf: .*letters of 'ell, rus'; Tesseract"):
        read_pdf(scanned(), name="a.pdf", ocr=OcrOptions("eng+rus+ell", "rapidocr"))


@pytest.mark.ocr
def test_pages_without_text_are_refused_after_ocr_with_its_name(ocr: OcrOptions) -> None:
    white = Image.new("L", (850, 1100), 255)
    with pytest.raises(NoTextLayer, match=rf"^a\.pdf: .*OCR \({ocr.engine}/.* recognised no text"):
        read_pdf(pdf(white), name="a.pdf", ocr=ocr)


def test_a_page_as_a_strip_is_not_read() -> None:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(14_400, 72))
    canvas.drawImage(ImageReader(Image.new("L", (2000, 10), 0)), 0, 0, 14_400, 72)
    canvas.showPage()
    canvas.save()
    with pytest.raises(NoTextLayer, match="Run OCR"):
        read_pdf(out.getvalue(), name="a.pdf", ocr=OcrOptions("eng"))
