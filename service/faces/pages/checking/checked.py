"""A text with a verdict on each sentence, or a citation looked up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import get_args

from index.answers import Citation
from index.citations import (
    AnswerReport,
    Carried,
    Claim,
    StatementVerdict,
    Verdict,
    Verification,
    find_carried,
)
from index.errors import InvalidLimit
from service.faces.api.requests.cited_spans import MAX_QUOTES, check_all
from service.faces.pages.checking.cited import Cited, check_citations
from service.faces.pages.checking.copies import Copies, Sourced, make_copies
from service.faces.pages.checking.findings import Finding, Findings, State
from service.faces.pages.checking.pasted import Pasted
from service.faces.pages.checking.places import LookedUp, look_up_citation
from service.faces.pages.checking.sentences import CERTAIN, Part, sentence_parts, verdicts_by_sentence
from service.faces.pages.languages import Language
from service.http.links import with_absolute_links, with_links

_LONGEST_TRIED = 2000
"""Code points up to which a text is looked for as a whole, because it may be one quote."""
_DIFFERING = frozenset({"altered", "misattributed", "contradicted"})


@dataclass(frozen=True, slots=True)
class Words:
    """Context in which verdicts are written: language, collection, and address of the service."""

    language: Language
    collection: str
    base: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The result: of a text its parts, of a quote or locator what was found of it."""

    parts: tuple[Part, ...] = ()
    counts: dict[State, int] = field(default_factory=dict)
    copies: Copies | None = None
    cited: tuple[Cited, ...] = ()
    unknown_marks: tuple[int, ...] = ()
    quote: Finding | None = None
    citation: LookedUp | None = None

    @property
    def faulty(self) -> int:
        """The number of citations in the text that name nothing, have other words, or are out of date."""
        return sum(one.state != "good" for one in self.cited)

    @property
    def is_matched(self) -> bool:
        """Whether there is nothing to say against the text, and something for it."""
        bad = any(self.counts[state] for state in ("bad", "warn", "old"))
        return self.counts["good"] > 0 and not bad and not self.faulty and not self.unknown_marks

    @property
    def is_altered(self) -> bool:
        """Whether it is one quote, with other words than the documents."""
        return self.quote is not None and self.quote.state == "bad" and bool(self.quote.edits)

    @property
    def is_found(self) -> bool:
        """Whether anything of it was found in the documents, be it with other words."""
        matches = any(self.counts.get(state) for state in ("good", "old", "bad"))
        return self.citation is not None or matches or any(one.source for one in self.cited)


def check_pasted_input(verification: Verification, given: Pasted, words: Words) -> Checked:
    """Look up a pasted citation, or check a quote or a text against the documents.

    Raises :class:`index.errors.CitationNotFound` for a locator that names nothing,
    :class:`index.errors.InvalidLimit` and :class:`index.errors.ModelFailed`.
    """
    findings = Findings(words.language, words.collection)
    if given.locator is not None:
        check_all([str(given.locator)], ())
        citation = verification.resolution.cite(given.locator)
        return Checked(citation=look_up_citation(verification, citation, findings))
    if given.quote:
        return _check_quote(verification, verification.quote(Claim(given.quote)), findings)
    found = find_carried(given.text)
    if not found.locators and len(given.text) <= _LONGEST_TRIED:
        verdict = verification.quote(Claim(given.text))
        if verdict.status in CERTAIN:
            return _check_quote(verification, verdict, findings)
    return _check_text(verification, found, given, words, findings)


def _check_quote(verification: Verification, verdict: Verdict, findings: Findings) -> Checked:
    citation = look_up_citation(verification, verdict.citation, findings) if verdict.citation else None
    return Checked(quote=findings.quote(verdict), citation=citation)


def _check_text(
    verification: Verification, found: Carried, pasted: Pasted, words: Words, findings: Findings
) -> Checked:
    if len(found.locators) > MAX_QUOTES:
        raise InvalidLimit(
            f"The text has {len(found.locators)} citations; at most {MAX_QUOTES} are resolved at once. "
            "Check it in parts."
        )
    check_all([str(one) for one in found.locators.values()], ())
    verdicts = {mark: verification.citation(one) for mark, one in found.locators.items()}
    known = {mark: one for mark, one in found.locators.items() if verdicts[mark].citation is not None}
    report = verification.answer(found.text, known)
    sources = {mark: verdict for mark, verdict in verdicts.items() if mark in known}
    sentences = tuple(sentence_parts(pasted.text, report, findings, sources))
    counts: Counter[State] = Counter(part.state for part in sentences if part.number)
    return Checked(
        sentences,
        {state: counts[state] for state in get_args(State)},
        _copy_formats(verification, found.text, report, words, set(known)),
        tuple(check_citations(verification, found, verdicts, findings)),
        tuple(mark for mark in report.unknown_marks if mark not in found.locators),
    )


def _copy_formats(
    verification: Verification, text: str, report: AnswerReport, words: Words, known: set[int]
) -> Copies:
    moment = verification.resolution.moment

    def add_metadata(citation: Citation) -> Sourced:
        version = moment.version(citation.document_id, citation.version)
        return Sourced(
            with_absolute_links(with_links(citation, words.collection), words.base), version.provenance
        )

    pieces: list[tuple[str, list[Sourced]]] = []
    at = 0
    for sentence, (quotes, statement) in zip(report.sentences, verdicts_by_sentence(report), strict=True):
        pieces += [(text[at : sentence.start], []), (text[sentence.start : sentence.end], [])]
        cited = _confirming_citations(quotes, statement)
        pieces[-1] = (pieces[-1][0], [add_metadata(one) for one in cited])
        at = sentence.end
    pieces.append((text[at:], []))
    return make_copies(pieces, known, words.language.t("Sources"))


def _confirming_citations(quotes: Sequence[Verdict], statement: StatementVerdict | None) -> list[Citation]:
    """The citations of what was found of a sentence, each place once; none if a part of it differs."""
    statuses = [one.status for one in quotes] + ([statement.status] if statement else [])
    if not _DIFFERING.isdisjoint(statuses):
        return []
    found = [one.citation for one in quotes if one.status in CERTAIN and one.citation]
    if statement and statement.status == "supported" and statement.citation:
        found.append(statement.citation)
    distinct = list({one.locator: one for one in found}.values())
    return [one for one in distinct if not any(one is not two and two.covers(one) for two in distinct)]
