"""The sentences of a checked text with their findings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.answers import Citation
from index.citations import AnswerReport, StatementVerdict, Verdict
from service.faces.pages.checking.findings import Finding, Findings, Source, State, worst_state
from service.faces.pages.marks import Segment, lit_segments

CERTAIN = ("verified", "repaired")
"""The statuses of quotes whose words stand in a document."""
_MOST_CITED = 3
"""Citations of a sentence that are shown beside other findings."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the text. A sentence has a number, from 1; what is between sentences has 0.

    ``cited`` is what a sentence cites, where its findings do not show it.
    """

    number: int
    state: State
    segments: tuple[Segment, ...]
    findings: tuple[Finding, ...] = ()
    cited: tuple[Source, ...] = ()


def verdicts_by_sentence(report: AnswerReport) -> Iterator[tuple[list[Verdict], StatementVerdict | None]]:
    """The verdicts on the quotes of each sentence, and on its claim."""
    quotes = {quoted.start: verdict for quoted, verdict in report.quotes}
    for sentence, statement in zip(report.sentences, report.statements, strict=True):
        yield [quotes[one.start] for one in sentence.quotes], statement


def sentence_parts(
    text: str, report: AnswerReport, findings: Findings, sources: Mapping[int, Verdict]
) -> Iterator[Part]:
    """The parts of a text in order. ``sources`` are the verdicts on what it cites, by their marks."""
    at = 0
    for number, (sentence, (quotes, statement)) in enumerate(
        zip(report.sentences, verdicts_by_sentence(report), strict=True), 1
    ):
        if at < sentence.start:
            yield Part(0, "none", (Segment(text[at : sentence.start], ""),))
        conflicts = statement.conflicts if statement else ()
        spans = [(one.start - sentence.start, one.end - sentence.start) for one in conflicts]
        segments = lit_segments(text[sentence.start : sentence.end], spans)
        named = [sources[mark] for mark in sentence.marks if mark in sources]
        found = tuple(_sentence_findings(quotes, statement, findings, cites=bool(named)))
        shown = _cited_sources(named, statement, findings)
        yield Part(number, worst_state(one.worst for one in found), segments, found, shown)
        at = sentence.end
    if at < len(text):
        yield Part(0, "none", (Segment(text[at:], ""),))


def _sentence_findings(
    quotes: Sequence[Verdict], statement: StatementVerdict | None, findings: Findings, *, cites: bool
) -> Iterator[Finding]:
    """The findings on a sentence; where two have the same place, one shows it."""
    made = [findings.quote(one) for one in quotes]
    if statement is None:
        yield from made
        return
    has_quote = any(one.status in CERTAIN for one in quotes)
    claim = findings.statement(statement, has_quote=has_quote, cites=cites)
    for verdict, one in zip(quotes, made, strict=True):
        is_shown = statement.status == "supported" and _contains(statement.citation, verdict.citation)
        yield one.without_source() if is_shown else one
    is_altered = any(one.status not in CERTAIN for one in quotes)
    is_told = statement.status == "unsupported" or (statement.status == "contradicted" and is_altered)
    if is_told and any(_overlap(statement.citation, one.citation) for one in quotes):
        claim = claim.without_source()
    yield claim


def _cited_sources(
    named: Sequence[Verdict], statement: StatementVerdict | None, findings: Findings
) -> tuple[Source, ...]:
    """The sources that a sentence cites, if another source or none decides the verdict on it."""
    if statement is None or statement.cause not in ("elsewhere", "around", "nothing"):
        return ()
    return tuple(
        findings.cited(one.citation, one.today) for one in named[:_MOST_CITED] if one.citation is not None
    )


def _contains(a: Citation | None, b: Citation | None) -> bool:
    """True if the first citation covers the second; False if either is missing."""
    return a is not None and b is not None and a.covers(b)


def _overlap(a: Citation | None, b: Citation | None) -> bool:
    return a is not None and b is not None and a.overlaps(b)
