"""Filters of frameworks, held against the operators of the library."""

import pytest
from loccit_client.filters import COMPARISONS, comparison

from index.filters import OPERATORS, SPELLINGS, parse_filter

HAYSTACK = {"==", "!=", ">", ">=", "<", "<=", "in", "not in"}
LLAMA_INDEX = {
    "==", ">", "<", "!=", ">=", "<=", "in", "nin", "any", "all", "text_match", "text_match_insensitive",
    "contains", "is_empty",
}  # fmt: skip


def test_operators_are_those_that_frameworks_and_the_library_have() -> None:
    assert {
        written: one.name for written, one in SPELLINGS.items() if written in HAYSTACK | LLAMA_INDEX
    } == COMPARISONS


@pytest.mark.parametrize("written", COMPARISONS)
def test_a_comparison_is_one_of_the_library(written: str) -> None:
    takes_list = OPERATORS[COMPARISONS[written]].takes_list
    parse_filter(comparison(written, "year", [2020] if takes_list else 2020))


def test_what_the_library_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="'contains'"):
        comparison("contains", "year", "2020")
