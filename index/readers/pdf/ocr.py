"""OCR: read pages that are pictures with Tesseract (the extra ``ocr``)."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import pypdfium2.raw as pdfium

from index.errors import NoTextLayer
from index.readers.base.normalisation import normalise
from index.readers.pdf.file import PdfFile
from index.readers.pdf.geometry import Box
from index.readers.pdf.page import Line, Page, Word

if TYPE_CHECKING:
    from PIL.Image import Image

_SCALE = 300 / 72
"""Pixels for each point: Tesseract works best at 300 dots an inch."""
_MAX_PIXELS = 40_000_000
_WHITE = 0xFFFFFFFF
_LETTER_HEIGHT = 0.75
"""Approximate height of tall letters above the baseline, in font sizes."""


def ocr_page(file: PdfFile, page: Page, languages: str) -> None:
    """Set the lines of a page to those that Tesseract reads, in languages such as ``eng+deu``.

    Raises :class:`index.errors.NoTextLayer` if Tesseract, its Python package or a language is missing.
    """
    try:
        import pytesseract
    except ImportError as error:
        raise _unavailable(file, "its Python package is not installed: pip install 'loccit[ocr]'") from error
    image, scale = _render(file, page)
    try:
        found = pytesseract.image_to_data(image, lang=languages, output_type=pytesseract.Output.DICT)
    except pytesseract.TesseractNotFoundError as error:
        raise _unavailable(file, "the program tesseract is not installed") from error
    except pytesseract.TesseractError as error:
        raise _unavailable(file, f"it failed; are its languages {languages!r} installed?") from error
    page.lines = _lines(found, page.number, scale, file.name)


def _unavailable(file: PdfFile, reason: str) -> NoTextLayer:
    return NoTextLayer(f"{file.name}: a page of it is a picture, and Tesseract cannot read it: {reason}.")


def _render(file: PdfFile, page: Page) -> tuple[Image, float]:
    """Render the page in greyscale; returns the image and its pixels for each point."""
    from PIL import Image

    scale = min(_SCALE, (_MAX_PIXELS / max(1.0, page.width * page.height)) ** 0.5)
    width, height = max(1, int(page.width * scale)), max(1, int(page.height * scale))
    handle = pdfium.FPDF_LoadPage(file.document, page.number - 1)
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        pdfium.FPDF_RenderPageBitmap(bitmap, handle, 0, 0, width, height, 0, pdfium.FPDF_ANNOT)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        pixels = pdfium.FPDFBitmap_GetBuffer(bitmap)
        data = bytes((pdfium.c_ubyte * (stride * height)).from_address(pixels))
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
        pdfium.FPDF_ClosePage(handle)
    return Image.frombuffer("L", (width, height), data, "raw", "L", stride, 1), scale


def _lines(found: dict[str, list[Any]], page: int, scale: float, name: str) -> list[Line]:
    """Make lines of Tesseract's table of words."""
    places = zip(found["block_num"], found["par_num"], found["line_num"], strict=True)
    lines = []
    for _, group in groupby(enumerate(places), key=lambda pair: pair[1]):
        words = [
            Word("".join(normalise(found["text"][at], name=name).split()), _box(found, at, scale))
            for at, _ in group
            if str(found["text"][at]).strip()
        ]
        if words := [word for word in words if word.text]:
            bottom = sorted(word.box.y1 for word in words)[len(words) // 2]
            top = sorted(word.box.y0 for word in words)[len(words) // 2]
            lines.append(Line(words, page, size=(bottom - top) / _LETTER_HEIGHT, baseline=bottom))
    return lines


def _box(found: dict[str, list[Any]], at: int, scale: float) -> Box:
    left, top = found["left"][at] / scale, found["top"][at] / scale
    return Box(left, top, left + found["width"][at] / scale, top + found["height"][at] / scale)
