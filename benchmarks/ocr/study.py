"""OCR engines on pages whose text is known: ``python -m benchmarks.ocr.study [--pages N] [ENGINE...]``.

Each engine reads in a process of its own, through the reader of PDF files, so that the order of words and
their boxes are those that a citation has. Time is that of the processor, of the process and its children.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from statistics import mean

from rapidfuzz.distance import LCSseq, Levenshtein

from benchmarks.figures import exact, show
from benchmarks.ocr.pages import CONDITIONS, LANGUAGES, Scan, scans, tokens
from evaluation.measures import Estimate
from index.config import OcrOptions
from index.errors import NoTextLayer
from index.readers.pdf import read_pdf_with_layout
from index.readers.pdf.geometry import Box
from index.text.layout import Layout

ENGINES = ("rapidocr", "tesseract")
PAGES = 1
SEED = 33
_OVERLAP = 0.5


@dataclass(frozen=True, slots=True)
class Reading:
    """How a page was read: shares of its characters, of its words in order, and of the boxes of these."""

    engine: str
    language: str
    condition: str
    characters: float
    words: float
    boxes: float
    seconds: float


def judge(scan: Scan, language: str, engine: str, condition: str) -> Reading:
    """Read a scan, and compare with the truth."""
    begin = _processor_seconds()
    try:
        extract, layout = read_pdf_with_layout(scan.pdf, name="a.pdf", ocr=OcrOptions(language, engine))
        text = extract.text
    except NoTextLayer:
        text, layout = "", Layout.of([], [])
    seconds = _processor_seconds() - begin
    truth, found = _letters(scan.text), _letters(text)
    wrong = Levenshtein.distance(truth, found)
    words, boxes = compared(scan, text, layout)
    characters = max(0.0, 1 - wrong / len(truth))
    return Reading(engine, language, condition, characters, words, boxes, seconds)


def compared(scan: Scan, text: str, layout: Layout) -> tuple[float, float]:
    """The share of words that were read in order, and of those the share whose boxes overlap by half."""
    found = list(read_words(text, layout))
    matches = LCSseq.opcodes(list(scan.words), [word for word, _ in found])
    pairs = [
        (scan.boxes[one.src_start + at], found[one.dest_start + at][1])
        for one in matches
        if one.tag == "equal"
        for at in range(one.src_end - one.src_start)
    ]
    right = sum(overlap(*pair) >= _OVERLAP for pair in pairs)
    return len(pairs) / len(scan.words), right / max(1, len(pairs))


def read_words(text: str, layout: Layout) -> Sequence[tuple[str, Box]]:
    """The words of a text that was read, each with its box; one on two lines has that of its first part."""
    found, at = [], 0
    for token, _ in tokens(text):
        at = text.index(token, at)
        marked = layout.rectangles(at, at + len(token))
        at += len(token)
        if marked:
            found.append((token, Box(marked[0].x0, marked[0].y0, marked[0].x1, marked[0].y1)))
    return found


def overlap(a: Box, b: Box) -> float:
    """The area of what two boxes share, as a share of what either covers."""
    wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    shared = max(0.0, wide) * max(0.0, high)
    areas = [(box.x1 - box.x0) * (box.y1 - box.y0) for box in (a, b)]
    return shared / max(1e-9, sum(areas) - shared)


def _letters(text: str) -> str:
    return "".join(text.split())


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _read(engine: str, pages: int) -> None:
    """Print a line for each page, read in this process, and last the most MiB that it had resident.

    Those of a child where a child reads.
    """
    warm = next(iter(scans("eng", CONDITIONS["100"], 1, seed=0)))
    judge(warm, "eng", engine, "")  # what is imported and loaded first does not count
    for language in LANGUAGES:
        for condition, how in CONDITIONS.items():
            for scan in scans(language, how, pages, seed=SEED):
                print(json.dumps(asdict(judge(scan, language, engine, condition))), flush=True)
    who = resource.RUSAGE_SELF if engine == "rapidocr" else resource.RUSAGE_CHILDREN
    print(resource.getrusage(who).ru_maxrss / 1024)


def study(pages: int = PAGES, engines: Sequence[str] = ENGINES) -> Mapping[str, Estimate]:
    """The figures of each engine: by language, by condition, and of all."""
    figures: dict[str, Estimate] = {}
    for engine in engines:
        command = [sys.executable, "-m", "benchmarks.ocr.study", "--one", engine, "--pages", str(pages)]
        told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout  # noqa: S603
        figures |= summary(engine, told.splitlines())
    return figures


def summary(engine: str, lines: Sequence[str]) -> Mapping[str, Estimate]:
    """The figures of an engine, from the lines that its process printed."""
    *pages, peak = lines
    readings = [Reading(**json.loads(line)) for line in pages]
    figures = {f"{engine}_peak_mib": exact(float(peak), len(readings))} | _means(engine, readings)
    for field in ("language", "condition"):
        for name, some in _by(readings, field):
            figures |= _means(f"{engine}_{name}", some)
    return figures


def _by(readings: Sequence[Reading], field: str) -> Sequence[tuple[str, list[Reading]]]:
    ordered = sorted(readings, key=lambda one: str(getattr(one, field)))
    return [(str(key), list(some)) for key, some in groupby(ordered, key=lambda one: getattr(one, field))]


def _means(name: str, readings: Sequence[Reading]) -> dict[str, Estimate]:
    return {
        f"{name}_{figure}": exact(mean(getattr(one, figure) for one in readings), len(readings))
        for figure in ("characters", "words", "boxes", "seconds")
    }


def main() -> None:
    """Print the figures; with ``--one`` the readings of one engine, made in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="*", default=ENGINES)
    parser.add_argument("--pages", type=int, default=PAGES, help="of each language and condition")
    parser.add_argument("--one", default="", help="read in this process by this engine")
    options = parser.parse_args()
    if options.one:
        _read(options.one, options.pages)
    else:
        show(study(options.pages, options.engines))


if __name__ == "__main__":
    main()
