"""Do the words stand where they are said to stand? Answered from the stored texts, without any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

import regex

from index.anchoring import AnchoringText, Quote
from index.answers import Citation
from index.citing import parse_locator
from index.claims import Quoted, Sentence, claims
from index.differences import IDEOGRAPHIC, Edit, word_diff
from index.errors import CitationNotFound, DocumentNotFound
from index.records import VersionRecord
from index.resolution import Resolution, Today
from index.typography import folded

Status = Literal["verified", "repaired", "misattributed", "altered", "not_found"]

_MOST_VERSIONS = 20
"""Older versions of a document that are looked through."""
_MOST_NEAR = 5
"""Documents in which words like the quoted ones are looked for."""
_IN_WORD = rf"[\w--[{IDEOGRAPHIC}]]"
_BEGINS_INSIDE = regex.compile(
    rf".?{_IN_WORD}{_IN_WORD}|\d[.,]\d|(?:^|\W)[-−]\d", regex.VERSION1 | regex.DOTALL
)
_ENDS_INSIDE = regex.compile(rf"{_IN_WORD}{_IN_WORD}|\d[.,]\d", regex.VERSION1)
_EDGES = ".,;:!? \t\n"
"""What writers put inside of quotation marks although it is not of the source."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Words that are said to stand somewhere: in a document, or anywhere when there is no ``document_id``.

    ``prefix``, ``suffix`` and ``start`` say more closely where, as a W3C selector does.
    """

    quote: str
    document_id: str = ""
    prefix: str = ""
    suffix: str = ""
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a quote.

    ``verified``: the very words stand where they are said to. ``repaired``: they do but for typography,
    or in another place of the document; ``citation`` has the true ones. ``misattributed``: they stand in
    another document, the citation's. ``altered``: the nearest words, ``edits`` make them of the quoted
    ones. ``not_found``: nothing near enough. ``reason`` says it in words; it is empty for ``verified``.
    """

    status: Status
    quote: str
    reason: str = ""
    citation: Citation | None = None
    today: Today | None = None
    similarity: float = 0.0
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """What was found of an answer: its sentences, and a verdict on each quote in it.

    ``uncited`` are sentences with neither a mark nor a quote that stands; ``unknown_marks`` are numbers
    with no passage.
    """

    sentences: tuple[Sentence, ...]
    quotes: tuple[tuple[Quoted, Verdict], ...]
    uncited: tuple[Sentence, ...]
    unknown_marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    version: VersionRecord
    start: int
    end: int
    exact: bool


class Verification:
    """Verifies quotes against the texts that a resolution reads.

    ``candidates`` gives the newest versions of documents that may have the words, likely ones first.
    """

    def __init__(self, resolution: Resolution, candidates: Callable[[str], Sequence[VersionRecord]]) -> None:
        self._resolution = resolution
        self._store = resolution.store
        self._candidates = candidates

    def citation(
        self, locator: str, quote: str | None = None, *, prefix: str = "", suffix: str = ""
    ) -> Verdict:
        """Whether a locator resolves, and if a quote comes with it, whether it names the very words.

        When the locator's text is not kept, the quote is looked for in what is kept of the document, with
        ``prefix`` and ``suffix`` to know it by. Raises :class:`index.errors.InvalidLocator`.
        """
        wanted = parse_locator(locator)
        claim = Claim(quote or "", wanted.document_id, prefix, suffix, wanted.start)
        try:
            cited = self._resolution.cite(locator)
        except CitationNotFound as error:
            return Verdict("not_found", "", error.message) if quote is None else self.quote(claim)
        if quote is None or quote == cited.quote:
            return Verdict("verified", cited.quote, "", cited, self._resolution.today(cited), 1.0)
        version = self._store.version(cited.document_id, cited.version)
        if _same(quote, cited.quote):
            return self._standing(claim, _Found(version, cited.start, cited.end, exact=False))
        verdict = self._judged(claim, [version, *self._versions(cited.document_id)], ())
        if verdict.status == "verified":
            return replace(verdict, status="repaired", reason="The words stand elsewhere in the document.")
        return verdict

    def quote(self, claim: Claim) -> Verdict:
        """Whether words stand in a document, in its newest version or an older one; or where else."""
        if not claim.document_id:
            return self._judged(claim, self._candidates(claim.quote), None)
        try:
            versions = self._versions(claim.document_id)
        except DocumentNotFound as error:
            verdict = self._judged(claim, (), ())
            if verdict.status == "not_found":
                return Verdict("not_found", claim.quote, error.message)
            return verdict
        return self._judged(claim, versions, ())

    def answer(self, text: str, locators: Sequence[str]) -> AnswerReport:
        """The quotes in an answer against the passages that it was given, numbered from 1.

        A quote with marks is said to stand in the documents of those passages; one without, in any.
        Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.CitationNotFound`.
        """
        given = [self._resolution.cite(locator) for locator in locators]
        sentences = claims(text)
        judged = [
            (quoted, self._quoted(quoted, given)) for sentence in sentences for quoted in sentence.quotes
        ]
        standing = {quoted.start for quoted, verdict in judged if verdict.status in {"verified", "repaired"}}
        uncited = [
            one
            for one in sentences
            if not any(_is_known(mark, given) for mark in one.marks)
            and not any(quoted.start in standing for quoted in one.quotes)
        ]
        marks = dict.fromkeys(mark for one in sentences for mark in one.marks if not _is_known(mark, given))
        return AnswerReport(sentences, tuple(judged), tuple(uncited), tuple(marks))

    def _quoted(self, quoted: Quoted, given: Sequence[Citation]) -> Verdict:
        marked = [given[mark - 1] for mark in quoted.marks if _is_known(mark, given)]
        cited = marked or given
        # First where the passage stands, then the rest of its document.
        for one in cited:
            at, length = one.quote.find(quoted.text), len(quoted.text)
            if at >= 0 and not tears(one.quote, at, at + length):
                start = one.start + at
                return self._standing(Claim(quoted.text), self._span(one, start, start + length))
        claimed = [self._store.version(one.document_id, one.version) for one in cited]
        others = [self._store.version(one.document_id, one.version) for one in given if one not in cited]
        return self._judged(Claim(quoted.text), _unique(claimed), _unique(others))

    def _span(self, of: Citation, start: int, end: int) -> _Found:
        return _Found(self._store.version(of.document_id, of.version), start, end, exact=True)

    def _versions(self, document_id: str) -> Sequence[VersionRecord]:
        return self._store.versions(document_id)[:_MOST_VERSIONS]

    def _judged(
        self, claim: Claim, claimed: Sequence[VersionRecord], others: Sequence[VersionRecord] | None
    ) -> Verdict:
        """The verdict on words that are said to stand in one of the ``claimed`` versions.

        ``others`` are looked through next, and then the collection; None if any place is as good as the
        claimed ones.
        """
        if found := self._found(claim, claimed):
            return self._standing(claim, found)
        if others is not None:
            known = {version.document_id for version in claimed}
            rest = chain(others, self._candidates(claim.quote))
            if found := self._found(claim, [one for one in rest if one.document_id not in known]):
                return self._misattributed(claim, found, claimed)
        if verdict := self._altered(claim, claimed):
            return verdict
        where = "in the document" if claim.document_id else "where it is said to be"
        reason = f"Nothing like these words stands {where if others is not None else 'in the collection'}."
        return Verdict("not_found", claim.quote, reason)

    def _found(self, claim: Claim, versions: Sequence[VersionRecord]) -> _Found | None:
        """The first version with the very words, else the first with them but for typography."""
        if not claim.quote.strip():
            return None
        quote = Quote(claim.quote, claim.prefix, claim.suffix, claim.start)
        for version in versions:
            text = self._resolution.text(version.text_sha256)
            for place in text.exact(quote):
                if not tears(text.text, place.start, place.end):
                    return _Found(version, place.start, place.end, exact=True)
        for version in versions:
            text = self._resolution.text(version.text_sha256)
            for words in dict.fromkeys((claim.quote, claim.quote.strip(_EDGES))):
                for start, end in _same_but_for_typography(text, words):
                    if not tears(text.text, start, end):
                        return _Found(version, start, end, exact=False)
        return None

    def _standing(self, claim: Claim, found: _Found) -> Verdict:
        citation = self._resolution.citation(found.version, found.start, found.end)
        today = self._resolution.today(citation)
        if found.exact:
            return Verdict("verified", claim.quote, "", citation, today, 1.0)
        edits = word_diff(claim.quote, citation.quote)
        reason = "The words stand there but for quotes, dashes, spaces, case or end marks."
        return Verdict("repaired", claim.quote, reason, citation, today, 1.0, edits)

    def _misattributed(self, claim: Claim, found: _Found, claimed: Sequence[VersionRecord]) -> Verdict:
        citation = self._resolution.citation(found.version, found.start, found.end)
        named = ", ".join(dict.fromkeys(repr(version.document_id) for version in claimed[:3]))
        reason = f"The words stand in {citation.document_id!r}, not in {named or repr(claim.document_id)}."
        edits = () if found.exact else word_diff(claim.quote, citation.quote)
        today = self._resolution.today(citation)
        return Verdict("misattributed", claim.quote, reason, citation, today, 1.0, edits)

    def _altered(self, claim: Claim, versions: Sequence[VersionRecord]) -> Verdict | None:
        quote = Quote(claim.quote, claim.prefix, claim.suffix, claim.start)
        best = None
        for version in _unique(versions)[:_MOST_NEAR]:
            for anchor in self._resolution.text(version.text_sha256).near(quote)[:1]:
                if best is None or anchor.similarity > best[1].similarity:
                    best = version, anchor
        if best is None:
            return None
        text = self._resolution.text(best[0].text_sha256).text
        citation = self._resolution.citation(best[0], *_whole(text, best[1].start, best[1].end))
        edits = word_diff(claim.quote, citation.quote)
        similarity = round(best[1].similarity, 4)
        reason = "The nearest words differ."
        today = self._resolution.today(citation)
        return Verdict("altered", claim.quote, reason, citation, today, similarity, edits)


def tears(text: str, start: int, end: int) -> bool:
    """Whether a span begins or ends inside of a word or a number of the text.

    "able to swim" does not stand in "unable to swim", nor "5 mg" in "1.5 mg" or "-5 mg".
    """
    return _begins_inside(text, start) or _ends_inside(text, end)


def _begins_inside(text: str, start: int) -> bool:
    return _BEGINS_INSIDE.fullmatch(text[max(0, start - 2) : start + 1]) is not None


def _ends_inside(text: str, end: int) -> bool:
    return _ENDS_INSIDE.match(text, end - 1) is not None


def _whole(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with the whole of the words and numbers that it tears."""
    while _begins_inside(text, start):
        start -= 1
    while _ends_inside(text, end):
        end += 1
    return start, end


def _same_but_for_typography(text: AnchoringText, words: str) -> Iterator[tuple[int, int]]:
    fold, inside = folded(words).text.strip(), text.folded
    at = inside.text.find(fold) if fold else -1
    while at >= 0:
        yield inside.span(at, at + len(fold))
        at = inside.text.find(fold, at + 1)


def _is_known(mark: int, given: Sequence[Citation]) -> bool:
    return 1 <= mark <= len(given)


def _same(a: str, b: str) -> bool:
    return folded(a.strip(_EDGES)).text.strip() == folded(b.strip(_EDGES)).text.strip()


def _unique(versions: Sequence[VersionRecord]) -> list[VersionRecord]:
    """Each text once."""
    return list({version.text_sha256: version for version in reversed(versions)}.values())[::-1]
