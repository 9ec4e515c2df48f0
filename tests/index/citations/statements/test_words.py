"""The words of a sentence are read in time that its length bounds."""

from __future__ import annotations

import pytest

from index.citations.statements.words import words_of
from index.text.analysis import Analyzer


@pytest.mark.parametrize("unit", ["<b>", "a=", "a$b-", "a1-", "1a", "漢", "don't", "x/", "²a", "a\u0301<"])
def test_many_letters_between_signs_are_read_at_once(unit: str) -> None:
    """A question of 2,000 characters took half a minute: each letter read on to the end for a digit."""
    assert words_of((unit * 10_000)[:10_000], Analyzer().terms)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Model AB-12 of x<y3 or 7Q/b9", ["AB-12", "y3", "7Q/b9"]),
        ("a" * 100 + "1", ["a" * 100 + "1"]),
        ("well-known B2B", ["B2B"]),
    ],
)
def test_codes_have_letters_and_a_digit(text: str, codes: list[str]) -> None:
    found = [one.text for one in words_of(text, Analyzer().terms)]
    assert [one for one in found if any(map(str.isdigit, one))] == codes
