"""A sentence without a name is about the thing that was named last before it."""

from __future__ import annotations

import pytest

from index.search.judged import JudgedSentence
from index.search.question.siblings import NamedThings
from index.text.sentences import sentence_spans

KETTLES = (
    "The Fjord kettle holds 1.7 litres. The guarantee is three years.\n\n"
    "The Sund kettle holds 1.2 litres. The guarantee is two years.\n\n"
    "All of them are made of steel."
)
OFFICES = "Our office in Lyon is new. It has no reception. Our office in Berlin is old. It has a reception."
PEOPLE = "Mrs Adler is treasurer. She lives near. Mr Brandt is secretary. He lives far away."


def kept(text: str, question: str, earlier: str = "", said: str = "") -> list[str]:
    """The sentences that are not lowered."""
    things = NamedThings.of(question, earlier, said)
    judged = [JudgedSentence(start, end, 0.0) for start, end in sentence_spans(text, 0, len(text))]
    weighed = judged if things is None else things.weigh(judged, text, 0)
    return [text[one.start : one.end] for one in weighed if one.strength == 0.0]


@pytest.mark.parametrize(
    ("text", "question", "expected"),
    [
        (KETTLES, "How long is the guarantee of the Sund kettle?", "The guarantee is two years."),
        (KETTLES, "How long is the guarantee of the Fjord?", "The guarantee is three years."),
        (OFFICES, "Has the office in Berlin a reception?", "It has a reception."),
        (PEOPLE, "Where does Mrs Adler live?", "She lives near."),
        (PEOPLE, "Where does Mr Brandt live?", "He lives far away."),
    ],
)
def test_sentences_about_siblings_are_lowered(text: str, question: str, expected: str) -> None:
    found = kept(text, question)
    assert expected in found
    assert len(found) < len(sentence_spans(text, 0, len(text)))


def test_the_question_tells_beside_which_word_names_stand() -> None:
    text = "We meet in Bonn at nine. The hotel in Kiel costs 95 euros. The hotel in Jena costs 120 euros."
    assert kept(text, "What does the hotel in Bonn cost?") == ["We meet in Bonn at nine."]


def test_who_is_asked_for_is_another_one() -> None:
    text = "Samuel Osgood kept the lamp from 1820. His daughter Hannah kept it after him."
    assert len(kept(text, "Who kept the lamp after Samuel Osgood?")) == 2
    assert len(kept(text, "And who after him?", "Who kept the lamp?", "Samuel Osgood kept the lamp.")) == 2


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("What does the hotel in Bonn cost?", ["Bonn"]),
        ("What does the hotel in Kiel cost?", []),
        ("Where is the office in Bonn?", []),
        ("What does the hotel in Kiels cost?", []),  # misspelt
        ("What does the hotel in Kíel cost?", []),  # as some write it
    ],
)
def test_a_name_beside_whose_place_others_stand_is_missing(question: str, missing: list[str]) -> None:
    text = "We meet in Bonn at nine. The hotel in Kiel costs 95 euros. The hotel in Jena costs 120 euros."
    things = NamedThings.of(question)
    assert things is not None
    assert things.missing_in(text) == missing
    assert not things.missing_in(f"{text} The Bonn hotel is new.")


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (KETTLES, "How long is the guarantee of the Berg kettle?"),  # no text tells of it
        (KETTLES, "Which kettle holds most?"),
        (KETTLES, "Does the Sund or the Fjord hold more?"),
        ("The Sund kettle is like the Fjord kettle. It is made in Norway.", "Where is the Sund made?"),
        ("The Sund kettle is new. It is made in Norway.", "Where is the Sund made?"),  # it has no siblings
    ],
)
def test_other_sentences_stay_as_they_are(text: str, question: str) -> None:
    assert len(kept(text, question)) == len(sentence_spans(text, 0, len(text)))


def test_a_follow_up_is_about_what_was_said_before() -> None:
    said, earlier = "The Sund kettle holds 1.2 litres.", "Which kettle holds least?"
    assert "The guarantee is three years." not in kept(KETTLES, "How long is its guarantee?", earlier, said)
    assert "The guarantee is three years." not in kept(
        KETTLES, "How long is its guarantee?", "What does the Sund hold?", "It holds 1.2 litres."
    )


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("We run hotels in Kiel and Bonn. Breakfast is included.", "Is there a hotel in Bonn?"),
        ("There are schools in Kiel, Bonn and Jena. The school has a pool.", "Is there a school in Bonn?"),
        ("The office in Kiel and the one in Bonn are open.", "Is the office in Bonn open?"),
        ("The office in Kiel has closed. In Bonn our office is new.", "Where is the office in Bonn?"),
    ],
)
def test_a_name_among_others_is_not_missing(text: str, question: str) -> None:
    things = NamedThings.of(question)
    assert things is not None
    assert things.missing_in(text) == []


@pytest.mark.parametrize(
    ("text", "question", "lowered"),
    [
        ("Mrs Adler reads. She is here. Mr Brandt left.", "Where is Mrs Adler?", 1),
        ("Prof. Adler reads. She is here. Dr Brandt sings. He left.", "Where is Adler?", 2),
        ("The Fjord kettles boil. They ring. The Sund kettle is big.", "What of the Sund kettle?", 2),
        ("The hotels at Kiel are new. They ring. The hotel in Bonn is big.", "What of the hotel in Bonn?", 2),
        (f"The Sund kettle rings. The Fjord kettle {'boils ' * 40}.", "What of the Sund kettle?", 1),
        ("Sundial kettles ring. A Fjord kettle boils.", "What of the Sund kettle?", 0),  # no word is the name
        ("Dr Adler reads. The Adlers sing. Mrs Adler-Brandt left.", "Where is Adler?", 0),
    ],
)
def test_siblings_stand_beside_the_same_word(text: str, question: str, lowered: int) -> None:
    assert len(kept(text, question)) == len(sentence_spans(text, 0, len(text))) - lowered


OSLO = "The Oslo office handles claims. The Bergen office {}. {} days."


def test_a_sibling_in_passing_is_not_what_follows() -> None:
    question = "How long does the Oslo office take for claims?"
    for passing in ("cannot help", "doesn't handle claims", "no longer takes them"):
        assert "Claims take ten days." in kept(OSLO.format(passing, "Claims take ten"), question)
        assert "They take ten days." not in kept(OSLO.format(passing, "They take ten"), question)
    assert "Claims take ten days." not in kept(OSLO.format("handles some, too", "Claims take ten"), question)


def test_a_sentence_about_all_of_a_kind_is_not_about_a_sibling() -> None:
    text = "The Sund kettle is new. The Fjord kettle was recalled. All kettles have a guarantee of two years."
    assert "All kettles have a guarantee of two years." in kept(
        text, "How long is the guarantee of the Sund kettle?"
    )


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "long",
    [
        "A" * 40_000,
        "A-" * 20_000,
        "A\u0301" * 20_000,
        "a" * 40_000 + " x " + "a" * 70 + " in Bonn.",
        ": The Fjord kettle" * 2_000,
    ],
    ids=["capitals", "hyphens", "accents", "small letters", "names"],
)
def test_a_long_text_without_spaces_or_sentences_takes_no_longer(long: str) -> None:
    text = f"{long} The Sund kettle rings. The Fjord kettle boils."
    things = NamedThings.of("What of the Sund kettle in the hotel in Bonn?")
    assert things is not None
    judged = [JudgedSentence(len(text) - len("The Fjord kettle boils."), len(text), 0.0)]
    judged.insert(0, JudgedSentence(0, judged[0].start, 0.0))
    assert [one.strength for one in things.weigh(judged, text, 0)] == [0.0, -6.0]
