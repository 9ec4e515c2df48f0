from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from index.text.word_boundaries import expand_to_words, is_inside_word, splits_word, word_end


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("He is unable to swim", "able to swim"),
        ("many infections", "many infection"),
        ("He can’t swim", "He can"),
        ("He can't swim", "He can"),
        ("Il n’est pas là", "est pas là"),
        ("a non-profit company", "profit company"),
        ("a non\u2011profit company", "profit company"),
        ("they are tax-free", "they are tax"),
        ("due to SARS-CoV-2 there", "due to SARS-CoV"),
        ("a 5-fold rise", "fold rise"),
        ("dose .5 mg a day", "5 mg a day"),
        ("-.5 mg a day", "5 mg a day"),
        ("-.5 mg a day", ".5 mg a day"),
        ("dose 1.5 mg a day", "5 mg a day"),
        ("dose 1,5 mg a day", "dose 1"),
        ("dose 1·5 mg a day", "5 mg a day"),
        ("dose 1·5 mg a day", "dose 1"),
        ("dose ١٫٥ mg a day", "٥ mg a day"),
        ("at 10:30 in the night", "30 in the night"),
        ("take 1/2 cups of salt", "2 cups of salt"),
        ("It was -5 °C", "5 °C"),
        ("It was –5 °C", "5 °C"),
        ("It was ‑5 °C", "5 °C"),
        ("It was −5 °C", "5 °C"),
        ("5 000 people came", "000 people came"),
        ("5\u00a0000 people came", "000 people came"),
        ("there are 5\u2009000 people", "there are 5"),
        ("5\u202f000 people came", "000 people came"),
        ("1 500 000 people came", "500 000 people came"),
        ("5’000 people came", "000 people came"),
        ("un\u00adable to swim", "able to swim"),
        ("un\u00adable to swim", "\u00adable to swim"),
        ("un\u200bable to swim", "able to swim"),
        ("in\u2060fect\u00adions", "in\u2060fect"),
        ("about 10⁶ cells", "about 10"),
        ("about 10⁻⁶ cells", "about 10⁻"),
        ("area of x² metres", "area of x"),
        ("an area of m² units", "an area of m"),
        ("too much CO₂ in it", "too much CO"),
        ("of H₂O there", "O there"),
        ("the Ca²⁺ ion", "the Ca²"),
        ("the Na⁺ ion", "the Na"),
        ("1½ cups of it", "½ cups of it"),
        ("just 1½ cups of it", "just 1"),
        ("the mean x\u0304 is", "the mean x"),
        ("snake_case", "snake"),
    ],
)
def test_parts_of_longer_words_and_numbers_split_a_word(text: str, words: str) -> None:
    start = text.index(words)
    assert splits_word(text, start, start + len(words))
    first, last = expand_to_words(text, start, start + len(words))
    assert (first, last) != (start, start + len(words))
    assert not splits_word(text, first, last)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The dog’s owner", "The dog"),
        ("the 1990's end", "the 1990"),
        ("He said ‘no’ to her", "no"),
        ("L’homme est mort", "homme est mort"),
        ("dell’acqua fresca", "acqua fresca"),
        ("jusqu'au bout", "au bout"),
        ("one—two—three", "two"),
        ("so--or not", "so"),
        ("pre- and post-war", "and post-war"),
        ("pages 3-5, and 7", "pages 3-5"),
        ("the range 3–5 mg", "5 mg"),
        ("- 5 dogs", "5 dogs"),
        ("Well, 5, 6", "5, 6"),
        ("It cost 5. Then", "It cost 5"),
        ("by cells.5 The rest", "The rest"),
        ("by cells.5 The rest", "5 The rest"),
        ("in 2019 500 people", "500 people"),
        ("on 5 12 people", "12 people"),
        ("a rare disease¹ of", "a rare disease"),
        ("²School of Law", "School of Law"),
        ("see (x) now", "x"),
        ("今日は良い天気", "良い"),
        ("か良b", "b"),
        ("ภาษาไทยง่าย", "ไทย"),
        ("a\u200b b", "a"),
        ("it is 5% now", "it is 5%"),
        ("and/or not", "or not"),
        ("❤\ufe0f is", "❤"),
        ("", ""),
    ],
)
def test_whole_words_split_no_word(text: str, words: str) -> None:
    start = text.index(words)
    assert not splits_word(text, start, start + len(words))
    assert expand_to_words(text, start, start + len(words)) == (start, start + len(words))


@pytest.mark.parametrize("at", [-1, 0, 4, 9])
def test_the_ends_of_a_text_are_boundaries(at: int) -> None:
    assert not is_inside_word("word", at)


@given(st.text(max_size=60), st.data())
def test_a_span_expands_to_whole_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    first, last = expand_to_words(text, start, end)
    assert 0 <= first <= start <= end <= last <= len(text)
    assert not splits_word(text, first, last)


@pytest.mark.timeout(30)
def test_a_span_in_an_endless_word_stays() -> None:
    text = "a" * 100_000
    assert expand_to_words(text, 50_000, 50_010) == (50_000, 50_010)
    assert expand_to_words("so\u00ad" * 100_000, 50_000, 50_010) == (50_000, 50_010)


@pytest.mark.parametrize(("text", "at", "end"), [("ab, c", 0, 2), ("ab, c", 2, 2), ("", 0, 0), ("a良", 0, 1)])
def test_word_end(text: str, at: int, end: int) -> None:
    assert word_end(text, at) == end
