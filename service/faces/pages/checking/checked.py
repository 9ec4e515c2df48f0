"""A text with a verdict on each sentence, or a citation looked up."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from markupsafe import Markup, escape

from index.answers import Citation
from index.citations import (
    AnswerReport,
    Carried,
    Claim,
    Locator,
    StatementVerdict,
    Verdict,
    Verification,
    find_carried,
    format_citation,
    mark_spans,
)
from index.errors import InvalidLimit
from index.provenance import Provenance
from service.faces.api.requests.cited_spans import MAX_QUOTES, check_all
from service.faces.api.schemas.values import moment
from service.faces.pages.checking.findings import Finding, Findings, Source, Standing, State, worst_state
from service.faces.pages.checking.pasted import Pasted
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
        """True if verdicts support the text and none objects to it."""
        bad = any(self.counts[state] for state in ("bad", "warn", "old"))
        return self.counts["good"] > 0 and not bad and not self.faulty and not self.unknown_marks

    @property
    def is_altered(self) -> bool:
        """True for a single quote whose words differ from those of the documents."""
        return self.quote is not None and self.quote.state == "bad" and bool(self.quote.edits)

    @property
    def is_found(self) -> bool:
        """True if any part was found in the documents, exactly or changed."""
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
    verdicts, report = verify_carried(verification, found)
    known = {mark: one for mark, one in found.locators.items() if verdicts[mark].citation is not None}
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


def verify_carried(verification: Verification, found: Carried) -> tuple[dict[int, Verdict], AnswerReport]:
    """Verify a text by the citations that it carries; returns the verdicts on these, too, by their marks."""
    if len(found.locators) > MAX_QUOTES:
        raise InvalidLimit(
            f"The text has {len(found.locators)} citations; at most {MAX_QUOTES} are resolved at once. "
            "Check it in parts."
        )
    check_all([str(one) for one in found.locators.values()], ())
    verdicts = {mark: verification.citation(one) for mark, one in found.locators.items()}
    known = {mark: one for mark, one in found.locators.items() if verdicts[mark].citation is not None}
    return verdicts, verification.answer(found.text, known)


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


# The citations of a checked text: what each names, whether its quote is right, and how it stands today.


_RANKED = ("verified", "repaired", "altered", "misattributed", "not_found", "unchecked")


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation of the text. ``mark`` is its number in the text, 0 for a locator in the running text.

    ``source`` is None, and ``reason`` tells why, if it names nothing that is kept. ``quote`` is the finding
    on the words that its entry in a list of sources quotes.
    """

    mark: int
    locator: str
    source: Source | None
    quote: Finding | None
    reason: str

    @property
    def state(self) -> State:
        """Problems of the entry, if any."""
        if self.source is None:
            return "bad"
        own = [self.source.standing.state] if self.source.standing else []
        return worst_state(["good", *own, *([self.quote.state] if self.quote else [])])


def check_citations(
    verification: Verification, found: Carried, verdicts: Mapping[int, Verdict], findings: Findings
) -> Iterator[Cited]:
    """The citations in the order of their marks. ``verdicts`` are those on the locators alone."""
    for mark, locator in sorted(found.locators.items()):
        number = mark if mark in found.listed else 0
        verdict = verdicts[mark]
        if verdict.citation is None:
            yield Cited(number, str(locator), None, None, verdict.reason)
            continue
        source = findings.cited(verdict.citation, verdict.today)
        quoted = _quote_verdict(verification, locator, found.quotes.get(mark, ()))
        finding = findings.quote(quoted).without_source() if quoted else None
        yield Cited(number, str(locator), source, finding, "")


def _quote_verdict(verification: Verification, locator: Locator, readings: tuple[str, ...]) -> Verdict | None:
    """The verdict on the quote of an entry, by that of its readings that is best."""
    verdicts = [verification.citation(locator, words) for words in readings]
    return min(verdicts, key=lambda one: _RANKED.index(one.status), default=None)


# A citation looked up: where its words stand, in all versions and in other documents.


_MOST_PLACES = 20
_MOST_VERSIONS = 20
_MOST_READ = 6_000_000
"""Code points of later versions that are searched."""
_AROUND = 150
"""Code points of the text on each side of the quote that are shown."""


@dataclass(frozen=True, slots=True)
class Version:
    """How a citation stands in a later version."""

    number: int
    day: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class LookedUp:
    """A citation with the text around it, how it stands in later versions, and the other places."""

    source: Source
    before: str
    after: str
    version: int
    newest: int
    standing: Standing
    versions: tuple[Version, ...]
    places: tuple[Source, ...]
    are_more: bool
    """Whether there may be more places than are shown."""


def look_up_citation(verification: Verification, citation: Citation, findings: Findings) -> LookedUp:
    """Look up a citation. Raises :class:`index.errors.InvalidLimit` when too much has to be read."""
    resolution = verification.resolution
    today = resolution.today(citation)
    version = resolution.moment.version(citation.document_id, citation.version)
    text = resolution.moment.text(
        version.text_sha256, max(0, citation.start - _AROUND), citation.end + _AROUND
    )
    before = min(_AROUND, citation.start)
    found = verification.find_places(citation.quote, most=_MOST_PLACES + 1)
    now = today.citation
    others = [one for one in found if one.locator not in (citation.locator, now.locator if now else "")]
    return LookedUp(
        findings.source(citation, None),
        _drop_first_word(text[:before]) if citation.start > before else text[:before],
        _drop_last_word(text[before + citation.end - citation.start :]),
        citation.version,
        today.version,
        findings.standing(today),
        tuple(_later_versions(verification, citation, findings)),
        tuple(findings.source(one, None) for one in others[:_MOST_PLACES]),
        len(found) > _MOST_PLACES,
    )


def _drop_first_word(text: str) -> str:
    """The text without the word that it begins inside of."""
    return f"… {text.partition(' ')[2]}"


def _drop_last_word(text: str) -> str:
    """The text without the word that it ends inside of; a text that ends before the limit is whole."""
    return text if len(text) < _AROUND else f"{text.rpartition(' ')[0]} …"


def _later_versions(verification: Verification, citation: Citation, findings: Findings) -> list[Version]:
    """The later versions, oldest first; of very many or very long ones the newest."""
    resolution = verification.resolution
    shown: list[Version] = []
    read = 0
    for one in resolution.moment.versions(citation.document_id)[:_MOST_VERSIONS]:
        read += one.length
        if one.number <= citation.version or (shown and read > _MOST_READ):
            break
        standing = findings.standing(resolution.today(citation, one))
        shown.append(Version(one.number, moment(one.created)[:10], standing))
    return shown[::-1]


# A checked text to copy, with a citation after each sentence that has a source.


_TRAILING = re.compile(r"(?<![^\S\n])[^\S\n]++(?=\n|\Z)")
_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*")


@dataclass(frozen=True, slots=True)
class Copies:
    """The text in three formats."""

    plain: str
    markdown: str
    html: str


@dataclass(frozen=True, slots=True)
class Sourced:
    """A citation with links that begin with the service's address, and what is said of its document."""

    citation: Citation
    provenance: Provenance


def make_copies(parts: Iterable[tuple[str, list[Sourced]]], known: set[int], heading: str) -> Copies:
    """Make the copies of a text in parts, each with its sources. ``known`` are the marks to leave out."""
    pieces = [(_remove_marks(text, known), sources) for text, sources in parts]
    numbers: dict[str, int] = {}
    used = {number for text, _ in pieces for _, own in mark_spans(text) for number in own}
    listed: list[tuple[int, Sourced]] = []
    for _, sources in pieces:
        for one in sources:
            if one.citation.locator not in numbers:
                number = max([0, *used]) + 1
                used.add(number)
                numbers[one.citation.locator] = number
                listed.append((number, one))

    def render(mark: Callable[[int], str]) -> str:
        told = "".join(
            text + "".join(mark(numbers[one.citation.locator]) for one in sources) for text, sources in pieces
        )
        return _TRAILING.sub("", told).strip()

    plain = [f"[{number}] {_format_copy(one, 'plain')}" for number, one in listed]
    notes = [_format_copy(one, "markdown_footnote", str(number)) for number, one in listed]
    return Copies(
        "\n\n".join(filter(None, [render(lambda at: f" [{at}]"), "\n".join(plain)])),
        "\n\n".join(filter(None, [render(lambda at: f"[^{at}]"), "\n".join(notes)])),
        str(_copy_as_html(render(lambda at: f"\ue000{at}\ue001"), listed, heading)),
    )


def _remove_marks(text: str, known: set[int]) -> str:
    """The text without the marks whose numbers are all known, and the white space around them."""
    for (start, end), numbers in reversed(mark_spans(text)):
        if known.issuperset(numbers):
            text = text[:start].rstrip(" ") + text[end:]
    return text


def _format_copy(one: Sourced, name: str, label: str = "1") -> str:
    written = format_citation(one.citation, name, provenance=one.provenance, label=label)  # type: ignore[arg-type]
    return str(written)


def _copy_as_html(text: str, listed: list[tuple[int, Sourced]], heading: str) -> Markup:
    # The marks are in characters for private use, so that they survive the escaping.
    paragraphs = [
        Markup("<p>{}</p>").format(_superscript_marks(escape(one))) for one in _PARAGRAPHS.split(text) if one
    ]
    items = [
        Markup('<li value="{}">“{}” <a href="{}">{}</a> ({})</li>').format(
            number, one.citation.quote, one.citation.links["view"], one.citation.title, one.citation.locator
        )
        for number, one in listed
    ]
    sources = Markup("<h2>{}</h2>\n<ol>\n{}\n</ol>").format(heading, Markup("\n").join(items))
    return Markup("\n").join([*paragraphs, *([sources] if items else [])])


def _superscript_marks(text: Markup) -> Markup:
    shown = re.sub("\ue000([0-9]+)\ue001", r"<sup>[\1]</sup>", str(text)).replace("\n", "<br>\n")
    return Markup(shown)  # noqa: S704 -- escaped by the caller
