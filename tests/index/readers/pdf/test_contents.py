"""Tables of contents of PDF files."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from reportlab.pdfgen.canvas import Canvas

from tests.index.readers.pdf.test_pdf import PROSE, lines, pdf, texts

TITLES = ("The harbour", "Its walls and what they are of", "The steps", "The barges")
DOTS = " . . . . . . . . . . "


def chapters(*titles: str) -> list[Callable[[Canvas], None]]:
    return [lines(title, "", *PROSE) for title in titles]


def with_contents(*rows: str, titles: tuple[str, ...] = TITLES) -> str:
    return "\n".join(texts(pdf(lines("Contents", *rows), *chapters(*titles))))


def test_lines_with_dot_leaders_are_left_out() -> None:
    text = with_contents(*(f"{at} {title}{DOTS}{at + 1}" for at, title in enumerate(TITLES, 1)))
    assert text.startswith("Contents\nThe harbour\nThe harbour was built")
    assert ". ." not in text


@pytest.mark.parametrize("dots", [" ..........", "…………", " ______ ", " ····· "])
def test_other_leaders_are_recognised(dots: str) -> None:
    rows = [f"{title}{dots}{at}" for at, title in enumerate(TITLES, 1)]
    assert with_contents(*rows).startswith("Contents\nThe harbour\nThe harbour was built")


def test_chapters_without_dots_and_long_titles_are_left_out_too() -> None:
    text = with_contents(
        "1 The harbour 2",
        f"1.1 Its walls and{DOTS}3",
        "1.2 Its walls and",
        f"what they are of{DOTS}3",
        "2 The steps 4",
        f"2.1 The barges{DOTS}5",
        "3 The barges 5",
    )
    assert text.startswith("Contents\nThe harbour\nThe harbour was built")


def test_the_first_pages_may_have_roman_numbers() -> None:
    numbers = ("iv", "ix", "1", "2")
    rows = [f"{title}{DOTS}{number}" for title, number in zip(TITLES, numbers, strict=True)]
    assert with_contents(*rows).startswith("Contents\nThe harbour\nThe harbour was built")


def test_prose_around_the_table_is_kept() -> None:
    text = with_contents(
        "What follows is a list of what is said in these pages, one of which is 1",
        *(f"{title}{DOTS}{at}" for at, title in enumerate(TITLES, 1)),
        "This was the list of what is said in these pages, and their number is 4",
    )
    assert "one of which is 1" in text
    assert "their number is 4" in text
    assert ". ." not in text


@pytest.mark.parametrize(
    "rows",
    [
        [f"{title}{DOTS}{at}" for at, title in enumerate(TITLES[:2], 1)],
        [f"{title}{DOTS}{at}" for at, title in zip((7, 5, 3, 1), TITLES, strict=True)],
        [f"{title}{DOTS}{at}" for at, title in enumerate(("Coffee", "Tea with milk", "Cake", "Soup"), 3)],
        [f"{title}{DOTS}{at}.20" for at, title in enumerate(TITLES, 1)],
    ],
    ids=["two lines", "numbers that go down", "titles that are not in the document", "prices"],
)  # fmt: skip
def test_other_lines_with_dots_are_kept(rows: list[str]) -> None:
    assert with_contents(*rows).count(DOTS.strip()) == len(rows)


def test_lines_with_dots_far_apart_are_kept() -> None:
    rows = [line for at, title in enumerate(TITLES, 1) for line in (f"{title}{DOTS}{at}", *PROSE, *PROSE)]
    assert with_contents(*rows).count(DOTS.strip()) == len(TITLES)
