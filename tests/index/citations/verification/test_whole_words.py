"""A part of a word or number is not the word."""

from __future__ import annotations

import pytest

from index.collection import Collection
from index.text.word_boundaries import splits_word
from tests.index.citations.verification.pets import Judge, locator, put, report, where


@pytest.mark.parametrize(
    ("text", "quote", "truth"),
    [
        ("They are unable to swim in water.", "able to swim in water", None),
        ("There were many infections of the lung.", "There were many infection", None),
        ("A dose of 1.5 mg was given to them.", "5 mg was given to them", "1.5 mg was given to them"),
        ("A dose of 1,500 mg was given to them.", "500 mg was given to them", "1,500 mg was given to them"),
        ("It was cooled to -5 degrees at night.", "5 degrees at night", "-5 degrees at night"),
        ("It was cooled to −5 degrees at night.", "5 degrees at night", "−5 degrees at night"),
        ("-5 degrees at night it was.", "5 degrees at night", "-5 degrees at night"),
        ("It is said that the value is 1.5 today.", "that the value is 1", "that the value is 1.5"),
        ("It is said that there are 1,500 cats.", "that there are 1", "that there are 1,500"),
        ("The straße was long and empty.", "The stra", None),
    ],
)  # fmt: skip
def test_words_torn_out_of_longer_ones_are_altered(
    pets: Collection, judge: Judge, text: str, quote: str, truth: str | None
) -> None:
    put(pets, "torn.txt", text)
    verdict = judge(quote, "torn.txt")
    assert verdict.status in {"altered", "not_found"}
    if truth is not None:
        assert (verdict.status, where(verdict)[0]) == ("altered", truth)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("A dose of .5 mg was given to them.", "5 mg was given to them"),
        ("You can't take it with food.", "You can"),
        ("It isn’t so, as they say.", "It is"),
        ("It is non-toxic to fish and birds.", "toxic to fish and birds"),
        ("Take 1\u00a0500 mg of it each day.", "500 mg of it each day"),
        ("Take 1 500 mg of it each day.", "500 mg of it each day"),
        ("He can’t swim in the sea.", "He can"),
        ("A dose of 1·5 mg a day.", "5 mg a day"),
        ("It was –5 °C at noon.", "5 °C at noon"),
        ("It was ‑5 °C at noon.", "5 °C at noon"),
        ("Just take 1/2 cups of salt.", "2 cups of salt"),
        ("It is 5’000 people who came.", "000 people who came"),
        ("They are un\u00adable to swim here.", "able to swim here"),
        ("There are about 10⁶ cells.", "There are about 10"),
        ("It has an area of x² metres.", "It has an area of x"),
        ("This is a non-profit company.", "profit company"),
    ],
)
def test_words_torn_at_a_mark_inside_of_a_word_or_number_are_altered(
    pets: Collection, judge: Judge, text: str, quote: str
) -> None:
    put(pets, "torn.txt", text)
    assert judge(quote, "torn.txt").status in {"altered", "not_found"}


def test_a_point_before_a_number_is_no_typography(pets: Collection, judge: Judge, cite: Judge) -> None:
    put(pets, "dose.txt", "A dose of 5 mg was given to them.")
    assert judge(".5 mg was given to them", "dose.txt").status == "altered"
    assert cite(locator(pets, "dose.txt", "5 mg was given"), ".5 mg was given").status == "altered"


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("今日は良い天気なので散歩した。", "良い天気"),
        ("第3章は5頁から始まる。", "章は5頁"),
        ("ภาษาไทยง่ายมาก", "ไทยง่าย"),
        ("(see pages 3-5, and 7)", "pages 3-5"),
        ("The range 3–5 mg is safe.", "3–5 mg"),
        ("Well, 5, 6, and 7 follow.", "5, 6"),
        ("It cost 5. Then 6 more came.", "It cost 5"),
        ("The dog's owner was away.", "The dog"),
        ("A list:\n- 5 dogs\n- 6 cats", "5 dogs"),
        ("I said “stop” to him.", "stop"),
        ("one—two—three", "two"),
        ("snake_case is a word", "snake_case"),
    ],
)
def test_whole_words_are_not_torn(pets: Collection, judge: Judge, text: str, quote: str) -> None:
    put(pets, "whole.txt", text)
    assert judge(quote, "whole.txt").status == "verified"


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("There is a ﬂaw in it.", "law in it"),
        ("He is guilty.", "He is guilty?"),
        ("He is guilty?", "He is guilty."),
        ("He is guilty.", "?He is guilty."),
        ('He is 6" tall now.', "is 6' tall now"),
        ("He is 6” tall now.", "is 6’ tall now"),
    ],
)
def test_what_changes_the_meaning_is_not_repaired(
    pets: Collection, judge: Judge, cite: Judge, text: str, quote: str
) -> None:
    put(pets, "meaning.txt", text)
    assert judge(quote, "meaning.txt").status in {"altered", "not_found"}
    assert cite(locator(pets, "meaning.txt"), quote).status in {"altered", "not_found"}


def test_a_torn_passage_does_not_make_its_words_whole(pets: Collection) -> None:
    put(pets, "swim.txt", "They are unable to swim in water.")
    given = locator(pets, "swim.txt", "able to swim in water")
    ((_, verdict),) = report(pets, "They are “able to swim in water” [1].", given).quotes
    assert verdict.status == "altered"


def test_half_of_a_ligature_is_not_the_word(pets: Collection, judge: Judge) -> None:
    put(pets, "five.txt", "ﬁve men came home.")
    assert judge("five men came", "five.txt").status == "repaired"
    assert judge("ive men came", "five.txt").status == "altered"


@pytest.mark.parametrize(
    ("text", "start", "end", "torn"),
    [
        ("unable", 2, 6, True),
        ("unable", 0, 6, False),
        ("unable", 0, 2, True),
        ("1.5", 2, 3, True),
        ("1.5", 0, 1, True),
        ("-5", 1, 2, True),
        (" -5", 2, 3, True),
        ("良い天気", 1, 3, False),
        ("か良b", 2, 3, False),
        ("", 0, 0, False),
    ],
)
def test_where_a_span_tears(text: str, start: int, end: int, torn: bool) -> None:
    assert splits_word(text, start, end) is torn
