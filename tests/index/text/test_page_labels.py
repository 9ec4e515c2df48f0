import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import StoreDamaged
from index.text.page_labels import label_of, labels_of, pack_labels, pages_of, roman, roman_value

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
    assert pages_of(pack_labels(labels), "XII", len(labels)) == [14]
    assert pages_of(pack_labels(labels), "217", len(labels)) == [231]


def test_without_any_label_nothing_is_packed() -> None:
    assert pack_labels([""] * 5) == pack_labels([]) == ""
    assert label_of("", 3) == ""
    assert pages_of("", "", 3) == []


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
