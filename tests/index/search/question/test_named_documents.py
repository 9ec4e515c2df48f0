"""The words of a question that name a document are told from those that it asks by."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from index.search.question.named_documents import NamedDocument
from index.text.analysis import Analyzer

HASHES = Analyzer().hashes
TITLES = {
    "staff-handbook.md": "Staff handbook, Halden & Moore Optics",
    "minutes-2024-03-04.md": "Minutes of the product board, 4 March 2024",
    "minutes-2024-04-08.txt": "Minutes of the product board, 8 April 2024",
    "lease.docx": "Lease contract for the hall in Lunden",
    "prices.csv": "prices",
}


def places() -> list[Any]:
    return [
        SimpleNamespace(version=SimpleNamespace(key=at, document_id=id_, title=title))
        for at, (id_, title) in enumerate(TITLES.items())
    ]


@pytest.mark.parametrize(
    ("question", "rest", "documents"),
    [
        (
            "According to the staff handbook, when must I send it?",
            "when must I send it?",
            {"staff-handbook.md"},
        ),
        (
            "When must I send it, according to the staff handbook?",
            "When must I send it",
            {"staff-handbook.md"},
        ),
        ("In the staff handbook, who is the owner?", "who is the owner?", {"staff-handbook.md"}),
        (
            "According to the minutes of 8 April, how many were there?",
            "how many were there?",
            {"minutes-2024-04-08.txt"},
        ),
        (
            "According to the minutes, how many were there?",
            "how many were there?",
            {"minutes-2024-03-04.md", "minutes-2024-04-08.txt"},
        ),
        ("What does the lease contract say about subletting?", "subletting?", {"lease.docx"}),
        ("What does prices.csv say about the Eyepiece 25 mm?", "the Eyepiece 25 mm?", {"prices.csv"}),
        ("According to the garden plan, what grows there?", "what grows there?", set()),
        ("According to Tom Fairley, what is late?", "what is late?", set()),
    ],
)
def test_a_named_document(question: str, rest: str, documents: set[str]) -> None:
    naming = NamedDocument.of(question)
    assert naming is not None
    assert naming.question == rest
    assert naming.among(places(), HASHES) == documents


@pytest.mark.parametrize(
    "question",
    [
        "What does the staff get?",
        "In the hall, how many chairs are there?",
        "Who wrote the staff handbook?",
        "Which contract was signed in May?",
        "What do the employees say about it?",
    ],
)
def test_no_document_is_named(question: str) -> None:
    assert NamedDocument.of(question) is None
