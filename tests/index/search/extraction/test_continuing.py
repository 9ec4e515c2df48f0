import re

import pytest

from index.readers.base.builder import BlockBuilder, assemble
from index.search.extraction.continuing import NewThing, prefer_new
from index.search.extraction.wording import is_said
from index.search.judged import STRENGTH, JudgedSentence

QUOTED = "The guarantee is 36 months from the date of purchase."
TEXT = f"{QUOTED} It does not cover damage from limescale. Repairs take two weeks."


def judge(*strengths: float) -> list[JudgedSentence]:
    """The sentences of the text, from offset 100 of a document."""
    found, start = [], 0
    for one, strength in zip(TEXT.split(". "), strengths, strict=True):
        end = start + len(one.rstrip(".")) + 1
        found.append(JudgedSentence(100 + start, 100 + end, strength))
        start = end + 1
    return found


def first(question: str, said: str, *strengths: float) -> str:
    one = max(prefer_new(judge(*strengths), TEXT, 100, question, said), key=STRENGTH)
    return TEXT[one.start - 100 : one.end - 100]


@pytest.mark.parametrize(
    ("question", "said", "begins"),
    [
        ("Does it cover limescale?", QUOTED, "It does not cover"),
        ("How long do repairs take?", QUOTED, "Repairs take"),
        ("Does it cover limescale?", "The guarantee is 24 months from date of purchase.", "It does not"),
        ("Does it cover limescale?", "Hold the button.", "The guarantee"),
        ("Does it cover limescale?", "", "The guarantee"),
        ("Is the guarantee from the date of purchase?", QUOTED, "The guarantee"),
        ("Does it cover broken glass abroad?", QUOTED, "The guarantee"),
    ],
)
def test_what_a_follow_up_adds_comes_before_what_was_just_quoted(
    question: str, said: str, begins: str
) -> None:
    assert first(question, said, 3.0, -4.0, -6.0).startswith(begins)


def test_several_new_sentences_keep_their_order() -> None:
    found = prefer_new(judge(3.0, -4.0, -6.0), TEXT, 100, "Are limescale damage or repairs in it?", QUOTED)
    quoted, limescale, repairs = map(STRENGTH, found)
    assert limescale > quoted > repairs


def test_nothing_is_judged_where_there_is_nothing() -> None:
    assert prefer_new([], "", 0, "And then?", QUOTED) == []


@pytest.mark.parametrize(
    ("text", "said", "is_it"),
    [
        ("Staff have 28 days of paid leave a year.", "Staff have 30 days of paid leave a year. [1]", True),
        ("You may not cancel within 14 days.", "You may cancel within 14 days. [1]", False),
        (
            "The fee for guests is 30 euros per day.",
            "The fee for members is 20 euros. [1] A card is free per day. [2] Parking is 30 euros. [3]",
            False,
        ),
    ],
)
def test_what_was_said_is_told_sentence_by_sentence(text: str, said: str, is_it: bool) -> None:
    assert is_said(text, said) is is_it


@pytest.mark.parametrize(
    ("new", "question", "text", "is_lacked"),
    [
        ("students", "How much do students pay?", "Pensioners pay 9 euros for the tour.", True),
        ("students", "How much do students pay?", "A student pays 5 euros for the tour.", False),
        ("kids", "How much do kids pay?", "Children pay 5 euros for the tour.", False),
        ("Graz", "When is the concert in Graz?", "The concert is in Vienna on Monday.", True),
        ("Munich", "When is the concert in Munich?", "The concert in München is on Monday.", False),
        ("San Marino", "When is the concert in San Marino?", "The concert is in San Remo.", True),
        ("children under six", "What do children under six pay?", "Children pay nothing.", False),
        # What is in another language may name it in another way.
        ("students", "How much do students pay?", "Für Rentner ist die Führung nicht teuer.", False),
        ("Studenten", "Was zahlen die Studenten?", "Für Rentner ist die Führung nicht teuer.", True),
    ],
)
def test_a_passage_may_lack_what_is_asked_about_instead(
    new: str, question: str, text: str, is_lacked: bool
) -> None:
    found = NewThing.of(new, question)
    assert found is not None
    assert found.is_lacked_by(text) == is_lacked


def test_a_question_without_new_words_asks_about_nothing_else() -> None:
    assert NewThing.of("", "And?") is None


def test_the_last_answer_is_weakened_unless_the_headings_name_the_new_thing() -> None:
    said, other = "Pensioners pay 9 euros for the tour.", "For students it is 5 euros."
    text = f"{said} {other}"
    judged = [JudgedSentence(0, len(said), 0.0), JudgedSentence(len(said) + 1, len(text), 0.0)]
    found = NewThing.of("students", "How much do students pay?")
    assert found is not None
    assert [one.strength for one in found.weigh(judged, text, 0, "Prices", said)] == [-8.0, 1.0]
    assert [one.strength for one in found.weigh(judged, text, 0, "Students", said)] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("new", "begins"), [("Bronze", "Cash"), ("Gold", "Cash"), ("Platinum", "Jewels"), ("jewels", "Jewels")]
)
def test_another_cell_of_a_row_that_was_quoted_may_answer(new: str, begins: str) -> None:
    builder = BlockBuilder()
    builder.table([["Item", "Bronze", "Gold"], ["Cash at home", "£200", "£750"], ["Jewels", "£90", "£4,000"]])
    extract = assemble(builder.drafts, name="a", media_type="text/plain", reader="test/1")
    lines = list(re.finditer(r"[^\n]+", extract.text))[1:]
    rows = [
        JudgedSentence(one.start(), one.end(), strength, is_row=True)
        for one, strength in zip(lines, (2.0, -1.0), strict=True)
    ]
    question, said = f"How much is insured under {new}?", f"{lines[0][0]} [1]"
    thing = NewThing.of(new, question)
    assert thing is not None
    found = prefer_new(rows, extract.text, 0, question, said, extract.blocks)
    found = thing.weigh(found, extract.text, 0, "", said, extract.blocks)
    one = max(found, key=STRENGTH)
    assert extract.text[one.start : one.end].startswith(begins)
