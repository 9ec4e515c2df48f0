from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.citations.page_search import fold, forget, normalize, without_list_marks


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("An “Ox”\n", "an'ox'"),
        ("naïve | ﬁne", "naivefine"),
        ("co\u00adop `x`", "coop'x'"),
        ("ABC", "abc"),
        ("", ""),
    ],
)
def test_what_a_search_takes_for_equal_is_equal(text: str, expected: str) -> None:
    assert fold(text) == expected


def test_marks_of_list_items_are_left_out() -> None:
    assert without_list_marks("\n- one\n  2. two - three") == "\none\ntwo - three"
    assert normalize("- one\n  2. two") == "onetwo"


@given(st.text(st.characters(), max_size=40))
def test_any_text_can_be_searched(text: str) -> None:
    assert normalize(text) == fold(without_list_marks("\n" + text))


def test_what_was_made_of_a_text_is_kept_until_something_is_erased() -> None:
    text = "A text that is erased. " * 10
    made = normalize(text)
    assert normalize(text) is made
    forget()
    assert normalize(text) is not made
