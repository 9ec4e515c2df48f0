"""The probability that the passages answer follows their best sentence, and not how many are asked for."""

from __future__ import annotations

import pytest

from index.collection import Collection
from index.ingest import Source

TEXTS = {
    "staff.txt": "Full-time staff have 27 days of paid leave a year. Requests are made three weeks ahead.",
    "pool.txt": "The indoor pool opens at 8 o'clock. The sauna is open from noon.",
    "post.txt": "A parcel costs 4 euros within the country. Redirecting it costs 2.90 euros.",
    "heater.txt": "CALDO TOWEL HEATER\n\nPower: 300 W\nWeight: 5.4 kg\nCable length: 1.2 m\nProtection: IP24",
}


@pytest.fixture
def filled(collection: Collection) -> Collection:
    for name, text in TEXTS.items():
        collection.put(Source(name, text.encode()))
    collection.embed_pending()
    return collection


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("How many days of paid leave do part-time staff have?", "part-time staff"),
        ("When does the outdoor pool open?", "outdoor pool"),
        ("How much does a parcel to Canada cost?", "Canada"),
    ],
)
def test_what_the_answer_lacks_is_told_and_answers_nothing(
    filled: Collection, question: str, missing: str
) -> None:
    answer = filled.ask(question)
    assert missing in answer.missing
    assert answer.answerability < 0.5


def test_what_the_document_has_elsewhere_is_not_lacking(filled: Collection) -> None:
    assert filled.ask("What does it cost to redirect a parcel?").missing == ()


@pytest.mark.parametrize("question", ["When does the pool open?", "How much does a parcel cost?", "Who?"])
def test_it_does_not_depend_on_how_many_are_asked_for(filled: Collection, question: str) -> None:
    found = {filled.ask(question, k=k).answerability for k in (1, 2, 3, 5, 8)}
    assert len(found) == 1


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("How long is the cable?", "Cable length: 1.2 m"),
        ("How heavy is the towel heater?", "Weight: 5.4 kg"),
    ],
)
def test_a_line_with_the_measure_answers(filled: Collection, question: str, line: str) -> None:
    answer = filled.ask(question)
    best = answer.hits[0].evidence[0]
    at = answer.hits[0].citation.start
    assert answer.hits[0].text[best.start - at : best.end - at] == line
    assert answer.answerability >= 0.5


def test_a_mail_says_who_sent_it_and_when(collection: Collection) -> None:
    head = "Subject: Offsite in Ghent\nFrom: Ana Reyes <ana@example.org>\nDate: Mon, 12 Jan 2026"
    collection.put(Source("offsite.txt", f"{head}\n\nWe meet at noon.".encode(), title="Offsite in Ghent"))
    collection.embed_pending()
    for question, line in (
        ("Who sent the mail about the offsite?", "From: Ana Reyes <ana@example.org>"),
        ("When was the e-mail about the offsite sent?", "Date: Mon, 12 Jan 2026"),
    ):
        hit = collection.ask(question).hits[0]
        best, at = hit.evidence[0], hit.citation.start
        assert hit.text[best.start - at : best.end - at] == line
