"""Render pages for OCR, and find the pictures on pages of text that may show text, too."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING

import pypdfium2.raw as pdfium

from index.readers.pdf.file import PdfFile
from index.readers.pdf.geometry import Box, View
from index.readers.pdf.page import Page

if TYPE_CHECKING:
    from PIL.Image import Image

_SCALE = 300 / 72
"""Pixels for each point: OCR works best at 300 dots an inch."""
_MAX_PIXELS = 40_000_000
_MAX_SIDE = 12_000
_WHITE = 0xFFFFFFFF
_MIN_SIDE = 54.0
"""Points that a picture with text has at least, across and down."""
_MIN_SHARE = 0.03
"""Share of the page that it takes at least."""
_MAX_COVERED = 0.05
"""Share of it that text may cover: more is a text layer, or a background."""
_MAX_PICTURES = 16


def render(file: PdfFile, page: Page, part: Box) -> tuple[Image, float]:
    """Render a part of a page in greyscale; returns the image and its pixels for each point."""
    from PIL import Image

    wide, high = max(1.0, part.x1 - part.x0), max(1.0, part.y1 - part.y0)
    scale = min(_SCALE, (_MAX_PIXELS / (wide * high)) ** 0.5, _MAX_SIDE / wide, _MAX_SIDE / high)
    width, height = max(1, int(wide * scale)), max(1, int(high * scale))
    shown = max(1, int(page.width * scale)), max(1, int(page.height * scale))
    handle = pdfium.FPDF_LoadPage(file.document, page.number - 1)
    bitmap = pdfium.FPDFBitmap_CreateEx(width, height, pdfium.FPDFBitmap_Gray, None, 0)
    if not bitmap:
        pdfium.FPDF_ClosePage(handle)
        raise MemoryError
    try:
        pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, _WHITE)
        start = -round(part.x0 * scale), -round(part.y0 * scale)
        pdfium.FPDF_RenderPageBitmap(bitmap, handle, *start, *shown, 0, pdfium.FPDF_ANNOT)
        stride = pdfium.FPDFBitmap_GetStride(bitmap)
        pixels = pdfium.FPDFBitmap_GetBuffer(bitmap)
        data = bytes((pdfium.c_ubyte * (stride * height)).from_address(pixels))
    finally:
        pdfium.FPDFBitmap_Destroy(bitmap)
        pdfium.FPDF_ClosePage(handle)
    return Image.frombuffer("L", (width, height), data, "raw", "L", stride, 1), scale


def pictures_without_text(file: PdfFile, page: Page) -> list[Box]:
    """The pictures on a page that are large enough for text, and have little or none over them."""
    handle = pdfium.FPDF_LoadPage(file.document, page.number - 1)
    try:
        view = View.of(handle)
        boxes = [_visible(box, page) for box in _pictures(handle, view)]
    finally:
        pdfium.FPDF_ClosePage(handle)
    large = [
        box
        for box in _joined([box for box in boxes if box.x0 < box.x1 and box.y0 < box.y1])
        if min(box.x1 - box.x0, box.y1 - box.y0) >= _MIN_SIDE
        and _area(box) >= _MIN_SHARE * page.width * page.height
    ]
    return [box for box in large if _covered(box, page) <= _MAX_COVERED * _area(box)]


def _pictures(handle: object, view: View) -> list[Box]:
    found = []
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    for at in range(pdfium.FPDFPage_CountObjects(handle)):
        one = pdfium.FPDFPage_GetObject(handle, at)
        if pdfium.FPDFPageObj_GetType(one) != pdfium.FPDF_PAGEOBJ_IMAGE:
            continue
        if pdfium.FPDFPageObj_GetBounds(one, left, bottom, right, top):
            found.append(view.box(left.value, bottom.value, right.value, top.value))
    return found


def _visible(box: Box, page: Page) -> Box:
    return Box(max(0.0, box.x0), max(0.0, box.y0), min(page.width, box.x1), min(page.height, box.y1))


def _joined(boxes: list[Box]) -> list[Box]:
    """Boxes of which none touches another: scanners save a picture in strips."""
    found: list[Box] = []
    for box in boxes:
        whole = box
        while touching := [one for one in found if _touch(one, whole)]:
            for one in touching:
                found.remove(one)
                whole = whole.union(one)
        found.append(whole)
        if len(found) > _MAX_PICTURES:
            return found
    return found


def _touch(a: Box, b: Box) -> bool:
    return a.x0 <= b.x1 + 1 and b.x0 <= a.x1 + 1 and a.y0 <= b.y1 + 1 and b.y0 <= a.y1 + 1


def _area(box: Box) -> float:
    return (box.x1 - box.x0) * (box.y1 - box.y0)


def _covered(box: Box, page: Page) -> float:
    """The area of a box that words cover."""
    words = [word.box for line in page.lines for word in line.words]
    inside = [
        word
        for word in words
        if box.x0 <= (word.x0 + word.x1) / 2 <= box.x1 and box.y0 <= (word.y0 + word.y1) / 2 <= box.y1
    ]
    return sum(map(_area, inside))
