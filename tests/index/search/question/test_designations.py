"""Dates, versions and numbers that name sections are read in questions and headings, and compared."""

from __future__ import annotations

import pytest

from index.search.question.designations import (
    CONTENT,
    Standing,
    best_standing,
    designations_in,
    designations_of_heading,
    designations_of_question,
)

DAY = (2024, 3, 4)


@pytest.mark.parametrize(
    ("question", "kind", "value"),
    [
        ("What was decided on 4 March 2024?", "date", DAY),
        ("What was decided on March 4, 2024?", "date", DAY),
        ("What was decided on March 4th?", "date", (None, 3, 4)),
        ("What was decided on 2024-03-04?", "date", DAY),
        ("What was decided in March 2024?", "date", (2024, 3, None)),
        ("What was decided in March?", "date", (None, 3, None)),
        ("Was wurde am 4. März 2024 beschlossen?", "date", DAY),
        ("Was wurde am 04.03.2024 beschlossen?", "date", DAY),
        ("Qu'est-ce qui a été décidé le 4 mars 2024 ?", "date", DAY),
        ("¿Qué se decidió el 4 de marzo de 2024?", "date", DAY),
        ("What was added in 2.2.0?", "version", (2, 2, 0)),
        ("What was added in v2.2?", "version", (2, 2)),
        ("What was added in version 2.2?", "version", (2, 2)),
        ("What was added in StarPilot 2.2?", "version", (2, 2)),
        ("What does Article 7 say?", "article", (7,)),
        ("What does § 12 say?", "section", (12,)),
        ("What is in Chapter III?", "chapter", (3,)),
        ("What is in chapter three?", "chapter", (3,)),
        ("Was steht in Kapitel 3?", "chapter", (3,)),
        ("What is in Annex B?", "annex", ("b",)),
        ("What is due in week 4?", "week", (4,)),
        ("What does clause 7.1 say?", "section", (7, 1)),
        ("What does § 4.2.1 say?", "section", (4, 2, 1)),
        ("What was decided in April?", "date", (None, 4, None)),
        ("Can you tell me what was decided in April?", "date", (None, 4, None)),
        ("Is it in the minutes of April?", "date", (None, 4, None)),
    ],
)
def test_a_question_names_a_section(question: str, kind: str, value: tuple[object, ...]) -> None:
    assert [(one.kind, one.value) for one in designations_of_question(question)] == [(kind, value)]


@pytest.mark.parametrize(
    "question",
    [
        "What may I do with a part of it?",
        "What is a dose of 2.5 for?",
        "What has changed since 2.2.0?",
        "What was decided before 4 March 2024?",
        "How much was sold from 4 March 2024 to 8 March 2024?",
        "How many were ill as of March 11th?",
        "How many were ill by 11 March 2020?",
        "How many were ill at the end of March 2020?",
        "What was the result of the phase 1 trial?",
        "What is a march?",
        "How many of the 12 boats sail?",
        "What is 3.5 % of it?",
        "May I burn leaves in April?",
        "are dogs allowed on the beach in July",
        "Where can we swim in May?",
        "Darf ich im April Laub verbrennen?",
    ],
)
def test_other_numbers_and_comparisons_name_none(question: str) -> None:
    assert designations_of_question(question) == ()


@pytest.mark.parametrize(
    ("question", "heading", "standing"),
    [
        ("What was added in 2.2.0?", "2.2.0 - 2023-11-30", "named"),
        ("What was added in 2.2.0?", "[2.2.0] (2023-11-30)", "named"),
        ("What was added in v2.2.0?", "Version 2.2.0", "named"),
        ("What was added in 2.2.0?", "2.2.1 - 2024-02-09", "other"),
        ("What was added in version 2.2?", "2.2.1", "named"),
        ("What was added in 2.2.1?", "2.2", "open"),
        ("What was decided on 4 March 2024?", "Minutes, March 4, 2024", "named"),
        ("What was decided on 4 March?", "2024-03-04", "named"),
        ("What was decided on 4 March 2024?", "4 March", "open"),
        ("What was decided on 4 March 2024?", "5 March", "other"),
        ("What was decided on 4 March 2024?", "March 2024", "open"),
        ("What was decided in March 2024?", "4 March 2024", "named"),
        ("What was decided on 4 March 2023?", "4 March 2024", "other"),
        ("What does Article 7 say?", "Article 7: Fees", "named"),
        ("What does Article 7 say?", "Artikel 7", "named"),
        ("What does Article 7 say?", "ARTICLE VII", "named"),
        ("What does Article 7 say?", "Article 17", "other"),
        ("What does section 7 say?", "7. Fees", "named"),
        ("What does Article 7 say?", "Chapter 7", "open"),
        ("What was decided on 4 March 2024?", "2. Decisions", "open"),
        ("What does clause 7.1 say?", "7.1 Minor repairs", "named"),
        ("What does clause 7.1 say?", "7.1.2 Minor repairs", "named"),
        ("What does clause 7.1 say?", "7.2 Minor repairs", "other"),
        ("What does clause 7.1 say?", "7.10 Minor repairs", "other"),
        ("What does clause 7.1 say?", "7. Repairs", "open"),
        ("What does section 7 say?", "7.2 Minor repairs", "named"),
    ],
)
def test_a_heading_is_compared_with_the_question(question: str, heading: str, standing: Standing) -> None:
    assert best_standing(designations_of_question(question), designations_of_heading(heading)) == standing


@pytest.mark.parametrize("letters", [("s", "\u017f"), ("k", "\u212a")])
def test_letters_of_old_prints_are_read_as_those_they_stand_for(letters: tuple[str, str]) -> None:
    """Patterns that ignore case find the long s for an s, and the sign of Kelvin for a k."""
    nouns = [word for words in CONTENT["numbered"].values() for word in words.split()]
    dates = ["4 {} 2024", "{} 4, 2024", "in {} 2024", "on {} 4", "in {}"]
    months = ["August", "September", "Oktober", "agosto", "settembre", "oktober"]
    told = [f"{noun} 7" for noun in nouns] + [one.format(month) for one in dates for month in months]
    for text in told:
        found = designations_in(text)
        assert designations_in(text.replace(*letters)) == found, text


@pytest.mark.parametrize("text", ["may we", "The parties agree.", "in the house", "IV", "two of them", ""])
def test_a_text_that_names_nothing_has_none(text: str) -> None:
    assert designations_in(text) == []
