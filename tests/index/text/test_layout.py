from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, strategies as st

from index.errors import StoreDamaged
from index.text.layout import Layout, Rectangle

# "one two three" on a line, "four" on the next, "five" on the second page
WORDS = [
    (0, 3, 1, 70.0, 90.0, 90.0, 100.0),
    (4, 7, 1, 95.0, 92.0, 115.5, 100.0),
    (8, 13, 1, 120.0, 90.0, 150.0, 102.25),
    (14, 18, 1, 70.0, 104.0, 95.0, 114.0),
    (19, 23, 2, 70.0, 90.0, 95.0, 100.0),
]
LAYOUT = Layout.of(WORDS, [(600, 800), (800, 600)])


def same(a: Layout, b: Layout) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in Layout.__slots__)


def test_words_of_a_line_are_one_rectangle() -> None:
    assert LAYOUT.rectangles(0, 13) == (Rectangle(1, 70.0, 90.0, 150.0, 102.25),)


def test_lines_and_pages_have_rectangles_of_their_own() -> None:
    assert LAYOUT.rectangles(4, 23) == (
        Rectangle(1, 95.0, 90.0, 150.0, 102.25),
        Rectangle(1, 70.0, 104.0, 95.0, 114.0),
        Rectangle(2, 70.0, 90.0, 95.0, 100.0),
    )


@pytest.mark.parametrize("span", [(5, 6), (4, 7), (3, 8), (6, 7)])
def test_a_partly_covered_word_is_marked_as_a_whole(span: tuple[int, int]) -> None:
    assert LAYOUT.rectangles(*span) == (Rectangle(1, 95.0, 92.0, 115.5, 100.0),)


@pytest.mark.parametrize("span", [(3, 4), (5, 5), (23, 30), (7, 5)])
def test_spans_without_words_have_no_rectangle(span: tuple[int, int]) -> None:
    assert LAYOUT.rectangles(*span) == ()


def test_cells_that_are_far_apart_are_not_joined() -> None:
    row = Layout.of([(0, 1, 1, 70, 90, 75, 100), (2, 3, 1, 170, 90, 175, 100)], [(600, 800)])
    assert len(row.rectangles(0, 3)) == 2


def test_pages_have_sizes() -> None:
    assert LAYOUT.page_size(1) == (600, 800)
    assert LAYOUT.page_size(2) == (800, 600)
    assert len(LAYOUT) == 5


lengths = st.floats(-20_000, 20_000)


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50), st.integers(0, 3), *[lengths] * 4)),
    st.lists(st.tuples(lengths, lengths), max_size=5),
)
def test_bytes_are_read_back(
    words: list[tuple[int, int, int, float, float, float, float]], sizes: list[tuple[float, float]]
) -> None:
    at = page = 0
    entries = []
    for gap, length, pages, *box in words:
        at, page = at + gap, page + pages
        entries.append((at, at + length, page, *box))
        at += length
    layout = Layout.of(entries, sizes)
    assert same(Layout.from_bytes(layout.to_bytes()), layout)


def test_a_word_takes_few_bytes() -> None:
    entries = [
        (6 * n, 6 * n + 5, 1 + n // 400, 70 + 31.7 * (n % 12), 90.0 + 12 * (n // 12 % 33), 99.9, 100)
        for n in range(4000)
    ]
    assert len(Layout.of(entries, [(600, 800)] * 10).to_bytes()) < 10 * 4000


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"LAYOUT2\n" + LAYOUT.to_bytes()[8:],
        LAYOUT.to_bytes()[:12],
        LAYOUT.to_bytes()[:-1],
        LAYOUT.to_bytes()[:16] + b"no deflate",
        LAYOUT.to_bytes()[:16] + zlib.compress(b"\0" * 1000),
        LAYOUT.to_bytes()[:16] + zlib.compress(b""),
    ],
)
def test_damaged_bytes_are_refused(damaged: bytes) -> None:
    with pytest.raises(StoreDamaged, match=r"Ingest the document again\.$"):
        Layout.from_bytes(damaged)
