"""The read flow of citations: what a locator names, and what became of it since."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from index import citing
from index.anchoring import AnchoringText
from index.answers import Citation
from index.errors import CitationNotFound, DocumentNotFound, VersionNotFound
from index.layout import Layout, Rectangle
from index.protocols import RecordStore
from index.records import VersionRecord
from index.standing import Standing, standing
from index.text_cache import TextCache


@dataclass(frozen=True, slots=True)
class Today:
    """What became of a citation: its standing, and the citation of what stands in its place.

    ``version`` is the number of the version that was looked at; ``citation`` is None when it is gone.
    """

    standing: Standing
    version: int
    citation: Citation | None


@dataclass(frozen=True, slots=True)
class PageMark:
    """A rectangle to mark, and the width and height of its page, in PDF points."""

    rectangle: Rectangle
    page_size: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A citation exactly as it was cited, the text around it, and what became of it.

    ``rectangles`` are where it is shown on the pages of the file, where that is known.
    """

    citation: Citation
    version: VersionRecord
    before: str
    after: str
    today: Today
    rectangles: tuple[PageMark, ...] = ()


class Resolution:
    """Resolves citations. Safe to use from several threads.

    ``prepared`` keeps the texts in which words were looked for: whoever owns it clears it when something
    is erased.
    """

    def __init__(self, store: RecordStore, prepared: TextCache[AnchoringText]) -> None:
        self.store = store
        self._prepared = prepared

    def cite(self, locator: str) -> Citation:
        """The citation that a locator names, of the newest version or of an older one.

        Raises :class:`index.errors.InvalidLocator`, :class:`index.errors.CitationNotFound`.
        """
        version, start, end = self._named(locator)
        return self.citation(version, start, end)

    def resolve(self, locator: str, *, around: int) -> Resolved:
        """As :meth:`cite`, with at most ``around`` code points on each side, and its standing today."""
        version, start, end = self._named(locator)
        text = self.store.text(version.text_sha256, max(0, start - around), end + around)
        citation = self.citation(version, start, end)
        before = min(around, start)
        after = text[before + end - start :]
        marks = self._marks(version, start, end)
        return Resolved(citation, version, text[:before], after, self.today(citation), marks)

    def _marks(self, version: VersionRecord, start: int, end: int) -> tuple[PageMark, ...]:
        packed = self.store.layout(version)
        if packed is None:
            return ()
        layout = Layout.from_bytes(packed)
        return tuple(PageMark(one, layout.page_size(one.page)) for one in layout.rectangles(start, end))

    def _named(self, locator: str) -> tuple[VersionRecord, int, int]:
        wanted = citing.parse_locator(locator)
        version = self.store.version_by_text(wanted.document_id, wanted.text_sha256)
        if version is None:
            raise CitationNotFound(
                f"No stored version of {wanted.document_id!r} has a text whose SHA-256 begins with "
                f"{wanted.text_sha256}. The document was deleted, the version was pruned, or the locator is "
                "of another collection. With the quote itself, POST /v1/verify may find where it stands."
            )
        if wanted.end > version.length:
            raise CitationNotFound(f"{locator!r} ends past the text, which has {version.length} characters.")
        return version, wanted.start, wanted.end

    def citation(self, version: VersionRecord, start: int, end: int) -> Citation:
        """The citation of a span of a version. Raises :class:`CitationNotFound` if it is erased meanwhile."""
        at, until = citing.window(start, end)
        with _kept(version.document_id):
            excerpt = citing.Excerpt(version, start, end, self.store.text(version.text_sha256, at, until), at)
            if len(excerpt.quote) != end - start:
                raise VersionNotFound("The text was erased between two looks at it.")
            section, pages = self.store.section_at(version, start, end)
            whole = self.store.text(version.text_sha256) if version.length <= citing.LONGEST else None
        return citing.cite(excerpt, whole, section=section, pages=pages)

    def today(self, citation: Citation, version: VersionRecord | None = None) -> Today:
        """What became of a citation in the newest version of its document, or in the one given.

        Raises :class:`CitationNotFound` if one of them is erased meanwhile.
        """
        with _kept(citation.document_id):
            return self._today(citation, version or self.store.version(citation.document_id))

    def _today(self, citation: Citation, version: VersionRecord) -> Today:
        if version.text_sha256.hex() == citation.text_sha256:
            same = Standing("current", citation.start, citation.end, citation.quote, 1.0)
            return Today(same, version.number, citation)
        old = self.text(bytes.fromhex(citation.text_sha256))
        found = standing(old, (citation.start, citation.end), self.text(version.text_sha256))
        if found.status == "gone":
            return Today(found, version.number, None)
        return Today(found, version.number, self.citation(version, found.start, found.end))

    def text(self, sha256: bytes) -> AnchoringText:
        """A whole stored text, ready to find quotes in."""
        return self._prepared.get(sha256, lambda name: AnchoringText(self.store.text(name)))


@contextmanager
def _kept(document_id: str) -> Iterator[None]:
    """What is erased between two looks at it is not found, as if it had been erased before the first."""
    try:
        yield
    except (VersionNotFound, DocumentNotFound) as error:
        raise CitationNotFound(f"{document_id!r} was deleted or pruned a moment ago.") from error
