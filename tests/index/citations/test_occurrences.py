from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.citations.quotes.occurrences import Quote, alike, occurrences
from index.text.typography import equal_but_for_typography, fold_text
from index.text.word_boundaries import is_inside_word, splits_word

TEXTS = st.lists(st.sampled_from(["a", "b", "ab", " ", "-", "1", ".", "是", "\u00ad", "’"]), max_size=40).map(
    "".join
)
MANY = 300
WHOLE = (False, False)


def found(text: str, words: str) -> list[str]:
    return [text[slice(*span)] for span in alike(text, fold_text(text), words)]


@given(TEXTS, TEXTS.filter(bool), st.none() | st.integers(0, 50), st.tuples(st.booleans(), st.booleans()))
def test_they_are_where_the_words_are_and_whole_if_they_were(
    text: str, exact: str, start: int | None, torn: tuple[bool, bool]
) -> None:
    ends = len(exact)
    expected = {
        at
        for at in range(len(text) - ends + 1)
        if text.startswith(exact, at)
        and (torn[0] or not is_inside_word(text, at))
        and (torn[1] or not is_inside_word(text, at + ends))
    }
    assert occurrences(text, Quote(exact, start=start, torn=torn)) == expected


@given(TEXTS, TEXTS)
def test_words_alike_are_whole_and_the_same_but_for_typography(text: str, words: str) -> None:
    for start, end in alike(text, fold_text(text), words):
        assert equal_but_for_typography(text[start:end], words)
        assert not splits_word(text, start, end)


@pytest.mark.parametrize("start", [None, 0, 10**9])
def test_any_number_of_parts_of_longer_words_is_passed_over(start: int | None) -> None:
    text = "unable to swim. " * MANY + "He is able to swim." + " unable to swim." * MANY
    places = occurrences(text, Quote("able to swim", start=start, torn=WHOLE))
    assert places == {16 * MANY + 6}
    assert found(text, "ABLE to swim") == ["able to swim"]


def test_context_tells_whether_the_words_were_whole() -> None:
    text = "unable or able"
    assert occurrences(text, Quote("able")) == {2, 10}
    assert occurrences(text, Quote("able", prefix="is ")) == {10}
    assert occurrences(text, Quote("able", prefix="un")) == {2, 10}
    assert occurrences("ables or able.", Quote("able", suffix=".")) == {9}


def test_of_words_that_stand_very_often_those_near_and_those_in_context_are_taken() -> None:
    text = "go. " * 5000 + "let go! " + "go. " * 5000
    places = occurrences(text, Quote("go", prefix="let ", suffix="!", start=0))
    assert len("go. ") * 5000 + 4 in places
    assert len(places) < 1000


def test_half_of_a_ligature_or_an_ellipsis_is_not_alike() -> None:
    assert found("a ﬂaw here", "law") == []
    assert found("a ﬂaw here", "flaw") == ["ﬂaw"]
    assert found("the oﬃce", "of") == []
    assert found("he left… then", "he left.") == []
    assert found("he left… then", "he left...") == ["he left…"]


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    ("text", "exact", "start"),
    [
        ("a" * 1_000_000, "aaa", None),
        ("a" * 1_000_000, "aaa", 500_000),
        ("a" * 1_000_000, "a" * 20_000, 500_000),
        ("ab" + "a" * 999_998, "a" * 20_000 + "b", 900_000),
        ("a" * 500_000 + " " + "a" * 500_000, "a" * 20_000, 990_000),
        ("ab " * 300_000, "b ab", 450_000),
        ("ab " * 300_000, "b " + "ab " * 7000 + "a", 450_000),
        ("a " * 500_000, "a " * 2000 + "b", 900_000),
        ("\u00ad" * 500_000, "\u00ad" * 100, 250_000),
        ("a\u00ad" * 250_000, "a\u00ada", 250_000),
        ("1.5 " * 250_000, "5", 500_000),
    ],
)
def test_searching_takes_no_longer_than_the_text_asks(text: str, exact: str, start: int | None) -> None:
    inner = fold_text(text)
    occurrences(text, Quote(exact, "x" * 100, "y" * 100, start, WHOLE))
    next(alike(text, inner, exact), None)
