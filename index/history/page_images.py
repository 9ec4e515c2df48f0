"""Pictures of the pages of documents, drawn from their originals when they are asked for."""

from index.protocols import Originals
from index.readers import PageImage, Readers
from index.records import VersionRecord
from index.text.cache import TextCache
from index.types import Figure

_MOST = 16 * 2**20
"""Bytes of pictures that are kept in memory, about a hundred pages."""
_PDF = "application/pdf"


def has_page_images(version: VersionRecord) -> bool:
    """Whether the pages of a version can be drawn where its original is kept."""
    return version.media_type == _PDF


class PageImages:
    """Draws pages of PDF files, and keeps those drawn last in memory, never on disk. Thread-safe.

    Nothing of an erased document stays or comes back after :meth:`forget`.
    """

    def __init__(self, originals: Originals, readers: Readers) -> None:
        self._originals = originals
        self._readers = readers
        self._drawn = TextCache[PageImage](_MOST, lambda one: len(one.png))

    def get(self, version: VersionRecord, part: Figure | int, width: int, change: int) -> PageImage:
        """A page of a version as a picture, by its number, or only a figure on it.

        ``change`` is that of the snapshot that has the version. Raises :class:`FileNotFoundError` if the
        original is not kept, and what :meth:`index.readers.Readers.draw` raises.
        """
        key = version.source_sha256 + f" {part} {width}".encode()
        return self._drawn.get(key, lambda _: self._draw(version, part, width), change)

    def forget(self, change: int) -> None:
        """Drop all pictures, because this change or an earlier one erased something."""
        self._drawn.clear(change)

    def _draw(self, version: VersionRecord, part: Figure | int, width: int) -> PageImage:
        with self._originals.open(version.source_sha256) as file:
            data = file.read()
        if isinstance(part, int):
            return self._readers.draw(data, name=version.document_id, page=part, width=width)
        return self._readers.draw(data, name=version.document_id, page=part.page, width=width, part=part)
