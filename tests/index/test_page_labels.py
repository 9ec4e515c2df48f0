import json

import pytest
from hypothesis import given, strategies as st

from index.errors import StoreDamaged
from index.page_labels import (
    PageRange,
    label_of,
    labels_of,
    merged_ranges,
    pack_labels,
    page_number,
    page_ranges,
    pages_in,
    roman,
    roman_value,
    shared_ranges,
)

LABELS = st.one_of(
    st.just(""),
    st.integers(0, 3000).map(str),
    st.integers(1, 399).map(roman),
    st.integers(1, 399).map(lambda value: roman(value).upper()),
    st.integers(1, 99).map(lambda value: f"A-{value}"),
    st.sampled_from(["Cover", "007", "12a", "٣", "c", "C"]),
)


@given(st.lists(LABELS, max_size=60))
def test_each_page_has_its_label(labels: list[str]) -> None:
    packed = pack_labels(labels)
    assert [label_of(packed, page) for page in range(1, len(labels) + 1)] == labels


def test_labels_that_run_on_are_packed_as_runs() -> None:
    labels = [
        "",
        "",
        *map(roman, range(1, 13)),
        *map(str, range(1, 500)),
        "",
        *(f"A-{n}" for n in range(1, 9)),
    ]
    assert json.loads(pack_labels(labels)) == [[3, "i"], [15, "1"], [514, ""], [515, "A-1"]]


def test_without_any_label_nothing_is_packed() -> None:
    assert pack_labels([""] * 5) == pack_labels([]) == ""
    assert label_of("", 3) == ""


@given(st.lists(LABELS, max_size=40), st.lists(LABELS, min_size=1, max_size=3), st.integers(0, 500))
def test_the_pages_of_numbers_are_those_whose_labels_are_in_a_range(
    labels: list[str], wanted: list[str], length: int
) -> None:
    numbers = [number for label in wanted if (number := page_number(label))]
    ranges = [one._replace(last=one.first + length) for one in numbers]

    def is_in(label: str, one: PageRange) -> bool:
        own = page_number(label)
        return own is not None and own[:2] == one[:2] and one.first <= own.first <= one.last

    on = pages_in(pack_labels(labels), merged_ranges(ranges))
    found = {page for first, last in on for page in range(first, last + 1)}
    right = {page for page, label in enumerate(labels, 1) if any(is_in(label, one) for one in ranges)}
    assert {page for page in found if page <= len(labels)} == right


@pytest.mark.parametrize(
    ("label", "like"), [("XII", "xii"), ("a-3", "A-3"), ("A–3", "A-3"), ("007", "7"), ("4.12", "4.12")]
)
def test_a_number_is_the_same_in_other_letters(label: str, like: str) -> None:
    assert page_number(label) == page_number(like) is not None


@pytest.mark.parametrize("label", ["", "Cover", "12a", "p. 3", "-3", "3.5.1", "iiii", "A-", "٣", "1" * 10])
def test_what_is_no_number_of_a_page(label: str) -> None:
    assert page_number(label) is None


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("217", [("", 217, 217)]),
        ("210-220", [("210-", 220, 220), ("", 210, 220)]),
        ("x – xiv", [("", 10, 14)]),
        ("A-3", [("a-", 3, 3)]),
        ("7-3", [("7-", 3, 3)]),
        ("x-14", [("x-", 14, 14)]),
        ("3-", []),
        ("A-3-A-7", []),
    ],
)
def test_a_text_means_numbers_of_pages(text: str, means: list[tuple[str, int, int]]) -> None:
    assert [(one.prefix, one.first, one.last) for one in page_ranges(text)] == means


def test_both_ends_of_a_span_need_a_label() -> None:
    packed = pack_labels(["", "2", "3"])
    assert labels_of(packed, (2, 3)) == ("2", "3")
    assert labels_of(packed, (1, 2)) is None
    assert labels_of(packed, None) is None


def test_a_document_whose_labels_follow_no_order_has_none() -> None:
    assert pack_labels([str(page * 7 % 5003) for page in range(1, 5001)]) == ""


def test_roman_numerals() -> None:
    assert [roman_value(roman(value)) for value in range(1, 400)] == list(range(1, 400))
    assert (roman(14), roman_value("XLIX")) == ("xiv", 49)


@pytest.mark.parametrize("text", ["", "iiii", "vx", "Iv", "mm", "ic", "p"])
def test_what_is_no_roman_numeral(text: str) -> None:
    assert roman_value(text) == 0


@pytest.mark.parametrize("packed", ["[", "7", "[[1]]", '[["a", "b"]]'])
def test_damaged_labels_are_told(packed: str) -> None:
    with pytest.raises(StoreDamaged):
        label_of(packed, 1)


_RANGES = st.lists(
    st.builds(
        lambda prefix, is_roman, first, more: PageRange(prefix, is_roman, first, first + more),
        st.sampled_from(["", "a-"]), st.booleans(), st.integers(0, 30), st.integers(0, 9),
    ),
    max_size=12,
)  # fmt: skip


@given(some=_RANGES, others=_RANGES)
def test_merged_ranges_share_the_numbers_that_are_in_both(
    some: list[PageRange], others: list[PageRange]
) -> None:
    def numbers(ranges: list[PageRange]) -> set[tuple[str, bool, int]]:
        return {(*one[:2], number) for one in ranges for number in range(one.first, one.last + 1)}

    merged = merged_ranges(some)
    assert numbers(merged) == numbers(some)
    assert sum(one.last - one.first + 1 for one in merged) == len(numbers(some)), "none is there twice"
    shared = shared_ranges(merged, merged_ranges(others))
    assert numbers(shared) == numbers(some) & numbers(others)
    assert len(shared) <= len(some) + len(others)
