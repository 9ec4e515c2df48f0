"""The question of a FAQ and a run-in heading are told from sentences that say something."""

from __future__ import annotations

import pytest

from index.search.leads.finding import Leads, is_reported_question, question_before
from index.search.tables.asked import Asked
from index.text.analysis import Analyzer

HASHES = Analyzer().hashes


def leads(question: str) -> Leads:
    return Leads.of(Asked.of(question, HASHES(question), HASHES))


def is_question(text: str, sentence: str, asked: str = "Is a helmet provided?") -> bool:
    start = text.index(sentence)
    return leads(asked).is_question(text, start, start + len(sentence))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Is a helmet provided?\nYes, in three sizes.", "Is a helmet provided?"),
        ("Q: Is a helmet provided?\nA: Yes.", "Q: Is a helmet provided?"),
        ("Bikes are lent. Is a helmet provided? Yes.", "Is a helmet provided?"),
        ("The lamp is red. But why? It warns.", "But why?"),
        ("提供头盔吗？有三种尺寸。", "提供头盔吗？"),
        ("هل توجد خوذة؟ نعم.", "هل توجد خوذة؟"),
        ("Hay tres. ¿Se prestan cascos? Sí.", "¿Se prestan cascos?"),
        ("Gibt es Helme?\nJa.", "Gibt es Helme?"),
    ],
)
def test_a_question_of_the_text_is_told(text: str, sentence: str) -> None:
    assert is_question(text, sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Yes, in three sizes.", "Yes, in three sizes."),
        ("Mrs Orme asked: is a helmet provided? The chair said no.", "Mrs Orme asked: is a helmet provided?"),
        ("“Is a helmet provided?” Tom looked up.", "“Is a helmet provided?”"),
        ("In 1972 she played in What's Up, Doc? It was a success. In 1972 it ran.", "success."),
        ("It ran long. Her next film was What's Up, Doc? It did well.", "Her next film was What's Up, Doc?"),
    ],
)
def test_other_sentences_are_no_questions(text: str, sentence: str) -> None:
    assert not is_question(text, sentence)


@pytest.mark.parametrize(
    "asked",
    ["Who asked whether a helmet is provided?", "Which questions are there?", "Wer fragte danach?"],
)
def test_who_asks_for_questions_finds_them(asked: str) -> None:
    assert not is_question("Is a helmet provided?\nYes.", "Is a helmet provided?", asked)


@pytest.mark.parametrize("who", ["You", "Mr. Lind", "Several members of the club", "In your letter you"])
@pytest.mark.parametrize(
    "asked",
    [
        "asked",
        "wished to know",
        "wanted to know",
        "enquired",
        "wondered",
        "asked us again",
        "would like to know",
    ],
)
@pytest.mark.parametrize("what", ["whether the meter is read", "why water had cost 1,905.50", "who pays"])
def test_a_question_that_is_told_of_is_none_of_the_answers(who: str, asked: str, what: str) -> None:
    sentence = f"{who} {asked} {what}."
    assert is_reported_question(sentence, 0, len(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "Sie fragten, ob der Zähler abgelesen wird.",
        "Frau Weber wollte von uns wissen, wann der Kurs beginnt.",
        "Vous demandez si le parking est gratuit.",
        "La socia preguntó cuándo empieza el curso.",
    ],
)
def test_questions_are_told_of_in_several_languages(sentence: str) -> None:
    assert is_reported_question(sentence, 0, len(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "You must ask whether the pool is open.",
        "Please ask if you need help.",
        "Visitors may ask whether a guide is free.",
        "Pauline asked whether it was safe and was told that it is.",
        "You asked whether it is free, but it is not.",
        "We asked how long it takes; it takes an hour.",
        "The committee asked members to say when they are away.",
        "The form asks for the name of the person who pays.",
        "Members who want to know when to pay get a letter.",
        "Nobody knows whether it is open.",
        "If you ask why, staff explain.",
    ],
)
def test_sentences_with_an_answer_are_no_questions_that_are_told_of(sentence: str) -> None:
    assert not is_reported_question(sentence, 0, len(sentence))


def test_a_question_in_a_story_is_no_answer_unless_speech_is_asked_for() -> None:
    text = "“Where is the map?” Tom looked up."
    assert leads("Where is the map?").is_spoken_question(text, 0, 19)
    assert not leads("What did the captain say?").is_spoken_question(text, 0, 19)


@pytest.mark.parametrize(
    ("text", "sentence", "asked"),
    [
        ("4.2 Ducks. Up to six may be fed.", "4.2 Ducks.", "Which birds may I feed?"),
        ("§ 4 Noise after dark. Engines stop at ten.", "§ 4 Noise after dark.", "When do engines stop?"),
        ("Fires. Only in the iron bowls.", "Fires.", "Can I make a fire?"),
        ("3. Fires. Only in the iron bowls.", "3. Fires.", "Can I make a fire?"),
    ],
)
def test_a_run_in_heading_is_told(text: str, sentence: str, asked: str) -> None:
    assert leads(asked).is_run_in(text, 0, len(sentence))


@pytest.mark.parametrize(
    ("text", "sentence", "asked"),
    [
        ("Fires. Only in the iron bowls.", "Fires.", "Where may I cook?"),
        ("1. Boil water. Add the rice.", "1. Boil water.", "What do I do first?"),
        ("4.2 Ducks prohibited. They spoil the water.", "4.2 Ducks prohibited.", "May I bring ducks?"),
        ("4.2 No ducks. They spoil the water.", "4.2 No ducks.", "May I bring ducks?"),
        ("Serves four. Keeps for three days.", "Serves four.", "How many does it serve?"),
        ("4.2 Ducks.", "4.2 Ducks.", "What about ducks?"),
        ("4.2 Ducks.\n\nUp to six.", "4.2 Ducks.", "What about ducks?"),
        ("Who pays the rent?\nTenants. They pay monthly.", "Tenants.", "Do tenants pay?"),
    ],
)
def test_short_sentences_that_say_something_are_no_headings(text: str, sentence: str, asked: str) -> None:
    start = text.index(sentence)
    assert not leads(asked).is_run_in(text, start, start + len(sentence))


@pytest.mark.parametrize(
    ("text", "answer", "question"),
    [
        ("Is it far? Two miles.", "Two", "Is it far?"),
        ("Intro.\n\nIs it far?\nTwo miles.", "Two", "Is it far?"),
        ("## Is it far?\n\nTwo miles.", "Two", "## Is it far?"),
        ("Q: Is it far?\nA: Two miles.", "A:", "Q: Is it far?"),
        ("The chain fell off. Do I pay?\nNo.", "No.", "The chain fell off. Do I pay?"),
        ("Is it far? Two miles. Is it steep?\nNo.", "No.", "Is it steep?"),
        ("Is it far?\n\n\n\nTwo miles.", "Two", None),
        ("Is it far? Two miles. Walk on.", "Walk", None),
        ("", "", None),
    ],
)
def test_the_question_just_before_an_answer_is_found(text: str, answer: str, question: str | None) -> None:
    span = question_before(text, text.index(answer))
    assert (None if span is None else text[slice(*span)]) == question
