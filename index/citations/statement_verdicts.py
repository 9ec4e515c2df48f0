"""Give each sentence of an answer a verdict on what it claims, with the citation for or against it."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import PurePath

from index.answers import Citation
from index.citations.budget import ReadingBudget, TimeSpent
from index.citations.claims import Sentence, without_marks
from index.citations.given import Given
from index.citations.references import Reference
from index.citations.resolution import Resolution
from index.citations.statements import (
    Attribution,
    Checked,
    Checking,
    Claimed,
    Conflict,
    Judgement,
    find_attribution,
)
from index.citations.verdicts import NOT_CHECKED, StatementCause, StatementVerdict
from index.provenance import Provenance
from index.text.sentences import Span

_UNCHECKED = StatementVerdict("unchecked", 0.0, NOT_CHECKED, cause="time")
_LONGEST = 4_000
"""Code points of a sentence that is judged. The time for it grows with its length times the source's."""
_VISIBLE = re.compile(r"\S")


class StatementVerdicts:
    """Judges what the sentences of an answer claim, within one snapshot of the record."""

    def __init__(self, resolution: Resolution, checking: Checking, budget: ReadingBudget) -> None:
        self._resolution, self._checking, self._budget = resolution, checking, budget

    def of(
        self, answer: str, sentences: Sequence[Sentence], given: Given
    ) -> Iterator[StatementVerdict | None]:
        """Judge each sentence as its verdict is asked for.

        Yields None for a sentence that is only a quote, a question or too short.

        A sentence is judged by the passages that its marks name, else by all of them, else by those that a
        search of the collection finds.
        """
        texts = [without_marks(answer[one.start : one.end]) for one in sentences]
        named = [find_attribution(texts[at], _quoted_spans(one)) for at, one in enumerate(sentences)]
        judged = [
            at
            for at, one in enumerate(sentences)
            if named[at] is not None or self._checking.makes_claim(_blank_quotes(texts[at], one))
        ]
        claims = {
            at: Claimed(texts[at], given.cited(sentences[at].marks), named[at])
            for at in judged
            if len(texts[at]) <= _LONGEST
        }
        with suppress(TimeSpent):  # then all stay unchecked
            self._budget.spend(sum(len(one.quote) for one in given.passages))
        checks = self._checking.check([*claims.values()], self._describe)
        for at, sentence in enumerate(sentences):
            if at not in claims:
                yield _UNCHECKED if at in judged else None
            elif self._budget.is_over:
                yield _UNCHECKED
            else:
                yield self._verdict(next(checks), claims[at], sentence)

    def _verdict(self, checked: Checked, claim: Claimed, sentence: Sentence) -> StatementVerdict:
        place = None
        if checked.is_elsewhere and checked.passage is not None:
            place = self._cite(checked.passage, checked.judgement)
        cause = _cause(checked)
        cited = self._with_newest(claim.cited) if place else []
        if place and any(one.covers(place) for one in cited):
            # Single sentences lack names of the passage around them: read with it, the cited ones say this.
            [checked] = self._checking.check([replace(claim, cited=())], self._describe)
            cause = _cause(checked)
        elif place and any(one.overlaps(place) for one in cited):
            cause = "around"
        judgement, passage = checked.judgement, checked.passage
        status, probability = judgement.status, judgement.probability
        reason = _reason(cause, checked)
        if passage is None:
            return StatementVerdict(status, probability, reason, cause=cause)
        citation = self._cite(passage, judgement)
        conflicts = tuple(_shift_conflict(one, sentence.start, passage.start) for one in judgement.conflicts)
        today = self._resolution.today(citation)
        if checked.strangers:
            authors = Reference(citation, self._provenance(passage)).authors
            reason = _misattribution_reason(checked.strangers, passage.title, authors)
        elif status == "supported" and _is_on_other_pages(claim.attribution, citation):
            status, cause, reason = "unsupported", "doubt", f"These words are on page {_pages(citation)}."
        return StatementVerdict(
            status, probability, reason, citation, today, conflicts, cause, judgement.missing
        )

    def _describe(self, passage: Citation) -> str:
        """The title and metadata of a passage's document, its headings, and the name of its file."""
        provenance = self._provenance(passage)
        values = [*provenance.metadata.values(), *provenance.says_of_itself.values()]
        metadata = (
            str(one) for value in values for one in (value if isinstance(value, list | tuple) else [value])
        )
        return "\n".join([passage.title, *passage.section, PurePath(passage.source).stem, *metadata])

    def _provenance(self, passage: Citation) -> Provenance:
        return self._resolution.moment.version(passage.document_id, passage.version).provenance

    def _cite(self, passage: Citation, judgement: Judgement) -> Citation:
        """Cite the sentences on which a judgement is based."""
        version = self._resolution.moment.version(passage.document_id, passage.version)
        begin = passage.start
        return self._resolution.citation(version, begin + judgement.start, begin + judgement.end)

    def _with_newest(self, cited: Sequence[Citation]) -> list[Citation]:
        """The citations, followed by the same words in the newest versions."""
        newest = (self._resolution.today(one).citation for one in cited)
        return [*cited, *(one for one in newest if one is not None)]


def _misattribution_reason(strangers: Sequence[str], title: str, authors: Sequence[str]) -> str:
    by = f" by {', '.join(authors)}" if authors else ""
    return (
        f"These words are in {title!r}{by}. Neither what is known of that document nor the sentences around "
        f"them name {', '.join(strangers)} as their source."
    )


def _is_on_other_pages(by: Attribution | None, citation: Citation) -> bool:
    if by is None or by.pages is None or citation.pages is None:
        return False
    return by.pages[1] < citation.pages[0] or citation.pages[1] < by.pages[0]


def _pages(citation: Citation) -> str:
    first, last = citation.pages or (0, 0)
    return str(first) if first == last else f"{first}-{last}"


def _quoted_spans(sentence: Sentence) -> list[Span]:
    return [(one.start - sentence.start, one.end - sentence.start) for one in sentence.quotes]


def _cause(checked: Checked) -> StatementCause:
    judgement = checked.judgement
    if judgement.status == "contradicted":
        return "conflict"
    if checked.is_elsewhere:
        return "elsewhere"
    if judgement.status == "supported":
        return ""
    if checked.passage is None:
        return "nothing"
    if checked.strangers or judgement.doubt is not None:
        return "doubt"
    return "missing" if judgement.missing else "near"


_REASONS: dict[StatementCause, str] = {
    "": "",
    "elsewhere": "The cited passages do not say this; another passage does.",
    "around": "The cited words alone do not say this; with the sentences around them they do.",
    "near": "The nearest sentences do not say this.",
    "nothing": "No passage says anything like it.",
}


def _reason(cause: StatementCause, checked: Checked) -> str:
    if cause == "conflict":
        return " ".join(_describe_conflict(one) for one in checked.judgement.conflicts)
    if cause == "doubt":
        return str(checked.judgement.doubt)
    if cause == "missing":
        return f"The passages do not have {', '.join(checked.judgement.missing)}."
    return _REASONS[cause]


def _describe_conflict(one: Conflict) -> str:
    if one.kind == "negation":
        side = ("The answer", "the source") if one.claimed else ("The source", "the answer")
        return f"{side[0]} negates this ({(one.claimed or one.stated)!r}), {side[1]} does not."
    return f"The {one.kind} differs: {one.claimed!r} in the answer, {one.stated!r} in the source."


def _shift_conflict(one: Conflict, start: int, begin: int) -> Conflict:
    """Shift the offsets of a conflict to those of the answer and of the document."""
    return replace(one, start=start + one.start, end=start + one.end, at=begin + one.at, to=begin + one.to)


def _blank_quotes(text: str, sentence: Sentence) -> str:
    """The sentence with white space in place of its quotes, which are verified by themselves."""
    for quoted in sentence.quotes:
        start, end = quoted.start - sentence.start, quoted.end - sentence.start
        text = text[:start] + _VISIBLE.sub(" ", text[start:end]) + text[end:]
    return text
