"""The numbers that pages bear: documents with a known numbering, and with what is mistaken for one."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest
from reportlab.pdfgen.canvas import Canvas

from index.page_labels import label_of, roman
from index.readers.pdf.geometry import Box
from index.readers.pdf.page import Line, Word
from index.readers.pdf.running import Row
from tests.index.readers.pdf.test_pdf import COLUMN, HEIGHT, PROSE, lines, pdf, read, sized, together

Draw = Callable[[Canvas], object]
Shape = Callable[[str, int], Draw]
"""Draws a number on a page, which counts from 1."""


ROMAN = re.compile("[ivxlc]", re.IGNORECASE)


def at(text: str, x: float, top: float, size: float = 9) -> Draw:
    def draw(canvas: Canvas) -> None:
        sized(size, lambda one: one.drawCentredString(x, HEIGHT - top, text))(canvas)

    return draw


def outer(page: int) -> float:
    return 520 if page % 2 else 80


SHAPES: dict[str, Shape] = {
    "foot": lambda number, page: at(number, 300, 760),
    "outer corner of the head": lambda number, page: at(number, outer(page), 40),
    "with dashes": lambda number, page: at(f"– {number} –", 300, 760),
    "page": lambda number, page: at(f"Page {number}", 520, 760),
    "page of": lambda number, page: at(f"Page {number} of 40", 520, 760),
    "number of": lambda number, page: at(f"{number} / 40", 520, 760),
    "bar": lambda number, page: at(f"Report on harbours | {number}", 300, 760),
    "after the title": lambda number, page: together(at("Report on harbours", 150, 40), at(number, 520, 40)),
    "drawn before what is left of it": lambda number, page: together(
        at("CONFIDENTIAL", 300, 760), at(f"Page {number} of 40", 520, 760), at("FORM 293, FEB 2025", 100, 760)
    ),
    "beside a year": lambda number, page: together(at("2019", 80, 760), at(number, 520, 760)),
    "close to the title": lambda number, page: at(
        f"Report on harbours {number}" if page % 2 else f"{number} A. N. Author", 300, 40
    ),
    "with the chapter": lambda number, page: at(f"A-{number}", 300, 760),
}


def page(*extra: Draw) -> Draw:
    return together(lines(*PROSE, *COLUMN), *extra)


def numbered(numbers: Sequence[str], shape: Shape, *extra: Draw) -> list[Draw]:
    """A page for each number, without one where it is empty."""
    return [
        page(*extra, *([shape(number, place)] if number else [])) for place, number in enumerate(numbers, 1)
    ]


def labels(data: bytes) -> list[str]:
    extract = read(data)
    return [label_of(extract.page_labels, page) for page in range(1, len(extract.pages) + 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("first", [1, 217])
def test_each_page_has_the_number_that_it_bears(shape: str, first: int) -> None:
    numbers = ["", "", *map(str, range(first, first + 5)), "", *map(str, range(first + 6, first + 12))]
    found = labels(pdf(*numbered(numbers, SHAPES[shape])))
    prefix = "A-" if shape == "with the chapter" else ""
    assert found == [number and prefix + number for number in numbers]


@pytest.mark.parametrize("shape", [*SHAPES][:9])
def test_front_matter_has_roman_numbers(shape: str) -> None:
    numbers = ["", *(roman(value) for value in range(2, 7)), *map(str, range(1, 12))]
    assert labels(pdf(*numbered(numbers, SHAPES[shape]))) == numbers


def test_numbers_begin_again_in_each_chapter() -> None:
    numbers = [f"{chapter}-{number}" for chapter in range(1, 5) for number in range(1, 3 + chapter)]
    assert labels(pdf(*numbered(numbers, SHAPES["foot"]))) == numbers


def test_short_documents() -> None:
    assert labels(pdf(*numbered(["1", "2"], SHAPES["foot"]))) == ["1", "2"]
    assert labels(pdf(*numbered(["7"], SHAPES["foot"]))) == [""]  # nothing tells what it is


def test_the_number_of_a_chapter_opening_may_be_elsewhere() -> None:
    drawn = [
        page(at(str(number), 300, 760) if number in {1, 6} else at(str(number), outer(number), 40))
        for number in range(1, 12)
    ]
    assert labels(pdf(*drawn)) == [str(number) for number in range(1, 12)]


MISTAKEN: dict[str, Callable[[int], Draw]] = {
    "the same year": lambda place: at("2019", 300, 760),
    "a date": lambda place: at("3 May 2019", 300, 760),
    "years of a table": lambda place: at(str(2000 + 3 * place), 300, 760),
    "numbers of chapters": lambda place: sized(24, lines(str(place), top=60)),
    "footnotes": lambda place: sized(
        8, lines(f"{place} See the report on {'abcdefghi'[place % 9]} again.", top=740)
    ),
    "steps of two": lambda place: at(str(2 * place), 300, 760),
    "the other way": lambda place: at(str(40 - place), 300, 760),
    "lines of a draft": lambda place: lines(*map(str, range(1, 50)), x=30, top=90),
}


@pytest.mark.parametrize("mistaken", MISTAKEN)
def test_what_is_no_page_number_is_none(mistaken: str) -> None:
    drawn = [page(MISTAKEN[mistaken](place)) for place in range(1, 12)]
    assert labels(pdf(*drawn)) == [""] * 11


@pytest.mark.parametrize("mistaken", MISTAKEN)
def test_what_is_no_page_number_does_not_hide_one(mistaken: str) -> None:
    numbers = ["", *map(str, range(14, 24))]
    drawn = [
        page(MISTAKEN[mistaken](place), *([at(number, outer(place), 30)] if number else []))
        for place, number in enumerate(numbers, 1)
    ]
    assert labels(pdf(*drawn)) == numbers


def test_a_number_among_others_on_a_page_that_bears_none_is_none() -> None:
    row = [at(str(number), 80 + 30 * number, 740) for number in range(1, 6)]
    drawn = [page(*row), *(page(at(str(number), outer(number), 40)) for number in range(2, 12))]
    assert labels(pdf(*drawn)) == ["", *map(str, range(2, 12))]


def test_the_last_page_bears_the_number_of_all_pages() -> None:
    drawn = [page(at("Report", 80, 40), at(f"{number} / 12", 520, 40)) for number in range(1, 13)]
    assert labels(pdf(*drawn)) == [str(number) for number in range(1, 13)]


def labelled(*ranges: tuple[int, str, int]) -> Draw:
    """Give the pages labels: from a page, which counts from 0, a style and a first number."""

    def draw(canvas: Canvas) -> None:
        for start, style, first in ranges:
            canvas.addPageLabel(start, style=style, start=first)

    return draw


def test_labels_of_the_file_are_not_printed_numbers() -> None:
    drawn = [page() for _ in range(6)]
    assert labels(pdf(together(labelled((0, "ARABIC", 101)), page()), *drawn)) == [""] * 7


def test_labels_of_the_file_that_contradict_the_pages_do_not_count() -> None:
    numbers = [*map(str, range(31, 42))]
    first, *others = numbered(numbers, SHAPES["foot"])
    assert labels(pdf(together(labelled((0, "ARABIC", 1)), first), *others)) == numbers


def test_labels_of_the_file_tell_which_of_two_numbers_is_that_of_the_page() -> None:
    drawn = [page(at(str(place), 80, 760), at(str(place + 216), 520, 760)) for place in range(1, 12)]
    assert labels(pdf(together(labelled((0, "ARABIC", 217)), drawn[0]), *drawn[1:])) == [
        str(place + 216) for place in range(1, 12)
    ]


def test_a_single_page_with_a_number_that_is_its_label_has_it() -> None:
    drawn = numbered(["iii", "", *map(str, range(1, 8))], SHAPES["foot"])
    first = labelled((0, "ROMAN_LOWER", 3), (2, "ARABIC", 1))
    assert labels(pdf(together(first, drawn[0]), *drawn[1:])) == ["iii", "", *map(str, range(1, 8))]


def test_the_number_is_no_part_of_the_text() -> None:
    extract = read(pdf(*numbered([*map(str, range(217, 227))], SHAPES["page"])))
    assert "217" not in extract.text


@pytest.mark.parametrize("letter", [one for one in map(chr, range(128, 0x2200)) if ROMAN.fullmatch(one)])
def test_a_letter_that_is_like_a_roman_one_is_no_number(letter: str) -> None:
    row = Row([Line([Word(letter, Box(290, 750, 300, 760))], 1, 9.0, 760.0)], at_top=False, height=760.0)
    assert row.variants() == [letter]
    assert list(row.parts()) == []
