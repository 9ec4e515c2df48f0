"""A sentence that was just quoted gives way to another one that answers the next question."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from index.answers import Evidence, Turn
from index.search.extraction.selection import candidates
from index.search.question.conversation import find_context

BORN = "She was born in 1891 in Szeged and became director in 1931."
NEXT = "Her successor was Lakatos."
PRIZE = "In 1924 she won the Lalande Medal."


def first(question: str, said: str, *texts: str) -> str:
    text = " ".join(texts)
    lit = [
        Evidence(text.index(one), text.index(one) + len(one), 0.8 - 0.2 * at) for at, one in enumerate(texts)
    ]
    citation = SimpleNamespace(start=0, document_id="d", text_sha256="0")
    hit: Any = SimpleNamespace(text=text, citation=citation, evidence=lit, probability=0.9, rank=1)
    answer: Any = SimpleNamespace(hits=[hit], question=question, said=said)
    return candidates(answer)[0].text


@pytest.mark.parametrize(
    ("question", "said", "expected"),
    [
        ("Who was her successor?", BORN, NEXT),
        ("Who was her successor?", "", BORN),
        ("Who was her successor?", PRIZE, BORN),
        ("And where?", BORN, BORN),
        ("When did she become director?", BORN, BORN),
        ("Which medal did she win?", BORN, PRIZE),
    ],
)
def test_the_new_sentence_comes_first(question: str, said: str, expected: str) -> None:
    assert first(question, said, BORN, NEXT if expected != PRIZE else PRIZE) == expected


def test_only_the_first_sentence_of_the_last_answer_counts() -> None:
    turns = [Turn("user", "When was she born?"), Turn("assistant", f"{BORN} [1]\n\n{NEXT} [2]")]
    context = find_context(turns)
    assert context.said_before("Who was her successor?").strip() == BORN
    assert context.said_before("when was she born?") == ""
