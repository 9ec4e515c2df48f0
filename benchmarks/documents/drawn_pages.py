"""Whether quotes of PDF files are marked on their drawn pages.

``python -m benchmarks.documents.drawn_pages``.

Each quote is marked as the viewer marks it. pdfplumber (pdfminer), which shares no code with PDFium, says
which letters are under the marks, and the picture of the page whether something is printed there.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pdfplumber
from numpy.typing import NDArray
from PIL import Image

from benchmarks.documents.pdf import WORD, Outcome, Quote, files, fold, judge, quotes, told
from index.readers.pdf.drawing import draw_page
from index.text.layout import Rectangle

QUOTES = 50
WIDTH = 1100
"""Pixels, as on a desktop."""
_SLACK = 1.0
"""Points that a letter may stand outside its mark: libraries differ in the heights of letters."""
_CONTRAST = 60


def is_marked(quote: Quote) -> bool:
    """Whether all words of a quote are under its marks on the drawn page, and something is printed there."""
    boxes = quote.file.layout.rectangles(quote.start, quote.end)
    listed = quote.file.listed
    drawn = draw_page(
        listed.path.read_bytes(), name=quote.file.name, page=quote.page, width=WIDTH, password=listed.password
    )
    scale = drawn.width / quote.file.layout.page_size(quote.page)[0]
    with Image.open(io.BytesIO(drawn.png)) as image:
        pixels = np.asarray(image.convert("L"))
    if not boxes or not all(box.page == quote.page and _is_printed(pixels, box, scale) for box in boxes):
        return False
    under = fold(_letters(quote, boxes, drawn.width))
    return all(fold(word) in under for word in WORD.findall(quote.words))


def _is_printed(pixels: NDArray[np.uint8], box: Rectangle, scale: float) -> bool:
    left, top, right, bottom = (round(side * scale) for side in (box.x0, box.y0, box.x1, box.y1))
    part = pixels[max(0, top) : bottom + 1, max(0, left) : right + 1]
    return bool(part.size) and int(part.max()) - int(part.min()) >= _CONTRAST


def _letters(quote: Quote, boxes: Sequence[Rectangle], width: int) -> str:
    """What pdfplumber reads under the marks, one mark after the other, scaled by the width of the picture."""
    listed = quote.file.listed
    with pdfplumber.open(listed.path, password=listed.password, pages=[quote.page]) as opened:
        page = opened.pages[0]
        scale = width / float(page.width)
        own = width / quote.file.layout.page_size(quote.page)[0]
        found = []
        for box in boxes:
            left, right = (box.x0 - _SLACK) * own, (box.x1 + _SLACK) * own
            top, bottom = (box.y0 - _SLACK) * own, (box.y1 + _SLACK) * own
            inside = [
                one
                for one in page.chars
                if left <= (one["x0"] + one["x1"]) / 2 * scale <= right
                and top <= (one["top"] + one["bottom"]) / 2 * scale <= bottom
            ]
            found += [one["text"] for one in sorted(inside, key=lambda one: float(one["x0"]))]
    return "".join(found)


def study() -> dict[str, Outcome]:
    """Judge quotes of the files of the manifest that both libraries read."""
    drawn = list(quotes([file for file in files() if file.pages], QUOTES))
    return {"marked": judge([(is_marked(one), told(one)) for one in drawn])}


def main() -> None:
    """Print the figure as one JSON object."""
    print(json.dumps({name: asdict(one) for name, one in study().items()}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
