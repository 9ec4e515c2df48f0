from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.citations.page_search import folded, forget, searched, unmarked


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
    assert folded(text) == expected


def test_marks_of_list_items_are_left_out() -> None:
    assert unmarked("\n- one\n  2. two - three") == "\none\ntwo - three"
    assert searched("- one\n  2. two") == "onetwo"


@given(st.text(st.characters(), max_size=40))
def test_any_text_can_be_searched(text: str) -> None:
    assert searched(text) == folded(unmarked("\n" + text))


def test_what_was_made_of_a_text_is_kept_until_something_is_erased() -> None:
    text = "A text that is erased. " * 10
    made = searched(text)
    assert searched(text) is made
    forget()
    assert searched(text) is not made
