"""Questions asked of scans: ``python -m benchmarks.ocr.questions [ENGINE...]``.

Fifty pages are drawn from texts and scanned, ten of a language in a file. They are taken in with OCR and the
model for several languages, and ``loccit serve`` answers from them. A question, written in other words than
the text's, counts as found if its page is among those of the first three passages; as quoted if the quote of
such a passage has the answer, and the viewer marks the place of the quote; and as marked if the viewer marks
the place of the answer's words, too. A place is marked if the marks and the boxes of the words as they were
drawn overlap by half.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import yaml
from lxml.html import fromstring
from numpy.typing import NDArray
from rapidfuzz.distance import LCSseq, Levenshtein

from benchmarks import sets
from benchmarks.figures import show
from benchmarks.ocr.pages import WIDTH, Condition, Scan, as_pdf, passages, picture_of, tokens
from benchmarks.ocr.study import ENGINES
from benchmarks.proportions import proportion
from benchmarks.speed.freshness import serving
from evaluation.measures import Estimate
from index.config import LibraryConfig, ReadingConfig
from index.embedding import MULTILINGUAL_MODEL
from index.ingest import Source
from index.library import Library
from index.readers import IsolatedReaders
from index.text.layout import Layout, Rectangle
from service.http.links import view_path

HEIGHT = 595.0
"""Points of a page: A5."""
_SCANS = tuple(
    Condition(dots, turned, noise, height=HEIGHT)
    for dots, turned, noise in ((200, 0, 0), (150, 1, 0), (300, 0, 16), (150, 0, 20), (200, -0.7, 12))
)
_BEFORE = 400
"""Letters before the passage with the answer, at most: pages do not begin with what is asked."""
_FIRST = 3
_OVERLAP = 0.5
_STRAY = 20
"""Words by which a quote may be longer or shorter than what was drawn."""
_READER_SECONDS = 3600.0
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the page that answers: its language, its number in the file, and the words that do."""

    question: str
    language: str
    page: int
    scan: Scan
    answer: range


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which of the three a question reached."""

    found: bool
    quoted: bool
    marked: bool


@cache
def asked() -> Sequence[Asked]:
    """The questions, with their pages drawn."""
    entries = yaml.safe_load((Path(__file__).parent / "questions.yaml").read_text())
    by_language = groupby(entries, key=lambda one: str(one["language"]))
    return [_asked(one, page) for _, some in by_language for page, one in enumerate(some, 1)]


def _asked(entry: Json, page: int) -> Asked:
    language, at = entry["language"], entry["passage"]
    texts = passages(language)
    before = texts[at - 1][-_BEFORE:]
    how = _SCANS[page % len(_SCANS)]
    scan = picture_of("\n".join([before, *texts[at : at + 9]]), language, how, seed=page)
    start, end = entry["answer"]
    first = len(list(tokens(before)))
    words = [first + number for number, (_, a, b) in enumerate(_placed(texts[at])) if a < end and start < b]
    if words[-1] >= len(scan.words):
        raise ValueError(f"the page has no room for the answer: {entry['question']}")
    return Asked(entry["question"], language, page, scan, range(words[0], words[-1] + 1))


def _placed(text: str) -> Iterator[tuple[str, int, int]]:
    """The words of a text, each with its span."""
    at = 0
    for token, _ in tokens(text):
        at = text.index(token, at)
        yield token, at, at + len(token)
        at += len(token)


def study(engines: Sequence[str] = ENGINES) -> Mapping[str, Estimate]:
    """For each engine the shares of questions found, quoted and marked."""
    figures = {}
    for engine in engines:
        with tempfile.TemporaryDirectory() as folder:
            outcomes = outcomes_of(engine, Path(folder))
        for name in ("found", "quoted", "marked"):
            reached = sum(getattr(one, name) for one in outcomes)
            figures[f"{engine}_{name}"] = proportion(reached, len(outcomes))
    return figures


def outcomes_of(engine: str, folder: Path) -> Sequence[Outcome]:
    """The outcome of each question, with the files read by an engine into a data folder."""
    embedder = sets.embedder(MULTILINGUAL_MODEL)
    for language, some in groupby(asked(), key=lambda one: one.language):
        pdf = as_pdf([one.scan.image for one in some], HEIGHT)
        reading = ReadingConfig(ocr_languages=language, ocr_engine=engine, seconds=_READER_SECONDS)
        config, readers = LibraryConfig(reading=reading), IsolatedReaders(reading)
        with Library(folder, embedder=embedder, config=config, readers=readers) as library:
            collection = library.open("default", create=True)
            collection.put(Source(f"{language}.pdf", pdf))
            collection.embed_pending()
    with serving(folder) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.5)
        return [_outcome(client, one) for one in asked()]


def _outcome(client: httpx.Client, one: Asked) -> Outcome:
    asking = {"question": one.question, "k": _FIRST}
    told = client.post("/v1/ask", json=asking).raise_for_status().json()
    cited = [passage["citation"] for passage in told["passages"]]
    right = [cite for cite in cited if cite["document_id"] == f"{one.language}.pdf" and _has(cite, one.page)]
    marked = [_is_marked(client, cite, one) for cite in right]
    return Outcome(
        bool(right), any(quote for quote, _ in marked), any(quote and answer for quote, answer in marked)
    )


def _has(citation: Json, page: int) -> bool:
    first, last = citation["pages"]
    return bool(first <= page <= last)


def _is_marked(client: httpx.Client, citation: Json, one: Asked) -> tuple[bool, bool]:
    """Tell whether a quote that has the answer, and the answer in it, are marked where they were drawn."""
    placed = list(_placed(citation["quote"]))
    read = _counterparts(one.scan.words, [word for word, _, _ in placed])
    # What stands between its neighbours: a word that was read as two has one counterpart.
    start = read.get(one.answer.start - 1, read.get(one.answer.start, 0) - 1) + 1
    end = read.get(one.answer.stop, read.get(one.answer.stop - 1, -1) + 1)
    if not start < end or not min(read) <= one.answer.start < one.answer.stop <= max(read) + 1:
        return False, False
    shown = _Shown(client, citation, one)
    return (
        shown.is_at(range(min(read), max(read) + 1), (0, len(citation["quote"]))),
        shown.is_at(one.answer, (placed[start][1], placed[end - 1][2])),
    )


def _counterparts(drawn: Sequence[str], read: Sequence[str]) -> Mapping[int, int]:
    """Which words of a quote are those that were drawn, by their places, be they read right or not."""
    found = LCSseq.opcodes(drawn, read)
    longest = max(found, key=lambda one: one.src_end - one.src_start if one.tag == "equal" else 0)
    # The quote is the words around those: others that are the same stand elsewhere on the page.
    first = max(0, longest.src_start - longest.dest_start - _STRAY)
    last = longest.src_end + len(read) - longest.dest_end + _STRAY
    return {
        first + one.src_start + at: one.dest_start + at
        for one in Levenshtein.opcodes(drawn[first:last], read)
        if one.tag in ("equal", "replace")
        for at in range(one.src_end - one.src_start)
    }


@dataclass(frozen=True, slots=True)
class _Shown:
    """A citation as the viewer shows it, beside the page that answers."""

    client: httpx.Client
    citation: Json
    asked: Asked

    def is_at(self, words: range, part: tuple[int, int]) -> bool:
        """Tell whether the marks of a part of the quote overlap the place of the words by half."""
        scan = self.asked.scan
        entries = [(at, at + 1, self.asked.page, *scan.boxes[at]) for at in words]
        drawn = _mask(Layout.of(entries, []).rectangles(words.start, words.stop))
        marked = _mask(self._marks(*part))
        return float((drawn & marked).sum()) >= _OVERLAP * float((drawn | marked).sum())

    def _marks(self, start: int, end: int) -> Sequence[Rectangle]:
        text, at = self.citation["locator"].rpartition(":")[0], self.citation["start"]
        page = self.client.get(view_path(f"{text}:{at + start}-{at + end}")).raise_for_status()
        name = f"Page {self.asked.page} of"
        rectangles = fromstring(page.text).xpath(
            "//figure[.//img[starts-with(@alt, $name)]]//rect[@class='quote']", name=name
        )
        sides = [[float(one.get(side)) for side in ("x", "y", "width", "height")] for one in rectangles]
        return [Rectangle(self.asked.page, x, y, x + wide, y + high) for x, y, wide, high in sides]


def _mask(rectangles: Sequence[Rectangle]) -> NDArray[np.bool_]:
    """The part of a page that rectangles cover, four places for each point of its sides."""
    mask = np.zeros((round(4 * HEIGHT), round(4 * WIDTH)), np.bool_)
    for one in rectangles:
        mask[round(4 * one.y0) : round(4 * one.y1), round(4 * one.x0) : round(4 * one.x1)] = True
    return mask


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engines", nargs="*", default=ENGINES)
    show(study(parser.parse_args().engines))


if __name__ == "__main__":
    main()
