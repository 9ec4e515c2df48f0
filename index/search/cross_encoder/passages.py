"""Judge the first passages of a ranking with the cross-encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from index.records import StoredPassage
from index.search.cross_encoder.windows import Excerpt, choose_excerpt
from index.search.question import is_spelt
from index.search.second_look import Look
from index.text import Span
from index.text.tables import shift_tables

if TYPE_CHECKING:
    from index.search.cross_encoder.model import CrossEncoder

_LONGEST_HEAD = 100


@dataclass(frozen=True, slots=True)
class JudgedPassage:
    """What the cross-encoder says of the window of a passage, as logits.

    ``sentences`` are those of the window, by their spans in the passage.
    """

    answers: float
    sentences: Mapping[Span, float] = field(default_factory=dict)


def judge_passages(
    model: CrossEncoder,
    question: str,
    passages: Sequence[tuple[StoredPassage, Look]],
    *,
    tokens: int,
) -> dict[int, JudgedPassage]:
    """Judge one window of each passage; returns what was judged, by the passages' ids.

    A window has at most ``tokens`` tokens, with the question. Nothing is judged where the model does not know
    the question's language. Raises :class:`index.errors.ModelFailed`.
    """
    encoder = model.encoder
    if is_spelt(question, encoder.starts(question)):
        return {}
    spare = tokens - encoder.max_tokens
    excerpts: dict[int, Excerpt] = {}
    for one, look in passages:
        if len(look.spans):
            head = one.version.title[:_LONGEST_HEAD]
            excerpts[one.id] = choose_excerpt(
                one.text,
                look,
                head=head,
                budget=encoder.budget(question, head) + spare,
                count=encoder.count,
                tables=shift_tables(one.passage.tables, -one.passage.start),
            )
    judged = model.judge(question, [one.window for one in excerpts.values()])
    return {
        id_: JudgedPassage(
            found.answers,
            {
                span: logit
                for span, logit in zip(excerpt.spans, found.sentences, strict=True)
                if logit is not None
            },
        )
        for (id_, excerpt), found in zip(excerpts.items(), judged, strict=True)
    }
