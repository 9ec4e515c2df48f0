"""Judge the first passages of a ranking with the cross-encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from index.records import StoredPassage
from index.search.cross_encoder.encoding import window_head
from index.search.cross_encoder.windows import Excerpt, choose_excerpt
from index.search.question import is_spelt
from index.search.ranking.candidates import JudgedPassage
from index.search.ranking.second_look import Look
from index.text.languages import is_english, language_of_question
from index.text.tables import shift_tables

if TYPE_CHECKING:
    from index.search.cross_encoder.model import CrossEncoder


def judge_passages(
    model: CrossEncoder,
    question: str,
    passages: Sequence[tuple[StoredPassage, Look]],
    *,
    tokens: int,
) -> dict[int, JudgedPassage]:
    """Judge one window of each passage; returns what was judged, by the passages' ids.

    A window has at most ``tokens`` tokens, with the question. If the model knows English alone, no question
    and no window in another language is judged, and nothing where that of the first passage is in one. Raises
    :class:`index.errors.ModelFailed`.
    """
    encoder = model.encoder
    is_known = model.reads_all_languages or language_of_question(question).name == "english"
    if not (passages and is_known) or is_spelt(question, encoder.starts(question)):
        return {}
    spare = tokens - encoder.max_tokens
    excerpts: dict[int, Excerpt] = {}
    for one, look in passages:
        if len(look.spans):
            section = one.passage.section
            head = window_head(one.version.title, section[-1] if section else "")
            excerpt = choose_excerpt(
                one.text,
                look,
                head=head,
                budget=encoder.budget(question, head) + spare,
                count=encoder.count,
                tables=shift_tables(one.passage.tables, -one.passage.start),
            )
            if model.reads_all_languages or is_english(excerpt.window.text):
                excerpts[one.id] = excerpt
    if passages[0][0].id not in excerpts:
        return {}
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
