"""Misspelt words of a question are corrected by the collection's words, and others are left as they are."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import regex

from index.search.question.misspelt import correct, is_english_misspelt
from index.text.analysis import Analyzer

ANALYZER = Analyzer()
TEXT = (
    "The retention period of backups is ninety days. The warranty of the telescope covers errors. "
    "Full-time employees have paid holidays. The better receipt is sent to the accounts department. "
    "The probation takes six months. Take three eggs. How to pay is told."
)
WORDS = frozenset(
    "what is the period of does mean how long paid butter in a how many much goes into do get".split()
)
"""Words that the tokenizer knows as a whole."""


def terms(prefix: str) -> Mapping[str, int]:
    return {one: 1 for one in ANALYZER.terms(TEXT) if one.startswith(prefix)}


def starts(question: str) -> list[int]:
    """Tokens as of a model: known words are one, others are divided."""
    found = []
    for match in regex.finditer(r"\w+", question):
        word, at = match[0], match.start()
        found += [at] if word.lower() in WORDS else [at, at + 2]
    return found


@pytest.mark.parametrize(
    ("question", "corrected"),
    [
        ("what is the retension period", "what is the retention period"),
        ("waht is the retention period", "what is the retention period"),
        ("waht is the retension period", "what is the retention period"),
        ("how long is the waranty of the telescop", "how long is the warranty of the telescop"),
        ("how many paid hollidays do i get", "how many paid holidays do i get"),
        ("what does the eror mean", "what does the error mean"),
        ("what is the depratment", "what is the department"),
        ("what is the recepit", "what is the receipt"),
        ("how long is the probaton", "how long is the probation"),  # far from its stem, "probat"
        ("how long is the porbation", "how long is the probation"),
        ("how many egs", "how many eggs"),
        ("waht is teh period", "what is the period"),
    ],
)
def test_a_misspelt_word_becomes_the_nearest_one(question: str, corrected: str) -> None:
    assert correct(question, starts(question), ANALYZER, terms) == corrected


@pytest.mark.parametrize(
    "question",
    [
        "how much butter goes into the period",  # a word, though the collection only has "better"
        "what is the Waranty of Elena Vargo",  # may be names
        "what is the retention period of the zeppelin",  # nothing is near
        "was ist die retension",  # another language
        "what is E17x or re-tension or x_retension",
        "what does the retentioner get",  # two letters more at the end make another word
        "what is the warranties period",  # another form of a word that is there
        "how much is the hoa",  # may be an abbreviation
    ],
)
def test_other_words_are_left_as_they_are(question: str) -> None:
    assert correct(question, starts(question), ANALYZER, terms) == question


def test_few_words_are_looked_up() -> None:
    asked: list[str] = []

    def counted(prefix: str) -> Mapping[str, int]:
        asked.append(prefix)
        return {}

    question = "what is " + " ".join(f"zz{'abcdefghij'[n]}qqq" for n in range(10))
    assert correct(question, starts(question), ANALYZER, counted) == question
    assert len(asked) <= 9


def test_a_misspelt_question_is_in_english() -> None:
    assert is_english_misspelt("what does eror mean", starts("what does eror mean"))
    assert not is_english_misspelt("wann wurde das gebaut", starts("wann wurde das gebaut"))
