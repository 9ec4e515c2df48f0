"""A question for what is in a section is told from others, and compared with headings."""

from __future__ import annotations

import pytest

from index.search.headings.listing import AskedSection
from index.text.analysis import Analyzer

HASHES = Analyzer().hashes


@pytest.mark.parametrize(
    ("question", "inner", "outer"),
    [
        ("What was added in StarPilot 2.2.0?", "Added", "Changelog of StarPilot"),
        ("What is new in 2.2.0?", "Added", "Changelog"),
        ("Which bugs were fixed in version 2.3.0?", "Fixed", ""),
        ("Which decisions were made on 4 March 2024?", "2. Decisions", "Minutes"),
        ("What did the board decide on 4 March?", "The board decided:", "Minutes of the board"),
        ("What does Article 7 of the lease say?", "Article 7", "Lease of the hall"),
        ("How do I clean the mirror?", "How do I clean the mirror?", "Aster 2"),
        ("How do I clean the mirror of the Aster 2?", "To clean the mirror", "Aster 2"),
        ("What are the ingredients of the walnut bread?", "Ingredients:", "Walnut bread"),
        ("Was wurde am 4. März 2024 beschlossen?", "Beschlüsse", "Protokoll"),
        ("Qu'est-ce qui a été décidé le 4 mars 2024 ?", "Décisions", "Procès-verbal"),
    ],
)
def test_headings_say_all_that_is_asked_for(question: str, inner: str, outer: str) -> None:
    asked = AskedSection.of(question, HASHES)
    assert asked is not None
    assert asked.is_said_by(inner, outer)


@pytest.mark.parametrize(
    ("question", "inner", "outer"),
    [
        ("What was added in StarPilot 2.2.0?", "Removed", "Changelog of StarPilot"),
        ("What was added in Firefox 2.2.0?", "Added", "Changelog of StarPilot"),
        ("Which decisions were made on 4 March 2024?", "3. Rejected proposals", "Minutes"),
        ("Which decisions on mirrors were made on 4 March 2024?", "2. Decisions", "Minutes"),
        (
            "How can a citation be checked?",
            "An old citation is found again:",
            "Citations that can be checked",
        ),
        ("How do I clean the burner?", "How do I clean the mirror?", "Aster 2"),
        ("What did the council decide on 4 March?", "The board decided:", "Minutes of the board"),
    ],
)
def test_a_word_that_no_heading_says(question: str, inner: str, outer: str) -> None:
    asked = AskedSection.of(question, HASHES)
    assert asked is not None
    assert not asked.is_said_by(inner, outer)


@pytest.mark.parametrize(
    "question",
    [
        "When was 2.2.0 released?",
        "Who decided on 4 March 2024?",
        "How many decisions were made on 4 March 2024?",
        "What was not decided on 4 March 2024?",
        "Was the price decided on 4 March 2024?",
        "Why was the map removed in 2.2.0?",
        "What year was 2.2.0 released?",
    ],
)
def test_what_asks_for_something_else(question: str) -> None:
    asked = AskedSection.of(question, HASHES)
    assert asked is None or not asked.is_said_by("Decisions 2.2.0", "Minutes, 4 March 2024")
