"""Words of several languages that do not say what a question is about."""

from __future__ import annotations

import pytest

from index.text.analysis import Analyzer
from index.text.languages import asking_words, is_english, language_of, language_of_question

ENGLISH = Analyzer("english")


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("¿Cuántos faros hay en la costa?", ["faros", "hay", "costa"]),
        ("Cuantos faros hay en la costa?", ["faros", "hay", "costa"]),
        ("Wie hoch ist der Leuchtturm?", ["hoch", "leuchtturm"]),
        ("Qui a allumé la lampe ?", ["allumé", "lampe"]),
        ("Кто построил этот маяк?", ["построил", "маяк"]),
        ("लैंप कब और कहाँ बनाया गया", ["लैंप", "बनाया", "गया"]),
    ],
)
def test_a_question_is_searched_by_the_words_that_say_what_it_is_about(
    question: str, words: list[str]
) -> None:
    assert ENGLISH.question_terms(question) == [ENGLISH.terms(word)[0] for word in words]


@pytest.mark.parametrize(
    "question",
    [
        "Who was de la Cruz?",
        "What is El Niño?",
        "Population of La Paz",
        "lamp",
        "",
        "1577",
        "Did Napoleon's son die in war?",
        "Does a man die in his hat?",
        "Die Hard",
        "la luz",
    ],
)
def test_a_question_that_may_be_english_keeps_its_words(question: str) -> None:
    assert asking_words(question) == frozenset()


def test_the_words_of_documents_are_all_terms() -> None:
    assert ENGLISH.terms("la luz de la torre")[:2] == ["la", "luz"]


def test_a_question_of_nothing_but_such_words_is_searched_by_them() -> None:
    assert ENGLISH.question_terms("¿Quién es él y cómo está?") != []


@pytest.mark.parametrize(
    ("sentence", "word"),
    [("Der Turm ist hoch.", "und"), ("Башня высока.", "и"), ("The tower is high.", "and"), ("高塔", "的")],
)
def test_the_language_of_a_sentence_has_its_small_words(sentence: str, word: str) -> None:
    assert word in language_of(sentence).functions


@pytest.mark.parametrize("unit", ["month", "night", "person", "kg"])
@pytest.mark.parametrize(
    "row", ["Price per {}: 27.90", "Sauna: no; Price per {}: 27.90; Vol. l", "No {}, e.g. 3"]
)
def test_english_shares_its_smallest_words_with_other_languages(row: str, unit: str) -> None:
    assert is_english(row.format(unit))
    assert language_of_question(f"student price per {unit}").name == "english"
