"""Resolve citations: find the quote that a locator names and locate it in the newest version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from index.answers import Citation
from index.citations import citing
from index.citations.citing import Locator
from index.citations.quotes.anchoring import AnchoringText
from index.citations.references import News
from index.citations.standing import Standing, gone_since, standing
from index.citations.supersession import superseded_by
from index.errors import CitationNotFound
from index.protocols import Snapshot
from index.records import VersionRecord
from index.text.cache import TextCache
from index.text.layout import Layout, Rectangle
from index.text.tables import cells_between
from index.types import Block, Cell

MOST_CELLS = 256
"""Cells that are named of one quote."""


@dataclass(frozen=True, slots=True)
class Today:
    """The location of a citation in a later version, and a citation of the text at that location.

    ``version`` is the number of that version, of a retired document its newest; ``citation`` is None when
    the quote is gone.
    """

    standing: Standing
    version: int
    citation: Citation | None


@dataclass(frozen=True, slots=True)
class PageMark:
    """A rectangle to highlight, with the width and height of its page, in PDF points."""

    rectangle: Rectangle
    page_size: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A citation as it was made, the text around it, and its location in the newest version.

    ``rectangles`` are its positions on the pages of the file, if the reader provides them. ``cells`` are the
    cells of tables that it has a part of, at most :data:`MOST_CELLS`.
    """

    citation: Citation
    version: VersionRecord
    before: str
    after: str
    today: Today
    rectangles: tuple[PageMark, ...] = ()
    cells: tuple[Cell, ...] = ()
    superseded_by: tuple[str, ...] = ()
    """The ids of documents that supersede its document, by their metadata."""

    @property
    def news(self) -> News | None:
        """The fate of the citation, for the formats that carry it; None where it is as it was."""
        there, status = self.today.citation, self.today.standing.status
        if status == "current" and not self.superseded_by:
            return None
        return News(status, self.today.version, there.locator if there else "", self.superseded_by)


class Resolution:
    """Resolves citations within one snapshot of the record.

    ``prepared`` caches texts prepared for anchoring; its owner clears it when something is erased.
    """

    def __init__(self, moment: Snapshot, prepared: TextCache[AnchoringText]) -> None:
        self.moment = moment
        self._prepared = prepared

    def cite(self, locator: Locator) -> Citation:
        """Return the citation that a locator names. Raises :class:`index.errors.CitationNotFound`."""
        return self.citation(self._version(locator), locator.start, locator.end)

    def resolve(self, locator: Locator, *, around: int) -> Resolved:
        """As :meth:`cite`, with up to ``around`` code points of context, and located today."""
        version, start, end = self._version(locator), locator.start, locator.end
        packed = self.moment.layout(version)
        tables = self.moment.tables_at(version, start, end)
        newest = self.moment.version(version.document_id)
        span = self._span(version, start, end, around)
        citation = span.cite()
        return Resolved(
            citation,
            version,
            span.between(max(0, start - around), start),
            span.between(end, end + around),
            self._newest(citation, newest),
            () if packed is None else _marks(Layout.from_bytes(packed), start, end),
            span.cells(tables),
            superseded_by(self.moment, [version.document_id]).get(version.document_id, ()),
        )

    def citation(self, version: VersionRecord, start: int, end: int) -> Citation:
        """Return the citation of a span of a version."""
        return self._span(version, start, end).cite()

    def today(self, citation: Citation, version: VersionRecord | None = None) -> Today:
        """Locate a citation in the newest version of its document, or in the one given."""
        if version is None:
            return self._newest(citation, self.moment.version(citation.document_id))
        if version.text_sha256.hex() == citation.text_sha256:
            same = Standing("current", citation.start, citation.end, citation.quote, 1.0)
            return Today(same, version.number, citation)
        old = self.text(bytes.fromhex(citation.text_sha256))
        found = standing(old, (citation.start, citation.end), self.text(version.text_sha256))
        if found.status == "gone":
            return Today(found, version.number, None)
        return Today(found, version.number, self.citation(version, found.start, found.end))

    def text(self, sha256: bytes) -> AnchoringText:
        """Return a whole stored text, prepared for anchoring."""
        return self._prepared.get(
            sha256, lambda sha: AnchoringText(self.moment.text(sha)), self.moment.change
        )

    def _version(self, locator: Locator) -> VersionRecord:
        version = self.moment.version_by_text(locator.document_id, locator.text_sha256)
        if version is None:
            raise CitationNotFound(
                f"No stored version of {locator.document_id!r} has a text whose SHA-256 begins with "
                f"{locator.text_sha256}. The document was deleted, the version was pruned, or the locator is "
                "of another collection. Verify the quote itself to find where it stands.",
                document_id=locator.document_id,
            )
        if locator.end > version.length:
            raise CitationNotFound(
                f"'{locator}' ends past the text, which has {version.length} characters.",
                document_id=locator.document_id,
            )
        return version

    def _newest(self, citation: Citation, newest: VersionRecord) -> Today:
        if newest.retired is not None:
            return Today(gone_since(newest.retired), newest.number, None)
        return self.today(citation, newest)

    def _span(self, version: VersionRecord, start: int, end: int, around: int = 0) -> _Span:
        section, pages = self.moment.section_at(version, start, end)
        if version.length <= citing.LONGEST:
            text, at, is_whole = self.moment.text(version.text_sha256), 0, True
        else:
            around = max(around, citing.WINDOW)
            at, is_whole = max(0, start - around), False
            text = self.moment.text(version.text_sha256, at, end + around)
        return _Span(version, start, end, section, pages, text, at, is_whole)


@dataclass(frozen=True, slots=True)
class _Span:
    """A span of a version, with the text from offset ``at`` on: all of it, unless it is too long."""

    version: VersionRecord
    start: int
    end: int
    section: tuple[str, ...]
    pages: tuple[int, int] | None
    text: str
    at: int
    is_whole: bool

    def cite(self) -> Citation:
        excerpt = citing.Excerpt(self.version, self.start, self.end, self.text, self.at)
        whole = self.text if self.is_whole else None
        return citing.cite(excerpt, whole, section=self.section, pages=self.pages)

    def between(self, start: int, end: int) -> str:
        """The text from one offset of the version to another."""
        return self.text[start - self.at : end - self.at]

    def cells(self, tables: Sequence[Block]) -> tuple[Cell, ...]:
        """The cells of tables that the span has a part of, unless the text is too long."""
        if not tables or not self.is_whole:
            return ()
        return tuple(islice(cells_between(self.text, tables, self.start, self.end), MOST_CELLS))


def _marks(layout: Layout, start: int, end: int) -> tuple[PageMark, ...]:
    return tuple(PageMark(one, layout.page_size(one.page)) for one in layout.rectangles(start, end))
