"""The search for patterns that take far longer for a longer text. Times are not asserted here."""

from __future__ import annotations

from benchmarks.patterns import BOUNDED, END, texts, used_patterns


def test_what_is_known_of_patterns_is_of_patterns() -> None:
    names = {one.name for one in used_patterns()}
    assert set(BOUNDED) <= names
    assert len(names) > 500


def test_texts_repeat_the_words_of_a_pattern_and_end_with_all_of_them() -> None:
    one = next(one for one in used_patterns() if one.name == "index.citations.statements.measures._RATE")
    made = list(texts(one))
    assert {"once ", "twice "} & {pump for _, pump, _ in made}
    assert all(end.startswith(END) and "thrice" in end for *_, end in made)
