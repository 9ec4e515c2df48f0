"""Abbreviations that a document spells out, and questions that have one of the two."""

from __future__ import annotations

import pytest

from index.search.question.abbreviations import (
    Abbreviation,
    abbreviations_in,
    is_otherwise,
    long_form,
    may_abbreviate,
    spell_out,
)

PTO = Abbreviation("PTO", "paid time off")


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("Everyone has 25 days of paid time off (PTO) a year.", "PTO", "paid time off"),
        ("RTO stands for recovery time objective.", "RTO", "recovery time objective"),
        ("PPE means personal protective equipment.", "PPE", "personal protective equipment"),
        ("CPD (continuing professional development): 30 hours", "CPD", "continuing professional development"),
        ("The Bank of Foreign Trade (BFT) opens at 9.", "BFT", "Bank of Foreign Trade"),
        ("key performance indicators (KPIs)", "KPI", "key performance indicators"),
        ("The homeowners association (HOA) meets.", "HOA", "homeowners association"),
        ("working-from-home (WFH) days", "WFH", "working-from-home"),
    ],
)
def test_a_document_spells_out_what_it_abbreviates(text: str, short: str, long: str) -> None:
    assert list(abbreviations_in(text)) == [Abbreviation(short, long)]


@pytest.mark.parametrize(
    "text",
    [
        "The rooms are warm (PTO).",
        "We met on Friday. Time off (PTO) is paid.",
        "The prices (EUR) are without tax.",
        "PTO (see page 4) is paid.",
        "NASA means nothing to me.",
    ],
)
def test_other_brackets_spell_out_nothing(text: str) -> None:
    assert not list(abbreviations_in(text))


@pytest.mark.parametrize(
    ("question", "both"),
    [
        ("How much PTO do I get?", "How much paid time off (PTO) do I get?"),
        ("how much pto do i get", "how much paid time off (PTO) do i get"),
        ("How much Paid Time Off is there?", "How much Paid Time Off (PTO) is there?"),
        ("How much paid time off (PTO) is there?", "How much paid time off (PTO) is there?"),
        ("How much time off is there?", "How much time off is there?"),
        ("Off time paid?", "Off time paid?"),
        ("Who knows PTOLEMY?", "Who knows PTOLEMY?"),
    ],
)
def test_a_question_is_asked_with_both(question: str, both: str) -> None:
    assert spell_out(question, [PTO]) == both


@pytest.mark.parametrize("words", ["Service level agreements", "a service-level agreement"])
def test_words_are_found_in_singular_and_plural_and_with_hyphens(words: str) -> None:
    for long in ("service level agreement", "service level agreements"):
        assert spell_out(f"{words} end?", [Abbreviation("SLA", long)]) == f"{words} (SLA) end?"


def test_an_abbreviation_in_brackets_stands_for_the_words_before() -> None:
    question = "How much paid time off (PTO) is there?"
    assert long_form(question, question.index(")")) == "paid time off"
    assert not long_form("How much PTO is there?", 12)
    assert not long_form("How warm is it (PTO)?", 19)


@pytest.mark.parametrize(
    ("text", "shorts"),
    [
        ("The AB (amber basalt) and the HR&AB (homes, roads and bells) meet.", ["AB"]),
        ("The home repair bureau (HRB). AB stands for amber basalt, ABC for nothing.", ["HRB", "AB"]),
        ("Über ÄB (Ämter Bremens) und die Ämter Bremens (ÄB).", ["ÄB", "ÄB"]),
        ("学校 ÄB (Ämter Bremens) 学校学校学校学校学校学校学校学校学校学校学校学校学校", ["ÄB"]),
    ],
)
def test_one_abbreviation_is_found_as_all_are(text: str, shorts: list[str]) -> None:
    every = list(abbreviations_in(text))
    assert [one.short for one in every] == shorts
    for short in (*shorts, "AB", "RH"):
        assert list(abbreviations_in(text, only=short)) == [one for one in every if one.short == short]


def test_words_of_a_document_are_taken_as_they_are() -> None:
    lan = Abbreviation("LAN", r"local \Area network")
    assert spell_out("Where is the LAN?", [lan]) == r"Where is the local \Area network (LAN)?"


def test_a_word_in_small_letters_abbreviates_nothing_where_a_text_has_it() -> None:
    training = Abbreviation("CAT", "Committee for Animal Training")
    assert not may_abbreviate(training, "Can my cat stay?", "A cat may stay. The committee (CAT) meets.")
    assert may_abbreviate(training, "When does the CAT meet?", "A cat may stay. The committee (CAT) meets.")
    assert may_abbreviate(training, "when does the cat meet?", "The committee (CAT) meets on Monday.")


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("How much PTO do I get?", "You get 25 days of paid time off.", True),
        ("How much pto do I get?", "You get 25 days of Paid Time Off.", True),
        ("How much paid time off do I get?", "Of PTO you get 25 days.", True),
        ("How much PTO do I get?", "You get 25 days of paid time off (PTO).", False),
        ("How much PTO do I get?", "Of PTO you get 25 days.", False),
        ("How much paid time off do I get?", "You get 25 days of paid time off.", False),
        ("How much paid time off do I get?", "Ask PTOLEMY.", False),
        ("How much PTO do I get?", "Ask the office.", False),
    ],
)
def test_a_text_has_only_the_other_of_an_abbreviation_and_its_words(
    question: str, text: str, expected: bool
) -> None:
    assert is_otherwise(PTO, question, ["Ask.", text]) == expected
