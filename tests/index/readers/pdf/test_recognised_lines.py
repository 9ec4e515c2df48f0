"""What becomes of recognised words, without an engine."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image, ImageDraw
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfgen.canvas import Canvas

from index.config import OcrOptions
from index.readers import is_current
from index.readers.pdf import read_pdf
from index.readers.pdf.geometry import Box, Skew
from index.readers.pdf.ocr.engine import RecognisedWord
from index.readers.pdf.ocr.lines import lines_of, merge_cells, sort_by_rows, straightened
from index.readers.pdf.ocr.tesseract import lines_of_table
from index.readers.pdf.order import merge_rows, reading_order
from index.readers.pdf.page import Line, Page

WIDTH, HEIGHT = 600.0, 800.0
RAPID, ANY = OcrOptions("eng", "rapidocr"), OcrOptions("eng")


def word(text: str, x: float, y: float, *, joined: bool = False) -> RecognisedWord:
    return RecognisedWord(text, Box(x, y - 9, x + 5 * len(text), y), joined, 0.9)


def line(text: str, x: float, y: float, slope: float = 0.0) -> list[RecognisedWord]:
    """A line of words, a space of 5 points between them, that sinks by ``slope``."""
    found, at = [], x
    for one in text.split():
        middle = at + 5 * len(one) / 2
        found.append(word(one, at, y + slope * (middle - WIDTH / 2)))
        at += 5 * (len(one) + 1)
    return found


def page(lines: list[Line]) -> Page:
    return Page(1, WIDTH, HEIGHT, lines)


def row(text: str, left: int, top: int, width: int, height: int) -> dict[str, str]:
    """A row of Tesseract's table."""
    numbers = {"block_num": 1, "par_num": 1, "line_num": 1, "conf": 90}
    placed = {"left": left, "top": top, "width": width, "height": height}
    return {"text": text, **{name: str(value) for name, value in (numbers | placed).items()}}


def test_lines_of_nearly_one_size_have_one() -> None:
    small = [word._replace(box=word.box._replace(y0=word.box.y1 - 8)) for word in line("a b c d", 50, 120)]
    lines = lines_of([line("The keeper lit the lamp", 50, 100), small], 1, name="a.pdf")
    assert lines[0].size == lines[1].size


def test_a_hyphen_at_the_end_of_a_line_breaks_a_word() -> None:
    (first,) = lines_of([line("the light-", 50, 100)], 1, name="a.pdf")
    assert (first.text, first.hyphen) == ("the light", True)


def test_characters_without_spaces_are_joined_in_the_text_of_a_line() -> None:
    read = [word("灯", 50, 100), word("台", 55, 100, joined=True), word("PDF", 70, 100)]
    (first,) = lines_of([read], 1, name="a.pdf")
    assert first.text == "灯台 PDF"


@pytest.mark.parametrize("degrees", [-4.0, -1.0, 0.5, 3.0])
def test_a_turned_page_is_straightened_and_boxes_are_put_back(degrees: float) -> None:
    slope = math.tan(math.radians(degrees))
    read = [line("Lamps and oil are kept in the tower of the harbour", 50, y, slope) for y in (100, 400, 700)]
    lines = lines_of(read, 1, name="a.pdf")
    straight, skew = straightened(lines, page(lines))
    assert skew
    assert math.degrees(skew.angle) == pytest.approx(degrees, abs=0.05)
    for before, after in zip(lines, straight, strict=True):
        middles = [(word.box.y0 + word.box.y1) / 2 for word in after.words]
        assert max(middles) - min(middles) < 0.5
        for one, other in zip(before.words, after.words, strict=True):
            assert skew.restore(other.box) == pytest.approx(one.box, abs=0.01)


@pytest.mark.parametrize("degrees", [-3.0, 1.5])
def test_a_turned_page_of_cells_is_straightened_by_its_rows(degrees: float) -> None:
    slope = math.tan(math.radians(degrees))
    read = [
        line(cell, x, 100 + 20 * at + slope * (x - WIDTH / 2))
        for at in range(5)
        for x, cell in ((60, "Argand"), (250, "1784"), (450, "1,577"))
    ]
    lines = lines_of(read, 1, name="a.pdf")
    straight, skew = straightened(lines, page(lines))
    assert skew
    assert math.degrees(skew.angle) == pytest.approx(degrees, abs=0.3)
    assert len(merge_cells(sort_by_rows(straight))) == 5


def test_a_straight_page_stays_as_it_is() -> None:
    lines = lines_of([line("Lamps and oil are kept in the tower", 50, 100)], 1, name="a.pdf")
    assert straightened(lines, page(lines)) == (lines, None)
    assert Skew(0.1, 0, 0).straighten(Box(0, 0, 0, 0)) == (0, 0, 0, 0)


def test_cells_of_a_row_are_one_line_and_columns_are_not() -> None:
    cells = lines_of([line("Argand", 50, 100), line("1,577", 300, 101), line("40", 450, 99)], 1, name="a.pdf")
    assert [one.text for one in merge_cells(cells)] == ["Argand 1,577 40"]
    left, right = "The keeper of the lamp sleeps until noon", "Nobody has seen him again after that night"
    rows = [
        row for at in range(8) for row in (line(left, 50, 100 + 12 * at), line(right, 320, 100 + 12 * at))
    ]
    ordered = reading_order(merge_rows(lines_of(rows, 1, name="a.pdf")), width=WIDTH)
    assert [one.text for one in merge_cells(ordered)] == [left] * 8 + [right] * 8


def test_a_line_end_in_a_script_without_spaces_is_no_space() -> None:
    registerFont(UnicodeCIDFont("STSong-Light"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT))
    canvas.setFont("STSong-Light", 12)
    for at, text in enumerate(("守灯人在黄昏时点亮了灯，从", "那以后再也没有人见过他，也", "没有人问起。")):
        canvas.drawString(72, 700 - 16 * at, text)
    canvas.save()
    text = read_pdf(out.getvalue(), name="a.pdf").text
    assert text == "守灯人在黄昏时点亮了灯，从那以后再也没有人见过他，也没有人问起。"


@pytest.mark.parametrize(
    ("stored", "ocr", "unread", "expected"),
    [
        ("pdf/1", OcrOptions(), False, False),
        ("pdf/4", OcrOptions(), True, True),
        ("pdf/4", RAPID, False, True),  # it has text: there was nothing to recognise
        ("pdf/4+rapidocr/0.1", OcrOptions(), False, True),  # what was read is not lost
        ("pdf/4+rapidocr/0.1", OcrOptions("rus", "rapidocr"), False, True),  # nor where no engine can read it
        ("pdf/3+rapidocr/0.1", OcrOptions(), False, False),
    ],
)
def test_what_is_read_again(stored: str, ocr: OcrOptions, unread: bool, expected: bool) -> None:
    assert is_current(stored, "a.pdf", media_type=None, ocr=ocr, unread=unread) is expected


def test_the_pieces_of_a_word_that_tesseract_read_are_where_their_ink_is() -> None:
    """Digits are half as wide as Chinese characters, and boxes of single characters reach too high."""
    places = {"1978": (20, 60), "年": (62, 82), "月": (84, 104), "日": (108, 126)}
    picture = Image.new("L", (200, 60), 255)
    for left, right in places.values():
        ImageDraw.Draw(picture).rectangle((left, 20, right - 1, 39), outline=0, width=2)
    ImageDraw.Draw(picture).rectangle((108, 2, 125, 9), outline=0, width=2)  # of the line above
    rows = [row("1978年", 20, 18, 62, 24), row("月", 84, 18, 20, 24), row("日", 108, 0, 18, 42)]
    (found,) = lines_of_table(rows, np.asarray(picture))
    assert [one.text for one in found] == list(places)
    wanted = [Box(left, 20, right, 40) for left, right in places.values()]
    for one, box in zip(found, wanted, strict=True):
        assert all(abs(a - b) <= 1 for a, b in zip(one.box, box, strict=True)), one
