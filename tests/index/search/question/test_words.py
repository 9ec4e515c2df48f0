"""The words of a question that a passage has."""

import pytest

from index.search.question.words import QuestionWords
from index.text.analysis import Analyzer


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Which bridges were built?", "She builds a bridge.", ["bridges"]),
        ("Bridges and BRIDGE", "a bridge", ["Bridges", "BRIDGE"]),
        ("bridge, bridge", "bridges", ["bridge"]),
        ("Was Zoë's café open?", "the cafe of zoe", ["Zoë", "café"]),
        ("covid-19 vaccine", "COVID19", ["covid-19"]),
        ("covid-19 vaccine", "the 19 of them", ["19"]),
        ("東京都の人口", "東京都は", ["東京都"]),
        ("what is the", "nothing", []),
        ("", "nothing", []),
        ("something", "", []),
    ],
)
def test_words_of_a_text_are_named_as_the_question_writes_them(
    question: str, text: str, expected: list[str]
) -> None:
    analyzer = Analyzer()
    words = QuestionWords(question, analyzer.question_hashes(question))
    hashes = set(analyzer.term_hashes(text).tolist())
    assert words.among(hashes) == expected


def test_a_compound_and_its_parts_are_one_word() -> None:
    question = "Is the covid-19 vaccine in 東京都?"
    words = QuestionWords(question, Analyzer().question_hashes(question))
    assert words.every() == ["covid-19", "vaccine", "東京都"]
    assert words.among(()) == []
