"""The sentence just after a question that is like the one asked comes before later ones."""

from __future__ import annotations

import pytest

from index.search.judged import JudgedSentence
from index.search.leads.answered import prefer_answers
from index.search.question.wanted import Wanted
from index.search.tables.asked import Asked
from index.text.analysis import Analyzer

HASHES = Analyzer().hashes
TEXT = "Is a helmet provided?\nYes, in three sizes. Gloves are yours to bring.\n\nHelmets hang on the wall."
SENTENCES = ("Yes, in three sizes.", "Gloves are yours to bring.", "Helmets hang on the wall.")


def first(
    question: str, text: str = TEXT, sentences: tuple[str, ...] = SENTENCES, *, at: int = 0
) -> list[float]:
    judged = [
        JudgedSentence(at + text.index(one), at + text.index(one) + len(one), float(place))
        for place, one in enumerate(sentences, -3)
    ]
    asked = Asked.of(question, HASHES(question), HASHES)
    return [one.strength for one in prefer_answers(judged, text, at, asked, Wanted.of(question))]


def test_the_answer_to_the_very_question_is_raised() -> None:
    assert first("Is a helmet provided?") == [2.0, -2.0, -1.0]
    assert first("Are helmets provided?", at=100)[0] == 2.0


def test_the_answer_to_a_question_of_one_word_is_raised() -> None:
    text = "Dogs? Only with a collar.\nSmoking? On the balcony."
    sentences = "Only with a collar.", "On the balcony."
    for question in ("Are dogs allowed?", "Can I bring my dog?", "Is my dog permitted?"):
        assert first(question, text, sentences)[0] == 2.0
    for question in ("Are dogs vaccinated?", "What do dogs cost?", "Are cats allowed?"):
        assert first(question, text, sentences)[0] < 0


def test_the_answer_to_a_like_question_comes_before_the_next_sentence() -> None:
    found = first("Is a bicycle helmet provided?")
    assert found[1] < found[0] < 0


@pytest.mark.parametrize(
    "question", ["Are gloves provided?", "What do tents cost?", "How many helmets are hung?"]
)
def test_other_questions_change_nothing(question: str) -> None:
    assert first(question) == [-3.0, -2.0, -1.0]


def test_a_later_sentence_with_what_is_asked_for_stays_first() -> None:
    text = "Do you deliver?\nYes, all year. Delivery costs five pounds."
    sentences = "Yes, all year.", "Delivery costs five pounds."
    assert first("How much is it to deliver?", text, sentences) == [-3.0, -2.0]
    assert first("Do you deliver?", text, sentences)[0] == 2.0


def test_a_heading_that_asks_counts_for_its_section() -> None:
    text = "## May I paint it?\n\nPlease do not.\n\nPaint spoils the frame."
    found = first("May I paint it?", text, ("Please do not.", "Paint spoils the frame."))
    assert found[0] > found[1]


def test_a_heading_in_the_line_counts_for_the_sentence_after_it() -> None:
    text = "Fires. Only in bowls. Somebody stays until the embers are cold."
    sentences = "Only in bowls.", "Somebody stays until the embers are cold."
    found = first("What are the rules on fires?", text, sentences)
    assert found[0] > found[1] == -2.0
