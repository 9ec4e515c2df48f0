"""A text with a verdict on each sentence, or a citation looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from index.answers import Citation
from index.citations import (
    AnswerReport,
    Carried,
    Claim,
    Locator,
    StatementVerdict,
    Verdict,
    Verification,
    carried,
)
from index.errors import InvalidLimit
from service.api.links import absolute, linked
from service.browser.checking.copies import Copies, Sourced, copies
from service.browser.checking.findings import Finding, Findings, State, worst
from service.browser.checking.pasted import Pasted
from service.browser.checking.places import LookedUp, looked_up
from service.browser.languages import Language
from service.browser.marks import Segment, lit_segments
from service.requests.cited_spans import check_all
from service.settings import Settings

_LONGEST_TRIED = 2000
"""Code points up to which a text is looked for as a whole, because it may be one quote."""
_CERTAIN = ("verified", "repaired")


@dataclass(frozen=True, slots=True)
class Words:
    """What the verdicts are written with: language, collection, and address of the service."""

    language: Language
    collection: str
    base: str


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the text. A sentence has a number, from 1; what is between sentences has 0."""

    number: int
    state: State
    segments: tuple[Segment, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A citation in the text that names nothing that is kept."""

    locator: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The result: of a text its parts, of a quote or locator what was found of it."""

    parts: tuple[Part, ...] = ()
    counts: dict[State, int] = field(default_factory=dict)
    copies: Copies | None = None
    unresolved: tuple[Unresolved, ...] = ()
    unknown_marks: tuple[int, ...] = ()
    quote: Finding | None = None
    citation: LookedUp | None = None


def checked(verification: Verification, given: Pasted, words: Words, settings: Settings) -> Checked:
    """Check what was pasted.

    Raises :class:`index.errors.CitationNotFound` for a locator that names nothing,
    :class:`index.errors.InvalidLimit` and :class:`index.errors.ModelFailed`.
    """
    findings = Findings(words.language, words.collection)
    if given.locator is not None:
        check_all([str(given.locator)], (), settings)
        citation = verification.resolution.cite(given.locator)
        return Checked(citation=looked_up(verification, citation, findings))
    if given.quote:
        return _quote(verification, verification.quote(Claim(given.quote)), findings)
    found = carried(given.text)
    if not found.locators and len(given.text) <= _LONGEST_TRIED:
        verdict = verification.quote(Claim(given.text))
        if verdict.status in _CERTAIN:
            return _quote(verification, verdict, findings)
    return _text(verification, found, (given, words, settings), findings)


def _quote(verification: Verification, verdict: Verdict, findings: Findings) -> Checked:
    citation = looked_up(verification, verdict.citation, findings) if verdict.citation else None
    return Checked(quote=findings.quote(verdict), citation=citation)


def _text(
    verification: Verification, found: Carried, given: tuple[Pasted, Words, Settings], findings: Findings
) -> Checked:
    pasted, words, settings = given
    if len(found.locators) > settings.max_quotes:
        raise InvalidLimit(
            f"The text has {len(found.locators)} citations; at most {settings.max_quotes} are resolved at "
            "once. Check it in parts.",
            limit="max_quotes",
        )
    check_all([str(one) for one in found.locators.values()], (), settings)
    verdicts = {mark: verification.citation(one) for mark, one in found.locators.items()}
    known = {mark: one for mark, one in found.locators.items() if verdicts[mark].citation is not None}
    report = verification.answer(found.text, known)
    parts = tuple(_parts(pasted.text, report, findings))
    counts: Counter[State] = Counter(part.state for part in parts if part.number)
    return Checked(
        parts,
        {state: counts[state] for state in ("good", "warn", "bad", "none")},
        _copies(verification, found.text, report, words, set(known)),
        tuple(_unresolved(found.locators, verdicts)),
        tuple(mark for mark in report.unknown_marks if mark not in found.locators),
    )


def _unresolved(locators: dict[int, Locator], verdicts: dict[int, Verdict]) -> Iterator[Unresolved]:
    for mark, verdict in verdicts.items():
        if verdict.citation is None:
            yield Unresolved(str(locators[mark]), verdict.reason)


def _of_sentences(report: AnswerReport) -> Iterator[tuple[list[Verdict], StatementVerdict | None]]:
    """The verdicts on the quotes of each sentence, and on its claim."""
    quotes = {quoted.start: verdict for quoted, verdict in report.quotes}
    for sentence, statement in zip(report.sentences, report.statements, strict=True):
        yield [quotes[one.start] for one in sentence.quotes], statement


def _parts(text: str, report: AnswerReport, findings: Findings) -> Iterator[Part]:
    at = 0
    for number, (sentence, (quotes, statement)) in enumerate(
        zip(report.sentences, _of_sentences(report), strict=True), 1
    ):
        if at < sentence.start:
            yield Part(0, "none", (Segment(text[at : sentence.start], ""),))
        found = [findings.quote(one) for one in quotes]
        spans = []
        if statement is not None:
            found.append(findings.statement(statement))
            spans = [(one.start - sentence.start, one.end - sentence.start) for one in statement.conflicts]
        segments = lit_segments(text[sentence.start : sentence.end], spans)
        yield Part(number, worst(one.state for one in found), segments, tuple(found))
        at = sentence.end
    if at < len(text):
        yield Part(0, "none", (Segment(text[at:], ""),))


def _copies(
    verification: Verification, text: str, report: AnswerReport, words: Words, known: set[int]
) -> Copies:
    moment = verification.resolution.moment

    def sourced(citation: Citation) -> Sourced:
        version = moment.version(citation.document_id, citation.version)
        return Sourced(absolute(linked(citation, words.collection), words.base), version.metadata)

    parts: list[tuple[str, list[Sourced]]] = []
    at = 0
    for sentence, (quotes, statement) in zip(report.sentences, _of_sentences(report), strict=True):
        parts += [(text[at : sentence.start], []), (text[sentence.start : sentence.end], [])]
        cited = _confirmed(quotes, statement)
        parts[-1] = (parts[-1][0], [sourced(one) for one in cited])
        at = sentence.end
    parts.append((text[at:], []))
    return copies(parts, known, words.language.t("Sources"))


def _confirmed(quotes: Sequence[Verdict], statement: StatementVerdict | None) -> list[Citation]:
    """The citations of a sentence that has no problem, each once; none of another."""
    statuses = [one.status for one in quotes] + ([statement.status] if statement else [])
    if not {"verified", "repaired", "supported"}.issuperset(statuses):
        return []
    found = [one.citation for one in (*quotes, *([statement] if statement else ())) if one.citation]
    return list({one.locator: one for one in found}.values())
