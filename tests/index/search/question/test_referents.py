"""A follow-up question gets the version or date that it refers to."""

from __future__ import annotations

import pytest

from index.answers import Turn
from index.collection import Collection
from index.ingest import Source
from index.search.extraction import divide_question, extract_answer
from index.search.question.referents import may_refer, resolve

CHANGES = (
    "# Changelog of Tidewatch\n\n## 2.4.0 - 12 March 2025\n\n- Charts can be exported as PDF files.\n\n"
    "## 2.3.1 - 3 February 2025\n\n- Fixed: the program crashed when a station had no data.\n\n"
    "## 2.3.0 - 20 January 2025\n\n- Added dark mode.\n"
)


@pytest.mark.parametrize(
    ("question", "told", "resolved"),
    [
        ("When was that released?", ["Version 2.3.1 fixed it."], "When was 2.3.1 released?"),
        ("When was it released?", ["", "2.3 - 20 January 2025"], "When was version 2.3 released?"),
        ("When did it come out?", ["A map.", "What is new in v2.4.0?"], "When did 2.4.0 come out?"),
        ("And when was this one released?", ["2.4.0 is new."], "And when was 2.4.0 released?"),
        ("What was fixed in that version?", ["2.3.1 - 3 February"], "What was fixed in 2.3.1?"),
        ("What else is in it?", ["2.4.0 has maps."], "What else is in 2.4.0?"),
        ("Who comes on that day?", ["The board chose 14 June."], "Who comes on 14 June?"),
        (
            "How much is that one?",
            ["The Holm kettle is the smallest.", "", "Which kettle is the smallest?"],
            "How much is the Holm kettle?",
        ),
    ],
)
def test_what_a_question_refers_to_takes_the_place_of_the_pronoun(
    question: str, told: list[str], resolved: str
) -> None:
    assert may_refer(question)
    assert resolve(question, told) == resolved


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("When was that released?", ["2.3.0 and 2.3.1 were released."]),  # which one is not clear
        ("When was that released?", ["It holds 1.7 litres."]),  # a number with a point, no version
        ("When was 2.4.0 of this released?", ["2.3.1 is new."]),  # it names one itself
        ("Is it possible to print?", ["2.3.1 prints."]),  # refers to nothing
        ("Does it run on Windows?", ["2.3.1 has maps."]),  # the program
        ("How much is that one?", ["The Holm kettle and the Sund kettle.", "Which kettle is small?"]),
        ("Wann wurde das veröffentlicht?", ["2.3.1 ist neu."]),
        ("Who comes on that day?", ["The board chose a day."]),
    ],
)
def test_other_questions_stay_as_they_are(question: str, told: list[str]) -> None:
    assert resolve(question, told) == question


@pytest.mark.parametrize(
    "said",
    ["Fixed: the program crashed when a station had no data. [1]", "That is fixed in 2.3.1. [1]"],
)
def test_the_heading_of_the_version_answers_when_it_was_released(collection: Collection, said: str) -> None:
    collection.put(Source("changes.md", CHANGES.encode()))
    collection.embed_pending()
    turns = [Turn("user", "Which version fixed the crash?"), Turn("assistant", said)]
    answer = collection.ask("When was that released?", turns=turns)
    with collection.archive.resolution() as resolution:
        found = extract_answer(resolution, divide_question(answer.question), [answer], most=1, least=0.5)
    assert [one.citation.quote for one in found.sentences] == ["2.3.1 - 3 February 2025"]
    assert answer.question == "When was that released?"
