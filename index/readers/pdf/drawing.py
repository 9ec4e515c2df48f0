"""Draw a page of a PDF file as it is shown, after rotation and cropping."""

import math
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
from index.types import Figure

MAX_PIXELS = 12_000_000
MAX_SIDE = 16_000
"""Longest side of a picture in pixels: browsers show none that is much longer."""
_MOST_SCALE = 6.0
"""Pixels for each point of a part of a page, unless the whole page would have more."""
_WHITE = 0xFFFFFFFF
_BYTES_PER_PIXEL = 4


def draw_page(
    data: bytes, *, name: str, page: int, width: int, part: Figure | None = None, password: str = ""
) -> PageImage:
    """Draw a page, which counts from 1, or only the part with a figure.

    The picture is ``width`` pixels wide; one of a long page, or of a small part, is smaller.

    Raises :class:`index.errors.PageNotFound`, :class:`index.errors.EncryptedDocument`,
    :class:`index.errors.CorruptDocument` and :class:`index.errors.DocumentTooLarge`.
    """
    refuse_long_streams(data, name=name)
    with open_pdf(data, name=name, password=password) as file:
        if not 1 <= page <= file.page_count:
            raise PageNotFound(f"{name} has no page {page}: its pages are 1 to {file.page_count}.")
        with _load_page(file, page) as handle:
            shown = pdfium.FPDF_GetPageWidthF(handle), pdfium.FPDF_GetPageHeightF(handle)
            return page_image(_draw(handle, shown, part or Figure(0, 0, page, 0.0, 0.0, *shown), width))


def _scale(part: Figure, width: int, *, most: float) -> float:
    """Pixels for each point, with which a part of a page is about ``width`` pixels wide."""
    wide, high = max(part.x1 - part.x0, 1.0), max(part.y1 - part.y0, 1.0)
    return min(width / wide, MAX_SIDE / high, math.sqrt(MAX_PIXELS / (wide * high)), most)


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


def _draw(handle: Any, page: tuple[float, float], part: Figure, width: int) -> NDArray[np.uint8]:
    """The pixels of a part of a page of this size, shape (height, width, 3): red, green and blue."""
    # Small parts are not enlarged without end: the whole page is laid out at their scale.
    scale = _scale(part, width, most=max(_MOST_SCALE, width / max(page[0], 1.0)))
    width, height = (max(1, round(side * scale)) for side in (part.x1 - part.x0, part.y1 - part.y0))
    start = -round(part.x0 * scale), -round(part.y0 * scale)
    size = max(1, round(page[0] * scale)), max(1, round(page[1] * scale))
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_BGRx, None, 0)
    if not bitmap:
        raise MemoryError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, handle, *start, *size, 0, pdfium.FPDF_ANNOT)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        address = pdfium.FPDFBitmap_GetBuffer(bitmap)
        held = (pdfium.c_ubyte * (stride * height)).from_address(address)
        rows = np.frombuffer(held, np.uint8).reshape(height, stride)[:, : width * _BYTES_PER_PIXEL]
        return rows.reshape(height, width, _BYTES_PER_PIXEL)[:, :, 2::-1].copy()
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
