"""A draft is shown only if what it was made of stands first in its answer, and answers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from index.answers import Evidence
from service.flows.suggesting import Draft
from service.flows.suggesting.suggesting import distinct, is_answered


def answered(text: str, draft: Draft, *, lit: tuple[int, int] | None = None) -> bool:
    """Whether a draft is shown whose answer has a passage, a part of which stands first."""
    start, end = lit or (0, len(text))
    citation = SimpleNamespace(
        start=0, document_id="oil.md", text_sha256="0", collection="", title="", section=()
    )
    evidence = [Evidence(start, end, 0.9)]
    hit: Any = SimpleNamespace(text=text, citation=citation, evidence=evidence, probability=0.99, rank=1)
    answer: Any = SimpleNamespace(
        hits=(hit,), question=draft.question, said="", reading=None, answerability=0.99
    )
    return is_answered(draft, answer)


@pytest.mark.parametrize(
    ("text", "is_shown"),
    [
        ("Oils that burn in lamps are olive, rape and whale oil.", True),
        ("Oils that burn in lamps are the following:", False),
        ("燃える油は次の通り：", False),
        ("Which oils burn in lamps, and which smoke?", False),
    ],
)
def test_what_only_leads_on_to_its_answer_is_not_shown(text: str, is_shown: bool) -> None:
    draft = Draft("Which oils burn in lamps?", "oil.md", 0, len(text), 0, is_written=True)
    assert answered(text, draft) == is_shown


def test_what_another_sentence_answers_is_not_shown() -> None:
    text = "Olive oil burns in lamps. Rape oil smokes."
    draft = Draft("Which oil burns?", "oil.md", 26, len(text), 0, is_written=True)
    assert not answered(text, draft, lit=(0, 25))
    assert answered(text, draft, lit=(26, len(text)))


def test_of_the_drafts_of_a_place_the_first_stays_where_it_is() -> None:
    first, second, again = (
        Draft(one, "a.md", at, at + 9, 1) for one, at in (("A?", 0), ("B?", 9), ("C?", 0))
    )
    assert distinct([first, second, again]) == [first, second]
