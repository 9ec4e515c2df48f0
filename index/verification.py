"""Do the words stand where they are said to stand? Answered from the stored texts, without any model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from index.anchoring import AnchoringText
from index.answers import Citation
from index.citing import parse_locator
from index.claims import Quoted, claims
from index.concurrent_erasure import repeated
from index.differences import word_diff
from index.errors import CitationNotFound, DocumentNotFound
from index.occurrences import Quote, alike
from index.reading_budget import ReadingBudget
from index.records import VersionRecord
from index.resolution import Resolution
from index.typography import same
from index.verdicts import AnswerReport, Claim, Verdict
from index.word_boundaries import tears

_MOST_VERSIONS = 20
"""Versions of a document that are looked through for words like the quoted ones, the newest first."""
_MOST_FOLDED = 6_000_000
"""Code points of them, about, that are looked through; the first version in any case."""
_MOST_HELD = 6_000_000
"""Code points of texts that are kept for the other quotes of a request, about 20 bytes each."""
_QUESTION_MARKS = ("?", "？", "؟", ";")
_END_MARKS = (".", "!", "?", "。", "！", "？", "…")
_MOST_NEAR = 5
"""Documents in which words like the quoted ones are looked for."""


@dataclass(frozen=True, slots=True)
class _Found:
    version: VersionRecord
    start: int
    end: int
    exact: bool


class Verification:
    """Verifies the quotes of one request against the texts that a resolution reads.

    ``candidates`` gives the newest versions of documents that may have the words, likely ones first. Texts
    are kept as long as the object is: it is for one request, in one thread. Methods raise
    :class:`index.errors.InvalidLimit` when the ``budget`` is spent.
    """

    def __init__(
        self,
        resolution: Resolution,
        candidates: Callable[[str], Sequence[VersionRecord]],
        budget: ReadingBudget,
    ) -> None:
        self._resolution = resolution
        self._store = resolution.store
        self._candidates = candidates
        self._budget = budget
        self._held: dict[bytes, AnchoringText] = {}

    @repeated
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
        verdict = self._judged(claim, [version, *self._store.versions(cited.document_id)], ())
        if verdict.status == "verified":
            return replace(verdict, status="repaired", reason="The words stand elsewhere in the document.")
        return verdict

    @repeated
    def quote(self, claim: Claim) -> Verdict:
        """Whether words stand in a document, in its newest version or an older one; or where else."""
        if not claim.document_id:
            return self._judged(claim, self._candidates(claim.quote), None)
        try:
            versions = self._store.versions(claim.document_id)
        except DocumentNotFound as error:
            verdict = self._judged(claim, (), ())
            if verdict.status == "not_found":
                return Verdict("not_found", claim.quote, error.message)
            return verdict
        return self._judged(claim, versions, ())

    @repeated
    def answer(self, text: str, locators: Sequence[str]) -> AnswerReport:
        """The quotes in an answer against the passages that it was given, numbered from 1.

        A quote with marks is said to stand in the documents of those passages; one without, in any.
        Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.CitationNotFound`.
        """
        given = [self._resolution.cite(locator) for locator in locators]
        sentences = claims(text)
        judged = [
            (quoted, self._quoted(quoted, text, given))
            for sentence in sentences
            for quoted in sentence.quotes
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

    def _quoted(self, quoted: Quoted, answer: str, given: Sequence[Citation]) -> Verdict:
        """The verdict on a quote, which may have marks and emphasis of the answer or of the source itself."""
        verdict = self._attributed(quoted.text, quoted, given)
        written = answer[quoted.start : quoted.end]
        if verdict.status == "verified" or written == quoted.text:
            return verdict
        as_written = self._attributed(written, quoted, given)
        return as_written if as_written.status == "verified" else verdict

    def _attributed(self, words: str, quoted: Quoted, given: Sequence[Citation]) -> Verdict:
        marked = [given[mark - 1] for mark in quoted.marks if _is_known(mark, given)]
        cited = marked or given
        # First where the passage stands, then the rest of its document.
        for one in cited:
            if (at := one.quote.find(words)) >= 0:
                start, end = one.start + at, one.start + at + len(words)
                version = self._store.version(one.document_id, one.version)
                if not tears(self._text(version).text, start, end):
                    return self._standing(Claim(words), _Found(version, start, end, exact=True))
        claimed = [self._store.version(one.document_id, one.version) for one in cited]
        others = [self._store.version(one.document_id, one.version) for one in given if one not in cited]
        if not given:
            return self._judged(Claim(words), self._candidates(words), None)
        return self._judged(Claim(words), _unique(claimed), _unique(others))

    def _text(self, version: VersionRecord) -> AnchoringText:
        """The text of a version, prepared once for all quotes."""
        if (held := self._held.get(version.text_sha256)) is not None:
            return held
        self._budget.spend(version.length)
        text = self._resolution.text(version.text_sha256)
        if sum(len(one.text) for one in self._held.values()) + len(text.text) <= _MOST_HELD:
            self._held[version.text_sha256] = text
        return text

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
        quote = _whole_quote(claim)
        for version in versions:
            for place in self._text(version).exact(quote):
                return _Found(version, place.start, place.end, exact=True)
        shorter = _without_end_mark(claim.quote)
        for version in self._looked_through(versions):
            text = self._text(version)
            for words in dict.fromkeys((claim.quote, shorter)):
                for start, end in alike(text.text, text.folded, words):
                    # A question is no statement, whose full stop may be left out.
                    if words == claim.quote or text.text[end : end + 1] not in _QUESTION_MARKS:
                        return _Found(version, start, end, exact=text.text[start:end] == claim.quote)
        return None

    def _looked_through(self, versions: Sequence[VersionRecord]) -> Iterator[VersionRecord]:
        """Those of the versions in which words like the quoted ones are looked for."""
        length = 0
        for version in versions[:_MOST_VERSIONS]:
            if length and length + version.length > _MOST_FOLDED:
                return
            length += version.length
            self._budget.spend(version.length)
            yield version

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
        quote = _whole_quote(claim)
        best = None
        for version in self._looked_through(_unique(versions)[:_MOST_NEAR]):
            for anchor in self._text(version).near(quote)[:1]:
                if best is None or anchor.similarity > best[1].similarity:
                    best = version, anchor
        if best is None:
            return None
        end = self._with_end_mark(claim, best[0], best[1].end)
        citation = self._resolution.citation(best[0], best[1].start, end)
        edits = word_diff(claim.quote, citation.quote)
        similarity = round(best[1].similarity, 4)
        reason = "The nearest words differ."
        today = self._resolution.today(citation)
        return Verdict("altered", claim.quote, reason, citation, today, similarity, edits)

    def _with_end_mark(self, claim: Claim, version: VersionRecord, end: int) -> int:
        """The end of the nearest words, after the mark that both they and the quoted ones end with."""
        mark = claim.quote.rstrip()[-1:]
        return end + 1 if mark in _END_MARKS and self._text(version).text[end : end + 1] == mark else end


def _whole_quote(claim: Claim) -> Quote:
    return Quote(claim.quote, claim.prefix, claim.suffix, claim.start, torn=(False, False))


def _without_end_mark(quote: str) -> str:
    """Without the comma or full stop that writers put inside of quotation marks though not of the source."""
    words = quote.strip()
    return words[:-1].rstrip() if words.endswith((",", ".")) else words


def _is_known(mark: int, given: Sequence[Citation]) -> bool:
    return 1 <= mark <= len(given)


def _same(a: str, b: str) -> bool:
    a, b = _without_end_mark(a), _without_end_mark(b)
    return bool(a and b) and same(a, b)


def _unique(versions: Sequence[VersionRecord]) -> list[VersionRecord]:
    """Each text once, where it is first."""
    first: dict[bytes, VersionRecord] = {}
    for version in versions:
        first.setdefault(version.text_sha256, version)
    return list(first.values())
