"""Words with capitals of other scripts, which patterns that ignore case find too."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from index.citations.statements.assertions import Assertion
from index.citations.statements.numbers import NUMBER_WORDS, read_numbers
from index.search.extraction.parts import divide_question
from index.search.question.designations import designations_in
from index.search.ranges import DATES, amounts_in, read_ranges
from index.search.tables.operations import measures_of, operation_of
from index.search.tables.prices import price_words, spans_asked
from index.search.tables.years import years_of
from index.text.analysis import Analyzer

TERMS = Analyzer().terms
READERS: list[Callable[[str], object]] = [
    read_ranges,
    amounts_in,
    read_numbers,
    designations_in,
    divide_question,
    operation_of,
    measures_of,
    spans_asked,
    years_of,
    lambda text: price_words(text, "day"),
    lambda text: Assertion.read(text, TERMS),
]
ODD = [("s", "ſ"), ("i", "İ"), ("i", "ı"), ("k", "\u212a"), ("с", "ᲃ"), ("т", "ᲄ")]
WORDS = sorted(
    {*DATES, *NUMBER_WORDS}
    | set(
        "first second third sixth ersten siebten dritt sechst premier sixième segundo séptimo on the in and "
        "or to of from up over under between year month kg more which item is highest fastest smallest "
        "article section longest since until daily weekly per minute how high big costs when what do are "
        "mean bis zum du jour el día less".split()
    )
)


@st.composite
def texts_with_odd_capitals(draw: st.DrawFn) -> str:
    plain, odd = draw(st.sampled_from(ODD))
    words = [one.replace(plain, odd) for one in WORDS if plain in one]
    others = st.sampled_from(["1.000", "5%", "-3", "€", ",", "12"])
    return " ".join(draw(st.lists(st.sampled_from(words) | st.sampled_from(WORDS) | others, min_size=3)))


@given(texts_with_odd_capitals())
def test_a_text_with_odd_capitals_can_be_read(text: str) -> None:
    for reader in READERS:
        reader(text)


@pytest.mark.parametrize("word", ["mİllion", "mıllion", "miᲃ", "тыᲃяч"])
def test_number_words_with_odd_capitals_can_be_read(word: str) -> None:
    read_numbers(f"2 {word} items")


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("May and Auguſt", "May and August"),
        ("friday FRİDAY", "friday FRIDAY"),
        ("FRİDAY", "FRIDAY"),
        ("the first and the ſecond year", "the first and the second year"),
        ("12 May, 5 AVRİL", "12 May, 5 AVRIL"),
    ],
)
def test_odd_capitals_do_not_change_ranges(written: str, plain: str) -> None:
    assert read_ranges(written) == read_ranges(plain) != []


def test_odd_capitals_do_not_change_other_readings() -> None:
    readers: list[tuple[Callable[[str], object], str, str]] = [
        (designations_in, "SECTİON 4 of 5 AVRİL 2024", "SECTION 4 of 5 AVRIL 2024"),
        (measures_of, "How hİgh is it?", "How high is it?"),
        (spans_asked, "daİly", "daily"),
    ]
    for reader, written, plain in readers:
        assert reader(written) == reader(plain)
    odd, biggest = (operation_of(f"Which item is the {word}?") for word in ("bİggest", "biggest"))
    assert odd is not None
    assert biggest is not None
    assert (odd.name, odd.measures) == (biggest.name, biggest.measures)
    until = years_of("sales untİl 2019")
    assert until is not None
    assert 2018 in until


def test_an_ordinal_with_an_odd_capital_is_a_number() -> None:
    day = "Staff get the key on the {} day of the month in the office building."
    odd = Assertion.read(day.format("ſecond"), TERMS)
    assert odd is not None
    assert [word.number.values for word in odd.words if word.number] == [frozenset([Decimal(2)])]
