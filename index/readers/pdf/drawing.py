"""Draw a page of a PDF file as it is shown, after rotation and cropping."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from index.errors import CorruptDocument, DocumentTooLarge, PageNotFound
from index.readers.page_image import PageImage, page_image
from index.readers.pdf.file import PdfFile, open_pdf
from index.readers.pdf.page import MAX_PAGE_OBJECTS
from index.readers.pdf.streams import refuse_long_streams

MAX_PIXELS = 12_000_000
MAX_SIDE = 16_000
"""Longest side of a picture in pixels: browsers show none that is much longer."""
_WHITE = 0xFFFFFFFF
_BYTES_PER_PIXEL = 4


def draw_page(data: bytes, *, name: str, page: int, width: int, password: str = "") -> PageImage:
    """Draw a page, which counts from 1, ``width`` pixels wide; a long page is drawn smaller.

    Raises :class:`index.errors.PageNotFound`, :class:`index.errors.EncryptedDocument`,
    :class:`index.errors.CorruptDocument` and :class:`index.errors.DocumentTooLarge`.
    """
    refuse_long_streams(data, name=name)
    with open_pdf(data, name=name, password=password) as file:
        if not 1 <= page <= file.page_count:
            raise PageNotFound(f"{name} has no page {page}: its pages are 1 to {file.page_count}.")
        with _load_page(file, page) as handle:
            shown = pdfium.FPDF_GetPageWidthF(handle), pdfium.FPDF_GetPageHeightF(handle)
            return page_image(_draw(handle, *_size_in_pixels(*shown, width)))


def _size_in_pixels(page_width: float, page_height: float, width: int) -> tuple[int, int]:
    wide, high = max(page_width, 1.0), max(page_height, 1.0)
    scale = min(width / wide, MAX_SIDE / high, (MAX_PIXELS / (wide * high)) ** 0.5)
    return max(1, round(wide * scale)), max(1, round(high * scale))


@contextmanager
def _load_page(file: PdfFile, number: int) -> Iterator[Any]:
    handle = pdfium.FPDF_LoadPage(file.document, number - 1)
    if not handle:
        raise CorruptDocument(
            f"{file.name}: page {number} is damaged and cannot be drawn. Open the file in a PDF program and "
            "save it again."
        )
    try:
        if (count := int(pdfium.FPDFPage_CountObjects(handle))) > MAX_PAGE_OBJECTS:
            raise DocumentTooLarge(
                f"{file.name}: page {number} has {count:,} graphics objects; pages with more than "
                f"{MAX_PAGE_OBJECTS:,} are not drawn."
            )
        yield handle
    finally:
        pdfium.FPDF_ClosePage(handle)


def _draw(handle: Any, width: int, height: int) -> NDArray[np.uint8]:
    """The pixels of a page, shape (height, width, 3): red, green and blue."""
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_BGRx, None, 0)
    if not bitmap:
        raise MemoryError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, handle, 0, 0, width, height, 0, pdfium.FPDF_ANNOT)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        address = pdfium.FPDFBitmap_GetBuffer(bitmap)
        held = (pdfium.c_ubyte * (stride * height)).from_address(address)
        rows = np.frombuffer(held, np.uint8).reshape(height, stride)[:, : width * _BYTES_PER_PIXEL]
        return rows.reshape(height, width, _BYTES_PER_PIXEL)[:, :, 2::-1].copy()
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
