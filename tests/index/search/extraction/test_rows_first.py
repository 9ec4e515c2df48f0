"""A row of a table stands before the line that only leads to the table."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from index.answers import Evidence
from index.search.extraction.selection import candidates

LEAD = "Three offers were obtained:"
ROWS = ("Miller | £420 | 2 years", "Harris | £380 | 15 years")


def first(*sentences: tuple[str, float], gap: str = "\n\n", said: str = "") -> str:
    """The sentence that stands first of those of one passage, with their scores."""
    text = gap.join(one for one, _ in sentences)
    lit = [Evidence(text.index(one), text.index(one) + len(one), score) for one, score in sentences]
    citation = SimpleNamespace(start=0, document_id="d", text_sha256="0", collection="")
    hit = SimpleNamespace(text=text, citation=citation, evidence=lit, probability=0.9, rank=1)
    answer: Any = SimpleNamespace(hits=[hit], question="Which guarantee did they offer?", said=said)
    return candidates(answer)[0].text


@pytest.mark.parametrize("lead", [LEAD, "The offers, with guarantees:", "报价："])
@pytest.mark.parametrize("scores", [(0.6, 0.5, 0.3), (0.6, 0.2, 0.3)])
def test_the_most_probable_row_stands_first(lead: str, scores: tuple[float, ...]) -> None:
    best = ROWS[0] if scores[1] > scores[2] else ROWS[1]
    assert first(*zip((lead, *ROWS), scores, strict=True)) == best


@pytest.mark.parametrize(
    "sentences",
    [
        (("Three offers were obtained.", 0.6), (ROWS[0], 0.5)),  # says something alone
        ((LEAD, 0.6), (ROWS[0], 0.1)),  # improbable
        ((LEAD, 0.6), ("Miller wants £420.", 0.5)),  # no row
    ],
)
def test_other_lines_stay_first(sentences: tuple[tuple[str, float], ...]) -> None:
    assert first(*sentences) == sentences[0][0]


def test_a_row_above_or_far_below_is_of_another_table() -> None:
    assert first((LEAD, 0.6), (ROWS[0], 0.5), gap=" " * 1200) == LEAD
    above = first((ROWS[0], 0.5), (LEAD, 0.6))
    assert above == LEAD


def test_a_row_that_was_just_quoted_stands_before_the_line_nevertheless() -> None:
    assert first((LEAD, 0.4), (ROWS[0], 0.5), said=ROWS[0]) == ROWS[0]
