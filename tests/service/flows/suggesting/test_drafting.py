"""Questions are drafted from what sentences say of something that they name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.types import Block
from service.flows.suggesting import drafts_of


def questions(text: str, title: str = "", *blocks: Block) -> list[str]:
    return [one.question for one in drafts_of("a.md", title, text, blocks)]


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("The Dead Sea is a salt lake between Jordan and Israel.", "What is the Dead Sea?"),
        ("Ada Lovelace (born 10 December 1815) was an English mathematician.", "Who was Ada Lovelace?"),
        ("Loccit was first released in June 2024.", "When was Loccit released?"),
        ("The Eiffel Tower was designed by Gustave Eiffel.", "Who was the Eiffel Tower designed by?"),
        ("The Rev. Dr. Cupp is a retired member of our Presbytery.", "Who is the Rev. Dr. Cupp?"),
        ("Mary Hall is a widow aged 69, with a pension.", "Who is Mary Hall?"),
        ("Evan V. Symon is the Senior Editor for the California Globe.", "Who is Evan V. Symon?"),
        ("Marble Falls is located in southern Burnet County.", "Where is Marble Falls located?"),
        ("World War I began on 28 July 1914.", "When did World War I begin?"),
        ("NATO stands for North Atlantic Treaty Organization.", "What does NATO stand for?"),
        ("Saturn has 83 moons with confirmed orbits.", "How many moons does Saturn have?"),
        ("There are twelve stations on the line.", "How many stations are there on the line?"),
        ("To reset your password, open the settings.", "How do I reset my password?"),
        ("Notice period: three months to the end of the quarter.", "What is the notice period?"),
        ("The Hudson River The Hudson River is a river in New York.", "What is the Hudson River?"),
        ("You can also light the lamp with a match.", "How do I light the lamp?"),
        ("Der Kearney Boulevard ist eine Straße.", "Was ist der Kearney Boulevard?"),
    ],
)
def test_a_sentence_gives_the_question_that_it_answers(sentence: str, question: str) -> None:
    assert question in questions(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "It is a salt lake.",
        "This is the reason for that.",
        "The reason is a lack of oil.",
        "However, the lamp is a good one.",
        "Figure 2 is a lamp.",
        "Note: the lamp was lit at dusk.",
        "In 1815 the lamp was lit.",
        "Patience is the key here.",
        "Seine Bahn ist eine gerade Linie.",
        "We must be honest: the threat is real.",
        "To train the lamp, you must do the following:",
    ],
)
def test_what_is_named_elsewhere_gives_none(sentence: str) -> None:
    assert questions(sentence) == []


def test_a_name_of_the_title_is_enough() -> None:
    assert questions("A morpheme is the smallest unit of a language.") == []
    found = questions("A morpheme is the smallest unit of a language.", "Morpheme")
    assert found == ["What is a morpheme?"]


@pytest.mark.parametrize(
    ("sentence", "title", "question"),
    [
        ("佩特里奇是一名克罗地亚足球运动员。", "佩特里奇", "佩特里奇是谁？"),
        ("长城是中国古代的军事防御工程。", "长城", "长城是什么？"),
    ],
)
def test_in_a_script_without_capitals_only_the_title_is_defined(
    sentence: str, title: str, question: str
) -> None:
    assert questions(sentence, title) == [question]
    assert questions(sentence, "") == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Lorna and Paul are a couple from Leeds.",
        "Log Monitoring is a critical component of each service.",
        "Freie Software ist ein wesentlicher Aspekt der Verwaltung.",
        "BACKGROUND Heavy Alcohol is a risk to the liver.",
        "Q stands for quiet.",
        "The Superior Court has two divisions where small claims are heard.",
        "To arrange the messages this way, click View.",
        "To show the target, run the command.",
        "You can use the model to interact with others.",
        "To create an enterprise, you must be the owner.",
    ],
)
def test_what_the_text_around_it_must_explain_gives_none(sentence: str) -> None:
    assert questions(sentence) == []


def test_headings_that_ask_are_questions_and_titles_of_works_are_none() -> None:
    text = (
        "Who lit it?\n\nO Brother, Where Art Thou?\n\nHow to light the lamp\n\nThe keeper did so at dusk.\n"
    )
    blocks = [
        Block("heading", start, start + len(title), 2, title)
        for title in ("Who lit it?", "O Brother, Where Art Thou?", "How to light the lamp")
        for start in [text.index(title)]
    ]
    assert questions(text, "", *blocks) == ["Who lit it?", "How do I light the lamp?"]


@given(st.text(), st.text())
def test_any_text_gives_drafts_inside_it(text: str, title: str) -> None:
    for one in drafts_of("a", title, text, ()):
        assert 0 <= one.start < one.end <= len(text)
        assert one.question
