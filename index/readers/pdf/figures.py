"""Find the pictures on the pages of a PDF file that have a caption, such as "Figure 3: The lamp"."""

import ctypes
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from index.readers.pdf.file import PdfFile
from index.readers.pdf.geometry import Box, View
from index.readers.pdf.page import Line, Page

_CAPTION = re.compile(
    r"(?:(?i:fig(?:ure|\.)?|abb(?:ildung|\.)?|figura|figuur|plate|map|chart|exhibit|photo(?:graph)?|illustration"
    r"|diagram|scheme|рис(?:унок|\.)?)\s*|[図图圖]\s*|그림\s*)(?:[A-Z]{1,2}[.-]?)?\d{1,3}(?:[.-]\d{1,3}){0,2}[a-z]?"
    r"(?:\s?[.:|–—)\u3000]|\s+[^\W\d_a-zа-я]|$)"
)
_MAX_TEXT = 80
_MOST_OBJECTS = 20_000
"""Objects of a page that are looked at; a picture of more has the box of these."""
_CELL = 6.0
"""Points; what is drawn this close together is one picture."""
_MOST_CELLS = 50_000
"""Cells of the grid of a page."""
_MIN_SIDE = 36.0
_MAX_SHARE = 0.85
"""Share of a page above which something drawn is its background."""
_MAX_GAP = 60.0
"""Points between a picture and its caption."""
_PANEL_GAP = 30.0
"""Points between the parts of a picture."""
_LABEL_GAP = 14.0
_LABEL_WORDS = 8
"""Words of a line, at most, that is a label of the picture beside it."""
_DRAWN = (
    pdfium.FPDF_PAGEOBJ_IMAGE,
    pdfium.FPDF_PAGEOBJ_PATH,
    pdfium.FPDF_PAGEOBJ_SHADING,
    pdfium.FPDF_PAGEOBJ_FORM,
)

Figures = Mapping[int, Box]
"""The box of a picture by the ``id`` of the line that begins its caption."""
NO_FIGURES: Figures = {}


def find_figures(file: PdfFile, pages: Iterable[Page]) -> Figures:
    """Find the pictures that have a caption, on the pages with a line that begins one."""
    found: dict[int, Box] = {}
    for page in pages:
        captions = [line for line in page.lines if line.upright and _CAPTION.match(line.text[:_MAX_TEXT])]
        if captions:
            captions.sort(key=lambda line: line.box.y0)
            found |= _match(page, captions, _drawn(file, page))
    return found


def _match(page: Page, captions: Sequence[Line], drawn: list[Box]) -> dict[int, Box]:
    """Give each caption the picture above it, or else the one below it."""
    found: dict[int, Box] = {}
    for line in captions:
        beside = [box for box in drawn if _overlap(box.x0, box.x1, line.box.x0, line.box.x1)]
        above = [box for box in beside if -_CELL <= line.box.y0 - box.y1 <= _MAX_GAP]
        below = [box for box in beside if -_CELL <= box.y0 - line.box.y1 <= _MAX_GAP]
        if not above and not below:
            continue
        nearest = max(above, key=lambda box: box.y1) if above else min(below, key=lambda box: box.y0)
        others = [one for one in captions if one is not line]
        parts = list(_panels(nearest, drawn, page, others))
        for part in parts:
            drawn.remove(part)
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.union(part)
        found[id(line)] = _with_labels(whole, page, captions)
    return found


def _panels(nearest: Box, drawn: Sequence[Box], page: Page, others: Sequence[Line]) -> Iterator[Box]:
    """The parts of a picture: what is drawn near to it, unless it is that of another caption."""
    whole, rest = nearest, [box for box in drawn if box is not nearest]
    yield nearest
    while part := next((box for box in rest if _is_panel(whole, box, page, others)), None):
        rest.remove(part)
        whole = whole.union(part)
        yield part


def _is_panel(whole: Box, box: Box, page: Page, others: Sequence[Line]) -> bool:
    across = max(whole.x0, box.x0) - min(whole.x1, box.x1)
    low, high = min(whole.y1, box.y1), max(whole.y0, box.y0)
    if across > 0:  # beside it
        height = min(whole.y1 - whole.y0, box.y1 - box.y0)
        has_other = any(
            _overlap(one.box.x0, one.box.x1, box.x0, box.x1) and abs(one.box.y0 - box.y1) <= _MAX_GAP
            for one in others
        )
        return across <= _PANEL_GAP and low - high >= height / 2 and not has_other
    ids = {id(line) for line in others}
    between = [line for line in page.lines if low - 2 <= line.box.y0 and line.box.y1 <= high + 2]
    is_text = any(id(line) in ids or len(line.words) > _LABEL_WORDS for line in between)
    return high - low <= _PANEL_GAP and not is_text


def _with_labels(box: Box, page: Page, captions: Sequence[Line]) -> Box:
    """A picture with the short lines close to it, such as the labels of an axis; on the page."""
    ids = {id(line) for line in captions}
    labels = [line.box for line in page.lines if id(line) not in ids and len(line.words) <= _LABEL_WORDS]
    for _ in range(2):
        for label in labels:
            within = _overlap(label.x0, label.x1, box.x0 - _LABEL_GAP, box.x1 + _LABEL_GAP)
            if within and _overlap(label.y0, label.y1, box.y0 - _LABEL_GAP, box.y1 + _LABEL_GAP):
                box = box.union(label)
    return Box(max(0.0, box.x0), max(0.0, box.y0), min(page.width, box.x1), min(page.height, box.y1))


def _overlap(start: float, end: float, other_start: float, other_end: float) -> bool:
    return start < other_end and other_start < end


def _drawn(file: PdfFile, page: Page) -> list[Box]:
    """The boxes of what is drawn on a page, together where it is close together."""
    handle = pdfium.FPDF_LoadPage(file.document, page.number - 1)
    if not handle:
        return []
    try:
        boxes = _visible(_bounds(handle), View.of(handle), page)
    finally:
        pdfium.FPDF_ClosePage(handle)
    return [box for box in _joined(boxes, page) if min(box.x1 - box.x0, box.y1 - box.y0) >= _MIN_SIDE]


def _bounds(handle: Any) -> NDArray[np.float64]:
    """The left, bottom, right and top sides of what is drawn, in the page's own coordinates."""
    sides = (ctypes.c_float * 4)()
    size = ctypes.sizeof(ctypes.c_float)
    places = [ctypes.pointer(ctypes.c_float.from_buffer(sides, at * size)) for at in range(len(sides))]
    found = []
    for at in range(min(pdfium.FPDFPage_CountObjects(handle), _MOST_OBJECTS)):
        one = pdfium.FPDFPage_GetObject(handle, at)
        if pdfium.FPDFPageObj_GetType(one) in _DRAWN and pdfium.FPDFPageObj_GetBounds(one, *places):
            found.append(sides[:])
    return np.array(found, np.float64).reshape(-1, 4)


def _visible(bounds: NDArray[np.float64], view: View, page: Page) -> NDArray[np.float64]:
    """The boxes on the page as shown, each with its x0, y0, x1 and y1, without its background."""
    corners = np.array([view.point(*bounds[:, at : at + 2].T) for at in (0, 2)])
    (x0, y0), (x1, y1) = np.maximum(corners.min(axis=0), 0.0), corners.max(axis=0)
    x1, y1 = np.minimum(x1, page.width), np.minimum(y1, page.height)
    is_background = (x1 - x0) * (y1 - y0) > _MAX_SHARE * page.width * page.height
    is_shown: NDArray[np.bool_] = (x0 <= x1) & (y0 <= y1) & ~is_background
    boxes: NDArray[np.float64] = np.stack([x0, y0, x1, y1], axis=1)
    return boxes[is_shown]


def _joined(boxes: NDArray[np.float64], page: Page) -> list[Box]:
    """Boxes that are close to each other as one, by the cells of a grid that they touch."""
    cell = max(_CELL, (page.width * page.height / _MOST_CELLS) ** 0.5)
    filled = np.zeros((int(page.height / cell) + 1, int(page.width / cell) + 1), np.bool_)
    spans = (boxes / cell).astype(np.int64)
    for x0, y0, x1, y1 in set(map(tuple, spans.tolist())):
        filled[y0 : y1 + 1, x0 : x1 + 1] = True
    numbers = _numbered_parts(filled)[spans[:, 1], spans[:, 0]]
    parts = (boxes[numbers == number] for number in dict.fromkeys(numbers.tolist()))
    return [Box(*part[:, :2].min(axis=0).tolist(), *part[:, 2:].max(axis=0).tolist()) for part in parts]


def _numbered_parts(filled: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A number for each filled cell, the same for all of the connected part that it is in."""
    edges = np.diff(np.pad(filled, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    rows, starts = (edges == 1).nonzero()
    ends = (edges == -1).nonzero()[1]
    runs = list(zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True))
    part = list(range(len(runs)))
    above = 0
    for at, (row, start, end) in enumerate(runs):
        while runs[above][0] < row - 1 or (runs[above][0] == row - 1 and runs[above][2] < start):
            above += 1
        beside = above
        while runs[beside][0] == row - 1 and runs[beside][1] <= end:
            _join(part, at, beside)
            beside += 1
    numbers = np.zeros(filled.shape, np.int64)
    for at, (row, start, end) in enumerate(runs):
        numbers[row, start:end] = _first(part, at)
    return numbers


def _join(part: list[int], one: int, other: int) -> None:
    low, high = sorted((_first(part, one), _first(part, other)))
    part[high] = low


def _first(part: list[int], at: int) -> int:
    """The first of the runs that are known to be of one part with a run."""
    while part[at] != at:
        part[at] = part[part[at]]
        at = part[at]
    return at
