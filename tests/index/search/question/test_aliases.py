"""What a question names is called as the collection calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from index.search.question.aliases import kinds_of, other_names, rename
from index.text.analysis import Analyzer

ANALYZER = Analyzer()


def of(text: str) -> Callable[[str], Mapping[str, int]]:
    return lambda prefix: {one: 1 for one in ANALYZER.terms(text) if one.startswith(prefix)}


@pytest.mark.parametrize(
    ("question", "text", "renamed"),
    [
        ("When do we meet in Munich?", "We meet in München.", "When do we meet in München?"),
        (
            "When does the museum in Praha close?",
            "In Prague it closes.",
            "When does the museum in Prague close?",
        ),
        ("How much PTO do I get?", "Annual leave: 28 days.", "How much annual leave do I get?"),
        ("how much pto do i get", "Annual leave: 28 days.", "how much annual leave do i get"),
    ],
)
def test_names_become_those_of_the_collection(question: str, text: str, renamed: str) -> None:
    assert rename(question, ANALYZER, of(text)) == renamed


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("When do we meet in Munich?", "We meet in Munich, not in München."),  # it has the name
        ("When do we meet in Munich?", "We meet in Oslo."),  # and here no name of the place
        ("Can I take my MacBook home?", "Laptops may be taken."),  # a laptop need not be one
        ("What is it like in Bremen?", "We meet in München."),
        ("What costs it per hr?", "Human resources are here."),  # may be something else
    ],
)
def test_other_questions_stay_as_they_are(question: str, text: str) -> None:
    assert rename(question, ANALYZER, of(text)) == question


def test_an_index_without_terms_changes_nothing() -> None:
    assert rename("When do we meet in Munich?", ANALYZER, lambda _: {}) == "When do we meet in Munich?"


def test_a_product_is_of_a_kind() -> None:
    assert "laptop" in kinds_of("MacBook")
    assert not kinds_of("laptop")
    assert not other_names("MacBook")
