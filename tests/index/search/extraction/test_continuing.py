import pytest

from index.search.extraction.continuing import prefer_new
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
