"""Documents of a collection that disagree."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from index.answers import ConflictingSentence, DocumentConflict
from index.citations import Locator, Resolution
from index.citations.supersession import VALID_FROM
from index.collection.following import Following
from index.collection.questions import visible
from index.errors import CitationNotFound, DocumentNotFound
from index.filters import ReadableBy
from index.history import Archive
from index.protocols import Snapshot
from index.records import VersionRecord
from index.search.conflicts import ConflictSearch, FoundConflict, replaces, sentences_between
from index.text.sentences import Span

_DOCUMENTS = 100
"""Documents that are listed at once."""
_LONGEST = 4_000_000
"""Code points of a document that is read as a whole."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to go on: at an offset of the document with this id, or of the next one."""

    document_id: str = ""
    offset: int = 0


@dataclass(frozen=True, slots=True)
class ConflictPage:
    """Conflicts that were found, how many sentences were compared, and where to go on; None at the end.

    ``is_complete`` is false if the time was over, or nobody waited any more, before all was compared.
    """

    conflicts: tuple[DocumentConflict, ...]
    sentences: int
    next: Place | None
    is_complete: bool = True


class Conflicts:
    """Finds documents that disagree. Safe to use from several threads.

    ``readable`` is what the callers may see; None is everything. Both sentences are in what they may see.
    """

    def __init__(self, archive: Archive, following: Following, readable: ReadableBy | None = None) -> None:
        self._archive, self._following, self._readable = archive, following, readable

    def of(self, archive: Archive, readable: ReadableBy) -> Conflicts:
        """The same, for a restricted view of the archive."""
        return Conflicts(archive, self._following, readable)

    def of_citations(
        self,
        locators: Sequence[Locator],
        *,
        seconds: float | None = None,
        as_of: int | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> ConflictPage:
        """The sentences of other documents that disagree with the cited ones.

        It stops as :meth:`scan` does, but there is nowhere to go on. Raises
        :class:`index.errors.CitationNotFound`, and for an earlier change what questions raise.
        """
        is_over = _clock(seconds, stop)
        found: dict[tuple[str, str], DocumentConflict] = {}
        count = 0
        with self._opened(as_of) as opened:
            for version, span in opened.cited_sentences(locators):
                if count and is_over():
                    return ConflictPage(tuple(found.values()), count, None, is_complete=False)
                count += 1
                for one in opened.conflicts(version, span):
                    found[one.newer.citation.locator, one.older.citation.locator] = one
        return ConflictPage(tuple(found.values()), count, None)

    def scan(
        self,
        after: Place = Place(),
        *,
        limit: int = 100,
        seconds: float | None = None,
        as_of: int | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> ConflictPage:
        """Compare the documents in order of their ids; returns about ``limit`` conflicts, each pair once.

        It stops after so many ``seconds``, or when ``stop`` says that nobody waits any more, once it has
        compared a sentence or gone on to another document.
        """
        is_over = _clock(seconds, stop)
        found: list[DocumentConflict] = []
        count = 0
        with self._opened(as_of) as opened:
            for version, span in opened.all_sentences(after):
                has_moved = count > 0 or version.document_id != after.document_id
                if has_moved and (len(found) >= limit or is_over()):
                    at = Place(version.document_id, span[0])
                    return ConflictPage(tuple(found), count, at, is_complete=False)
                if span[0] < span[1]:
                    count += 1
                    found += opened.conflicts(version, span, above=version.document_id)
        return ConflictPage(tuple(found), count, None)

    @contextmanager
    def _opened(self, as_of: int | None) -> Iterator[_Opened]:
        derived = self._following.derivation
        with self._archive.resolution() as resolution:
            moment = resolution.moment
            where = visible(None, moment, self._readable)
            past = None if as_of is None else moment.at(as_of)
            passages, engine = (moment, derived.engine) if past is None else (past, derived.engine.at(past))
            search = ConflictSearch(passages, engine, derived.analyzer, where)
            yield _Opened(resolution, search, as_of, {})


def _clock(seconds: float | None, stop: Callable[[], bool]) -> Callable[[], bool]:
    """Returns what tells that so many seconds are over, or that nobody waits any more."""
    ends = None if seconds is None else time.monotonic() + seconds
    return lambda: (ends is not None and time.monotonic() > ends) or stop()


@dataclass(frozen=True, slots=True)
class _Opened:
    """One snapshot of the record, as of a change."""

    resolution: Resolution
    search: ConflictSearch
    as_of: int | None
    texts: dict[bytes, str]
    """The last text that was read."""

    @property
    def _moment(self) -> Snapshot:
        return self.resolution.moment

    def cited(self, locator: Locator) -> VersionRecord:
        citation = self.resolution.cite(locator)
        try:
            return self._moment.version(citation.document_id, citation.version)
        except DocumentNotFound:  # erased since
            raise CitationNotFound(f"There is no document {locator.document_id!r}.") from None

    def cited_sentences(self, locators: Sequence[Locator]) -> Iterator[tuple[VersionRecord, Span]]:
        """The sentences of which a part is cited."""
        for locator in locators:
            version = self.cited(locator)
            for span in self.sentences(version, locator.start, locator.end):
                yield version, span

    def all_sentences(self, after: Place) -> Iterator[tuple[VersionRecord, Span]]:
        """The sentences of all documents, from a place on; before those of a document an empty span."""
        for version in self._versions(after.document_id):
            begin = after.offset if version.document_id == after.document_id else 0
            yield version, (begin, begin)
            for span in self.sentences(version, begin, version.length):
                yield version, span

    def _versions(self, first: str) -> Iterator[VersionRecord]:
        """The versions of documents from an id on, in their order."""
        if first and (version := self._version(first)) is not None:
            yield version
        while records := self._moment.documents(
            limit=_DOCUMENTS, after=first, retired=self.as_of is not None
        ):
            for record in records:
                first = record.id
                if (version := self._version(first)) is not None:
                    yield version

    def _version(self, document_id: str) -> VersionRecord | None:
        if self.as_of is not None:
            return self._moment.version_at(document_id, self.as_of)
        found = self._moment.find_document(document_id)
        return None if found is None else self._moment.version(document_id)

    def _text(self, version: VersionRecord) -> str:
        if version.text_sha256 not in self.texts:
            self.texts.clear()
            self.texts[version.text_sha256] = self._moment.text(version.text_sha256)
        return self.texts[version.text_sha256]

    def sentences(self, version: VersionRecord, start: int, end: int) -> Iterator[Span]:
        """The sentences of a version's running text that begin in a span, or of which a part is in it."""
        if version.length > _LONGEST:
            return
        text = self._text(version)
        for block in self._moment.structure(version).blocks:
            if block.kind in ("paragraph", "list") and block.start < end and start < block.end:
                for span in sentences_between(text, block.start, block.end):
                    if span[0] < end and start < span[1]:
                        yield span

    def conflicts(
        self, version: VersionRecord, span: Span, *, above: str | None = None
    ) -> list[DocumentConflict]:
        """What disagrees with a sentence; with ``above`` only in documents whose ids come behind that."""
        found = self.search.of_sentence(version, span, self._text(version)[slice(*span)])
        return [self._cite(version, one) for one in found if above is None or one.other.document_id > above]

    def _cite(self, version: VersionRecord, one: FoundConflict) -> DocumentConflict:
        fact = one.fact
        mine = ConflictingSentence(
            self.resolution.citation(version, *one.span),
            fact.claimed,
            one.span[0] + fact.start,
            one.span[0] + fact.end,
            version.created,
        )
        theirs = ConflictingSentence(
            self.resolution.citation(one.other, *one.other_span),
            fact.stated,
            one.other_span[0] + fact.at,
            one.other_span[0] + fact.to,
            one.other.created,
        )
        is_newer = _is_newer(version, one.other)
        newer, older = (mine, theirs) if is_newer else (theirs, mine)
        supersedes = replaces(version, one.other) if is_newer else replaces(one.other, version)
        return DocumentConflict(fact.kind, newer, older, supersedes)


def _is_newer(version: VersionRecord, other: VersionRecord) -> bool:
    """Tell whether a document supersedes the other, else is valid from a later day, else was stored later."""
    if replaces(version, other) != replaces(other, version):
        return replaces(version, other)
    days = [str(one.metadata.get(VALID_FROM, "")) for one in (version, other)]
    if all(days) and days[0] != days[1]:
        return days[0] > days[1]
    return (version.created, version.document_id) > (other.created, other.document_id)
