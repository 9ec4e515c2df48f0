"""German sentences with a noun of the question stand before those with its other words alone."""

from __future__ import annotations

import pytest

from index.search.judged import JudgedSentence
from index.search.question.nouns import AskedNouns
from index.text.analysis import Analyzer
from index.text.sentences import sentence_spans

RULES = (
    "Hunde und Katzen brauchen eine Zustimmung. Sie ist schriftlich.\n\n"
    "Elektrogrills sind erlaubt.\n\nDer Resturlaub verfällt."
)


def kept(question: str, above: str = "") -> list[str]:
    nouns = AskedNouns.of(question, Analyzer().hashes)
    judged = [JudgedSentence(start, end, 0.0) for start, end in sentence_spans(RULES, 0, len(RULES))]
    weighed = judged if nouns is None else nouns.weigh(judged, RULES, 0, above)
    return [RULES[one.start : one.end] for one in weighed if one.strength == 0.0]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Sind Hunde erlaubt?", ["Hunde und Katzen brauchen eine Zustimmung.", "Sie ist schriftlich."]),
        ("Ist mein Hund erlaubt?", ["Hunde und Katzen brauchen eine Zustimmung.", "Sie ist schriftlich."]),
        ("Wann verfällt mein Urlaub?", ["Der Resturlaub verfällt."]),  # in a compound
    ],
)
def test_sentences_without_the_noun_are_lowered(question: str, expected: list[str]) -> None:
    assert kept(question) == expected


def test_sentences_are_lowered_beside_another_passage_with_the_noun() -> None:
    nouns = AskedNouns.of("Sind Hunde erlaubt?", Analyzer().hashes)
    assert nouns is not None
    text = "Elektrogrills sind erlaubt."
    judged = [JudgedSentence(0, len(text), 0.0)]
    assert nouns.weigh(judged, text, 0, "", is_told=True)[0].strength < 0.0
    assert nouns.weigh(judged, text, 0, "", is_told=False)[0].strength == 0.0


@pytest.mark.parametrize(
    ("question", "above"),
    [
        ("Sind Vögel erlaubt?", ""),  # none has the noun
        ("Sind Hunde erlaubt?", "Hunde"),  # the heading has it
        ("Was ist erlaubt?", ""),
        ("Are Dogs allowed?", ""),
    ],
)
def test_other_sentences_stay_as_they_are(question: str, above: str) -> None:
    assert len(kept(question, above)) == len(sentence_spans(RULES, 0, len(RULES)))
