"""Verify quotes against the stored texts, without any model, and what sentences claim."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, islice, repeat

from index.answers import Citation
from index.citations.budget import ReadingBudget, TimeSpent
from index.citations.citing import Locator
from index.citations.claims import Quoted, Sentence, claims
from index.citations.given import Given
from index.citations.quotes.adaptations import (
    describe_adaptations,
    equal_words,
    find_adaptations,
    without_end_mark,
)
from index.citations.quotes.anchoring import AnchoringText
from index.citations.quotes.elisions import Elided, Parts, locate_parts, parse_elisions
from index.citations.quotes.nearest import nearest
from index.citations.quotes.occurrences import Quote, alike
from index.citations.resolution import Resolution
from index.citations.statement_verdicts import StatementVerdicts
from index.citations.statements import Checking
from index.citations.verdicts import (
    NOT_CHECKED,
    AnswerReport,
    Claim,
    JudgedSentence,
    QuoteCause,
    StatementVerdict,
    Verdict,
)
from index.errors import CitationNotFound, DocumentNotFound
from index.records import VersionRecord
from index.text.differences import word_diff
from index.text.word_boundaries import splits_word

_MOST_VERSIONS = 20
"""Most versions of a document, newest first, that are searched approximately."""
_MOST_FOLDED = 6_000_000
"""Approximate number of code points of these that are searched; the first version always is."""
_MOST_CACHED = 6_000_000
"""Code points of texts kept for the other quotes of a request, about 20 bytes each."""
_QUESTION_MARKS = ("?", "？", "؟", ";")
_PART = "The words are a part of the cited ones."
_ELSEWHERE = "The words stand elsewhere in the document."
_MOST_NEAR = 5
"""Most documents that are searched for altered quotes."""


@dataclass(frozen=True, slots=True)
class _Found:
    version: VersionRecord
    start: int
    end: int
    exact: bool


class Verification:
    """Verifies the quotes of one request against the texts that a resolution reads.

    ``candidates`` returns the newest versions of documents that may contain the words, most likely first;
    ``checking`` judges what sentences claim.
    Texts are cached in the object: use it for one request, in one thread. Methods raise
    :class:`index.errors.InvalidLimit` when the ``budget`` of text is spent. What is not verified when that of
    time is spent has the status ``unchecked``.
    """

    def __init__(
        self,
        resolution: Resolution,
        candidates: Callable[[str], Sequence[VersionRecord]],
        budget: ReadingBudget,
        checking: Checking | None = None,
    ) -> None:
        self.resolution = self._resolution = resolution
        self._moment = resolution.moment
        self._candidates = candidates
        self._budget = budget
        self._checking = checking
        self._cached: dict[bytes, AnchoringText] = {}

    def citation(
        self, locator: Locator, quote: str | None = None, *, prefix: str = "", suffix: str = ""
    ) -> Verdict:
        """Verify that a locator resolves and, if a quote is given, that it names exactly these words.

        If the locator's text is no longer stored, the quote is searched for in the stored versions of the
        document; ``prefix`` and ``suffix`` help to identify it.
        """
        claim = Claim(quote or "", locator.document_id, prefix, suffix, locator.start)
        return self._in_time(claim.quote, lambda: self._verify_cited(claim, locator, quote))

    def _verify_cited(self, claim: Claim, locator: Locator, quote: str | None) -> Verdict:
        try:
            cited = self._resolution.cite(locator)
        except CitationNotFound as error:
            lost = Verdict("not_found", "", error.message, causes=("unresolved",))
            return lost if quote is None else self._verify_claimed(claim)
        if quote is None or quote == cited.quote:
            return Verdict("verified", cited.quote, "", cited, self._resolution.today(cited), 1.0)
        version = self._moment.version(cited.document_id, cited.version)
        if equal_words(quote, cited.quote):
            return self._verdict_on_match(claim, _Found(version, cited.start, cited.end, exact=False))
        verdict = self._verify(claim, [version, *self._moment.versions(cited.document_id)], ())
        if verdict.status == "verified" and not (verdict.parts and _is_part(verdict, cited)):
            return _as_repaired(verdict, cited)
        return verdict

    def quote(self, claim: Claim) -> Verdict:
        """Verify a quote in any version of its document; if it is not there, search other documents."""
        return self._in_time(claim.quote, lambda: self._verify_claimed(claim))

    def _in_time(self, words: str, verify: Callable[[], Verdict]) -> Verdict:
        """The verdict on words; ``unchecked`` if the time is over before there is one."""
        try:
            self._budget.require_time()
            return verify()
        except TimeSpent:
            return Verdict("unchecked", words, NOT_CHECKED, causes=("time",))

    def _verify_claimed(self, claim: Claim) -> Verdict:
        if not claim.document_id:
            return self._verify(claim, self._candidates(claim.quote), None)
        try:
            versions = self._moment.versions(claim.document_id)
        except DocumentNotFound as error:
            verdict = self._verify(claim, (), ())
            if verdict.status == "not_found":
                return replace(verdict, reason=error.message, causes=("unresolved",))
            return verdict
        return self._verify(claim, versions, ())

    def answer(
        self,
        text: str,
        locators: Sequence[Locator] | Mapping[int, Locator],
        *,
        told: Callable[[JudgedSentence], None] = lambda _: None,
    ) -> AnswerReport:
        """Verify the quotes in an answer against the passages it was given, numbered from 1.

        A mapping of marks to locators is for a text that has its citations itself: words without a mark may
        then be in any document.
        A quote with citation marks is attributed to the documents of those passages; one without, to any.
        The claims of the other sentences are judged if there is a model. Each sentence is ``told`` as soon as
        it is judged.
        Raises :class:`index.errors.CitationNotFound`, :class:`index.errors.ModelFailed`.
        """
        own = locators if isinstance(locators, Mapping) else dict(enumerate(locators, 1))
        by_mark = {mark: self._resolution.cite(locator) for mark, locator in own.items()}
        given = Given(by_mark, () if own is locators else list(by_mark.values()))
        sentences, judged = claims(text), []
        for one in self._judge_sentences(text, sentences, given):
            told(one)
            judged.append(one)
        verdicts = tuple(pair for one in judged for pair in one.quotes)
        sound = {"verified", "repaired", "unchecked"}
        found = {quoted.start for quoted, verdict in verdicts if verdict.status in sound}
        uncited = [
            one
            for one in sentences
            if not any(given.knows(mark) for mark in one.marks)
            and not any(quoted.start in found for quoted in one.quotes)
        ]
        marks = dict.fromkeys(mark for one in sentences for mark in one.marks if not given.knows(mark))
        statements = tuple(one.statement for one in judged)
        report = AnswerReport(sentences, verdicts, tuple(uncited), tuple(marks), statements)
        if self._checking is None:
            return report
        standard = self._checking.standard
        read_by = standard.model.fingerprint if standard.model else ""
        return replace(report, read_by=read_by, supported_from=standard.least)

    def find_places(self, words: str, *, most: int) -> list[Citation]:
        """Find at most ``most`` places with these words, ignoring typography, in the newest versions."""
        found: list[Citation] = []
        with suppress(TimeSpent):  # there may be more
            for version in self._within_limits(self._candidates(words)):
                text = self._text(version)
                spans = islice(alike(text.text, text.folded, words), most - len(found))
                found += [self._resolution.citation(version, *span) for span in spans]
        return found

    def _judge_sentences(
        self, answer: str, sentences: Sequence[Sentence], given: Given
    ) -> Iterator[JudgedSentence]:
        statements: Iterator[StatementVerdict | None] = repeat(None)
        if self._checking is not None:
            checked = StatementVerdicts(self._resolution, self._checking, self._budget)
            statements = checked.of(answer, sentences, given)
        # All quotes first: comparing them is fast, and what reads claims may take all of the time.
        compared = [
            tuple(
                (quoted, self._in_time(quoted.text, partial(self._verify_quoted, quoted, answer, given)))
                for quoted in one.quotes
            )
            for one in sentences
        ]
        for one, quotes in zip(sentences, compared, strict=True):
            yield JudgedSentence(one, quotes, next(statements))

    def _verify_quoted(self, quoted: Quoted, answer: str, given: Given) -> Verdict:
        """Verify a quote without and with its markup, which may belong to the answer or to the source."""
        verdict = self._verify_attributed(quoted.text, quoted, given)
        written = answer[quoted.start : quoted.end]
        if verdict.status == "verified" or written == quoted.text:
            return verdict
        as_written = self._verify_attributed(written, quoted, given)
        return as_written if as_written.status == "verified" else verdict

    def _verify_attributed(self, words: str, quoted: Quoted, given: Given) -> Verdict:
        cited = given.cited(quoted.marks)
        # First the cited passage, then the rest of its document.
        for one in cited:
            if (at := one.quote.find(words)) >= 0:
                start, end = one.start + at, one.start + at + len(words)
                version = self._moment.version(one.document_id, one.version)
                if not splits_word(self._text(version).text, start, end):
                    return self._verdict_on_match(Claim(words), _Found(version, start, end, exact=True))
        claimed = [self._moment.version(one.document_id, one.version) for one in cited]
        others = [
            self._moment.version(one.document_id, one.version) for one in given.passages if one not in cited
        ]
        if not cited:
            return self._verify(Claim(words), self._candidates(words), None)
        return self._verify(Claim(words), _unique_texts(claimed), _unique_texts(others))

    def _text(self, version: VersionRecord) -> AnchoringText:
        """Return the text of a version, prepared once for all quotes."""
        if (cached := self._cached.get(version.text_sha256)) is not None:
            return cached
        self._budget.spend(version.length)
        text = self._resolution.text(version.text_sha256)
        if sum(len(one.text) for one in self._cached.values()) + len(text.text) <= _MOST_CACHED:
            self._cached[version.text_sha256] = text
        return text

    def _verify(
        self, claim: Claim, claimed: Sequence[VersionRecord], others: Sequence[VersionRecord] | None
    ) -> Verdict:
        """Verify words that are attributed to one of the ``claimed`` versions.

        ``others`` are searched next, and then the collection; None if any place in the collection will do.
        """
        if verdict := self._verify_as_quoted(claim, claimed):
            return verdict
        if others is not None:
            known = {version.document_id for version in claimed}
            rest = [
                one for one in chain(others, self._candidates(claim.quote)) if one.document_id not in known
            ]
            if verdict := self._verify_as_quoted(claim, rest):
                return _as_misattributed(verdict, claim, claimed)
        if verdict := self._find_altered(claim, claimed):
            return verdict
        where = "in the document" if claim.document_id else "where it is said to be"
        reason = f"Nothing like these words stands {where if others is not None else 'in the collection'}."
        return Verdict("not_found", claim.quote, reason, causes=("absent",))

    def _verify_as_quoted(self, claim: Claim, versions: Sequence[VersionRecord]) -> Verdict | None:
        """Find the words in one of the versions, as a whole or with words omitted; None if none has them."""
        if found := self._find_words(claim, versions):
            return self._verdict_on_match(claim, found)
        if (quote := parse_elisions(claim.quote)) is None:
            return None
        for version in self._within_limits(versions):
            if parts := locate_parts(self._text(version), quote):
                return self._verdict_on_parts(claim, version, quote, parts)
        return None

    def _verdict_on_parts(self, claim: Claim, version: VersionRecord, quote: Elided, parts: Parts) -> Verdict:
        citation = self._resolution.citation(version, parts.start, parts.end)
        told = quote.describe()
        verdict = Verdict(
            "verified", claim.quote, told, citation, self._resolution.today(citation), 1.0,
            parts=tuple(self._resolution.citation(version, *span) for span in parts.spans),
            inserted=quote.inserted, causes=("parts",),
        )  # fmt: skip
        if parts.exact:
            return verdict
        edits = word_diff(claim.quote, citation.quote)
        text = self._text(version).text
        pairs = zip(quote.parts, parts.spans, strict=True)
        made = tuple(
            dict.fromkeys(one for part, span in pairs for one in find_adaptations(part, text[slice(*span)]))
        )
        reason = f"{describe_adaptations(made)} {told}"
        return replace(verdict, status="repaired", reason=reason, edits=edits, causes=("parts", *made))

    def _find_words(self, claim: Claim, versions: Sequence[VersionRecord]) -> _Found | None:
        """Return the first exact match, else the first match that differs only in typography."""
        if not claim.quote.strip():
            return None
        quote = _whole_quote(claim)
        for version in versions:
            for place in self._text(version).exact(quote):
                return _Found(version, place.start, place.end, exact=True)
        shorter = without_end_mark(claim.quote)
        for version in self._within_limits(versions):
            text = self._text(version)
            for words in dict.fromkeys((claim.quote, shorter)):
                for start, end in alike(text.text, text.folded, words):
                    # A quote without its final full stop does not match a question.
                    if words == claim.quote or text.text[end : end + 1] not in _QUESTION_MARKS:
                        return _Found(version, start, end, exact=text.text[start:end] == claim.quote)
        return None

    def _within_limits(self, versions: Sequence[VersionRecord]) -> Iterator[VersionRecord]:
        """Yield the versions to search approximately, within the limits."""
        length = 0
        for version in versions[:_MOST_VERSIONS]:
            if length and length + version.length > _MOST_FOLDED:
                return
            length += version.length
            self._budget.spend(version.length)
            yield version

    def _verdict_on_match(self, claim: Claim, found: _Found) -> Verdict:
        citation = self._resolution.citation(found.version, found.start, found.end)
        today = self._resolution.today(citation)
        if found.exact:
            return Verdict("verified", claim.quote, "", citation, today, 1.0)
        edits, causes = word_diff(claim.quote, citation.quote), find_adaptations(claim.quote, citation.quote)
        reason = describe_adaptations(causes)
        return Verdict("repaired", claim.quote, reason, citation, today, 1.0, edits, causes=causes)

    def _find_altered(self, claim: Claim, versions: Sequence[VersionRecord]) -> Verdict | None:
        quote = _whole_quote(claim)
        best = None
        for version in self._within_limits(_unique_texts(versions)[:_MOST_NEAR]):
            anchor = nearest(self._text(version), quote)
            if anchor and (best is None or anchor.similarity > best[1].similarity):
                best = version, anchor
        if best is None:
            return None
        citation = self._resolution.citation(best[0], best[1].start, best[1].end)
        edits = word_diff(claim.quote, citation.quote)
        similarity = round(best[1].similarity, 4)
        reason = "The nearest words differ."
        today = self._resolution.today(citation)
        causes: tuple[QuoteCause, ...] = ("words",)
        return Verdict("altered", claim.quote, reason, citation, today, similarity, edits, causes=causes)


def _as_misattributed(verdict: Verdict, claim: Claim, claimed: Sequence[VersionRecord]) -> Verdict:
    """Turn the verdict on words that were found in another document into ``misattributed``."""
    there = verdict.citation.document_id if verdict.citation else ""
    named = ", ".join(dict.fromkeys(repr(version.document_id) for version in claimed[:3]))
    reason = f"The words stand in {there!r}, not in {named or repr(claim.document_id)}."
    return replace(verdict, status="misattributed", reason=reason, causes=("document",))


def _as_repaired(verdict: Verdict, cited: Citation) -> Verdict:
    """Turn a verdict into ``repaired`` if the words are at another place than cited, or a part of it."""
    if _is_part(verdict, cited):
        return replace(verdict, status="repaired", reason=_PART, causes=("part",))
    return replace(verdict, status="repaired", reason=_ELSEWHERE, causes=("place",))


def _is_part(verdict: Verdict, cited: Citation) -> bool:
    return verdict.citation is not None and cited.covers(verdict.citation)


def _whole_quote(claim: Claim) -> Quote:
    return Quote(claim.quote, claim.prefix, claim.suffix, claim.start, torn=(False, False))


def _unique_texts(versions: Sequence[VersionRecord]) -> list[VersionRecord]:
    """Return the first version of each distinct text."""
    first: dict[bytes, VersionRecord] = {}
    for version in versions:
        first.setdefault(version.text_sha256, version)
    return list(first.values())
