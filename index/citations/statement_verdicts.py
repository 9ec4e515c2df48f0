"""Give each sentence of an answer a verdict on what it claims, with the citation for or against it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from index.citations.budget import ReadingBudget
from index.citations.claims import Sentence, without_marks
from index.citations.given import Given
from index.citations.resolution import Resolution
from index.citations.statements import Checked, Checking, Claimed, Conflict
from index.citations.verdicts import StatementVerdict

_VISIBLE = re.compile(r"\S")


class StatementVerdicts:
    """Judges what the sentences of an answer claim, within one snapshot of the record."""

    def __init__(self, resolution: Resolution, checking: Checking, budget: ReadingBudget) -> None:
        self._resolution, self._checking, self._budget = resolution, checking, budget

    def of(self, answer: str, sentences: Sequence[Sentence], given: Given) -> list[StatementVerdict | None]:
        """The verdict on each sentence; None for one that is only a quote, a question or too short.

        A sentence is judged by the passages that its marks name, else by all of them, else by those that a
        search of the collection finds.
        """
        self._budget.spend(sum(len(one.quote) for one in given.passages))
        texts = [without_marks(answer[one.start : one.end]) for one in sentences]
        judged = [
            at
            for at, one in enumerate(sentences)
            if self._checking.makes_claim(_outside_quotes(texts[at], one))
        ]
        claims = [Claimed(texts[at], given.cited(sentences[at].marks)) for at in judged]
        checked = dict(zip(judged, self._checking.check(claims), strict=True))
        return [
            self._verdict(checked[at], one) if at in checked else None for at, one in enumerate(sentences)
        ]

    def _verdict(self, checked: Checked, sentence: Sentence) -> StatementVerdict:
        judgement, passage = checked.judgement, checked.passage
        status, probability = judgement.status, judgement.probability
        if passage is None:
            return StatementVerdict(status, probability, "No passage says anything like it.")
        version = self._resolution.moment.version(passage.document_id, passage.version)
        begin = passage.start
        citation = self._resolution.citation(version, begin + judgement.start, begin + judgement.end)
        conflicts = tuple(_placed(one, sentence.start, begin) for one in judgement.conflicts)
        today = self._resolution.today(citation)
        return StatementVerdict(status, probability, _reason(checked), citation, today, conflicts)


def _reason(checked: Checked) -> str:
    judgement = checked.judgement
    if judgement.status == "contradicted":
        return " ".join(_told(one) for one in judgement.conflicts)
    if checked.is_elsewhere:
        return "The cited passages do not say this; another passage does."
    if judgement.status == "unsupported":
        if judgement.missing:
            return f"The passages do not have {', '.join(judgement.missing)}."
        return "The nearest sentences do not say this."
    return ""


def _told(one: Conflict) -> str:
    if one.kind == "negation":
        side = ("The answer", "the source") if one.claimed else ("The source", "the answer")
        return f"{side[0]} negates this ({(one.claimed or one.stated)!r}), {side[1]} does not."
    return f"The {one.kind} differs: {one.claimed!r} in the answer, {one.stated!r} in the source."


def _placed(one: Conflict, start: int, begin: int) -> Conflict:
    """A conflict with the offsets of the answer and of the document."""
    return replace(one, start=start + one.start, end=start + one.end, at=begin + one.at, to=begin + one.to)


def _outside_quotes(text: str, sentence: Sentence) -> str:
    """The sentence with white space in place of its quotes, which are verified by themselves."""
    for quoted in sentence.quotes:
        start, end = quoted.start - sentence.start, quoted.end - sentence.start
        text = text[:start] + _VISIBLE.sub(" ", text[start:end]) + text[end:]
    return text
