"""Open PDF files with PDFium: their metadata, outline and number of pages.

PDFium is not thread-safe, so a file is open under a lock. ISO 32000-2 defines the format: 7.9.4 dates, 12.3.3
the outline, 14.3.3 the document information dictionary.
"""

import ctypes
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from index.errors import CorruptDocument, DocumentTooLarge, EncryptedDocument
from index.readers.base.normalisation import one_line

MAX_PAGES = 20_000
_MAX_OUTLINE = 10_000
"""Entries of an outline. The limit also ends an outline with cycles."""
_MAX_VALUE = 65_536
"""Bytes of a title or a metadata value; longer values are left out."""

_DATE = re.compile(r"(?:D:)?(\d{4})(\d\d)?(\d\d)?")
_PROGRAM = re.compile(
    r"^Microsoft (?:Word|PowerPoint|Excel) - |^untitled$|^\(?anonymous\)?$|^unspecified$", re.I
)
"""Values that programs write if the user entered no title or author."""
_TAGS = {"author": "Author", "description": "Subject", "keywords": "Keywords"}

_LOCK = threading.RLock()

_READY = bool(pypdfium2.PYPDFIUM_INFO)  # importing pypdfium2 initialises the library


@dataclass(frozen=True, slots=True)
class OutlineEntry:
    """A bookmark. ``page`` counts from 1, ``depth`` from 0; ``y`` is its target's position or None.

    ``y`` is in PDF points, in the page's own coordinates from the bottom, before rotation and cropping.
    """

    title: str
    depth: int
    page: int
    y: float | None


@dataclass(slots=True)
class PdfFile:
    """An open file. ``document`` is PDFium's handle."""

    name: str
    document: Any
    page_count: int

    def title(self) -> str:
        """The title that the file declares; empty for default titles of programs."""
        return _PROGRAM.sub("", self._metadata("Title")).strip()

    def metadata(self) -> dict[str, str]:
        """Author, description, keywords, date (ISO 8601) and language, as far as the file has them."""
        values = {key: _PROGRAM.sub("", self._metadata(tag)) for key, tag in _TAGS.items()}
        values["date"] = iso_date(self._metadata("CreationDate"))
        values["language"] = self._language()
        return {key: value for key, value in values.items() if value}

    def labels(self) -> list[str]:
        """The label that the file gives each page, such as ``iv``; empty where it gives none."""
        return [self._label(page) for page in range(self.page_count)] if self._label(0) else []

    def outline(self) -> list[OutlineEntry]:
        """The bookmarks that lead to a page, in order."""
        entries: list[OutlineEntry] = []
        seen: set[int] = set()
        waiting = [(self._child(None), 0)]
        while waiting and len(seen) < _MAX_OUTLINE:
            bookmark, depth = waiting.pop()
            address = ctypes.cast(bookmark, ctypes.c_void_p).value
            if not address or address in seen:
                continue
            seen.add(address)
            if entry := self._entry(bookmark, depth):
                entries.append(entry)
            waiting.append((pdfium.FPDFBookmark_GetNextSibling(self.document, bookmark), depth))
            waiting.append((self._child(bookmark), depth + 1))
        return entries

    def _child(self, bookmark: Any) -> Any:
        return pdfium.FPDFBookmark_GetFirstChild(self.document, bookmark)

    def _entry(self, bookmark: Any, depth: int) -> OutlineEntry | None:
        title = _string(lambda buffer, size: pdfium.FPDFBookmark_GetTitle(bookmark, buffer, size))
        place = pdfium.FPDFBookmark_GetDest(self.document, bookmark)
        page = pdfium.FPDFDest_GetDestPageIndex(self.document, place) if place else -1
        if not title or page < 0:
            return None
        has_x, has_y, has_zoom = ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
        x, y, zoom = ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
        pdfium.FPDFDest_GetLocationInPage(place, has_x, has_y, has_zoom, x, y, zoom)
        return OutlineEntry(title, depth, page + 1, y.value if has_y.value else None)

    def _label(self, index: int) -> str:
        return _string(lambda buffer, size: pdfium.FPDF_GetPageLabel(self.document, index, buffer, size))

    def _metadata(self, tag: str) -> str:
        key = tag.encode("ascii")
        return _string(lambda buffer, size: pdfium.FPDF_GetMetaText(self.document, key, buffer, size))

    def _language(self) -> str:
        return _string(lambda buffer, size: pdfium.FPDFCatalog_GetLanguage(self.document, buffer, size))


@contextmanager
def open_pdf(data: bytes, *, name: str, password: str) -> Iterator[PdfFile]:
    """Open a file until the end of the ``with`` block.

    Raises :class:`index.errors.EncryptedDocument`, :class:`index.errors.CorruptDocument` and, above
    ``MAX_PAGES`` pages, :class:`index.errors.DocumentTooLarge`.
    """
    with _LOCK:
        document = pdfium.FPDF_LoadMemDocument64(data, len(data), password.encode() or None)
        if not document:
            raise _refusal(pdfium.FPDF_GetLastError(), name=name, password=password)
        try:
            yield PdfFile(name, document, _page_count(document, name=name))
        finally:
            pdfium.FPDF_CloseDocument(document)


def iso_date(value: str) -> str:
    """Convert ``D:20240229…`` to ``2024-02-29``, without parts that are missing; empty if it is no date.

    The day is in the time zone where the file was made.
    """
    match = _DATE.match(value)
    if match is None:
        return ""
    year, month, day = match.groups()
    try:
        datetime(int(year), int(month or 1), int(day or 1))  # noqa: DTZ001 -- only to see if there is such a day
    except ValueError:
        return ""
    return "-".join(part for part in (year, month, day) if part)


def _page_count(document: Any, *, name: str) -> int:
    pages = int(pdfium.FPDF_GetPageCount(document))
    if pages > MAX_PAGES:
        raise DocumentTooLarge(
            f"{name}: it has {pages:,} pages; at most {MAX_PAGES:,} are read. Split it into parts."
        )
    if pages < 1:
        raise CorruptDocument(
            f"{name}: this PDF file has no pages. Open it in a PDF program and save it again."
        )
    return pages


def _refusal(error: int, *, name: str, password: str) -> Exception:
    if error == pdfium.FPDF_ERR_PASSWORD and password:
        return EncryptedDocument(f"{name}: it is encrypted, and the password given does not open it.")
    if error == pdfium.FPDF_ERR_PASSWORD:
        return EncryptedDocument(
            f"{name}: it is encrypted, and a password is needed to read it. Save a copy without a password."
        )
    if error == pdfium.FPDF_ERR_SECURITY:
        return EncryptedDocument(
            f"{name}: it is encrypted in a way that cannot be read here. Save a copy without encryption."
        )
    return CorruptDocument(
        f"{name}: the PDF file is damaged or truncated. Open it in a PDF program and save it again, "
        "or send it again."
    )


def _string(fill: Any) -> str:
    """Read a string from PDFium. ``fill`` returns its size in bytes, including two for the NUL at its end."""
    size = fill(None, 0)
    if not 2 < size <= _MAX_VALUE:
        return ""
    buffer = (ctypes.c_ushort * (size // 2))()
    fill(buffer, size)
    return one_line(bytes(buffer)[: size - 2].decode("utf-16-le", "replace"))
