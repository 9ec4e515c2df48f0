"""Real PDF files: none does harm, and a second library finds the same words on the same pages."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pdfplumber
import pypdf
import pytest

from index.errors import CorruptDocument, EncryptedDocument, NoTextLayer, Unreadable
from index.layout import Layout
from index.readers.pdf import read_pdf_with_layout
from index.readers.pdf.file import open_pdf
from index.readers.pdf.page import read_page
from index.types import Extract
from tests.index.readers.laws import assert_laws

pytestmark = [pytest.mark.shared, pytest.mark.slow]

REFUSED: Mapping[str, type[Unreadable]] = {
    "378014596.pdf": CorruptDocument,
    "graph-encrypted.pdf": EncryptedDocument,
    "newline-buffer-test.pdf": CorruptDocument,
    "unreadablemetadata.pdf": CorruptDocument,
}
"""Every other file that is refused has no text layer."""
OTHERWISE = {"habibi.pdf", "habibi-oneline-cmap.pdf", "habibi-rotated.pdf", "content-stream-errors.pdf"}
"""Read otherwise by pypdf: it takes one character of several that a glyph stands for, or reads nothing."""
QUOTES = 300
MARKED = 30
_WORD = re.compile(r"(?<!\w)[^\W\d_]{3,}(?!\w)")
"""A word, rather than a part of a formula, which each library reads in its own way."""


@dataclass(frozen=True)
class File:
    path: Path
    password: str
    extract: Extract
    layout: Layout

    @cached_property
    def pages(self) -> list[str]:
        """What pypdf reads of each page."""
        return [
            page.extract_text() for page in pypdf.PdfReader(self.path, password=self.password or None).pages
        ]

    @cached_property
    def folded(self) -> list[str]:
        return [fold(page) for page in self.pages]


def fold(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def entries(shared: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    folder = shared / "data" / "formats"
    for entry in json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8")):
        if entry["file"].endswith(".pdf"):
            yield folder / entry["file"], entry


@pytest.fixture(scope="module")
def readings(shared: Path) -> list[File | tuple[str, Unreadable, dict[str, Any]]]:
    found: list[File | tuple[str, Unreadable, dict[str, Any]]] = []
    for path, entry in entries(shared):
        password = entry.get("password", "")
        try:
            extract, layout = read_pdf_with_layout(path.read_bytes(), name=path.name, password=password)
        except Unreadable as error:
            found.append((path.name, error, entry))
        else:
            found.append(File(path, password, extract, layout))
    return found


@pytest.fixture(scope="module")
def read(readings: list[File | tuple[str, Unreadable, dict[str, Any]]]) -> list[File]:
    return [reading for reading in readings if isinstance(reading, File)]


def test_every_file_is_read_or_refused_with_its_reason(
    readings: list[File | tuple[str, Unreadable, dict[str, Any]]],
) -> None:
    assert len(readings) >= 60
    for reading in readings:
        if isinstance(reading, File):
            assert_laws(reading.extract)
            continue
        name, refusal, entry = reading
        assert refusal.message.startswith(f"{name}: ")
        assert type(refusal) is REFUSED.get(name, NoTextLayer), name
        if isinstance(refusal, NoTextLayer):
            assert not entry["pymupdf"]["chars"], name


def test_as_many_characters_as_another_library_finds(read: list[File]) -> None:
    differences = {}
    for file in read:
        other = len("".join("".join(file.pages).split())) if file.path.name not in OTHERWISE else 0
        if not other:
            continue
        with open_pdf(file.path.read_bytes(), name=file.path.name, password=file.password) as opened:
            pages = [read_page(opened, number + 1) for number in range(opened.page_count)]
        found = sum(len(word.text) for page in pages for line in page.lines for word in line.words)
        # pypdf sees the hyphens at line ends, which stand beside the words here.
        found += sum(line.hyphen for page in pages for line in page.lines)
        kept = len("".join(file.extract.text.split()))
        if abs(found - other) > max(2, 0.02 * other) or kept < 0.96 * found:
            differences[file.path.name] = (kept, found, other)
    assert differences == {}


def quotes(read: list[File], count: int) -> Iterator[tuple[File, int, int]]:
    """Spans of four to twenty-five words, four of which at least are words, not parts of formulas.

    Each block of a long file counts less than one of a short file.
    """
    choose = random.Random(9)
    pool = [
        (file, block.start, block.end, len(file.extract.blocks) ** -0.6)
        for file in read
        if file.path.name not in OTHERWISE
        for block in file.extract.blocks
        if len(file.extract.text[block.start : block.end].split()) >= 4
    ]
    weights = [weight for *_, weight in pool]
    while count:
        file, start, end, _ = choose.choices(pool, weights)[0]
        words = [match.span() for match in re.finditer(r"\S+", file.extract.text[start:end])]
        first = choose.randrange(len(words) - 3)
        last = min(len(words), first + choose.randint(4, 25))
        quote = start + words[first][0], start + words[last - 1][1]
        if len(_WORD.findall(file.extract.text[slice(*quote)])) >= 4:
            count -= 1
            yield file, *quote


def test_quotes_are_on_the_pages_that_are_cited(read: list[File]) -> None:
    elsewhere = []
    for file, start, end in quotes(read, QUOTES):
        quote = file.extract.text[start:end]
        cited = bisect_right(file.extract.pages, start)
        words = [fold(word) for word in _WORD.findall(quote)]
        found = [sum(word in page for word in words) for page in file.folded]
        if found[cited - 1] < max(found) or found[cited - 1] < 0.75 * len(words):
            elsewhere.append((file.path.name, cited, found.index(max(found)) + 1, quote))
    assert elsewhere == []


def test_rectangles_hold_the_words_that_are_quoted(read: list[File]) -> None:
    prose = [
        (file, start, end)
        for file, start, end in quotes(read, QUOTES)
        # Two libraries do not agree on what the glyphs of formulas are.
        if "GeoTopo" not in file.path.name
    ][:MARKED]
    missed = []
    for file, start, end in prose:
        rectangles = file.layout.rectangles(start, end)
        page = rectangles[0].page
        assert {rectangle.page for rectangle in rectangles} == {page}
        with pdfplumber.open(file.path, password=file.password, pages=[page]) as opened:
            inside = Counter(
                letter
                for character in opened.pages[0].chars
                if any(
                    box.x0 - 0.5 <= (character["x0"] + character["x1"]) / 2 <= box.x1 + 0.5
                    and box.y0 - 1 <= (character["top"] + character["bottom"]) / 2 <= box.y1 + 1
                    for box in rectangles
                )
                for letter in fold(character["text"])
            )
        quoted = Counter(fold(file.extract.text[start:end]))
        lost, added = (quoted - inside).total(), (inside - quoted).total()
        if lost > 0.02 * quoted.total() or added > 0.1 * quoted.total():
            missed.append((file.path.name, page, lost, added, file.extract.text[start:end]))
    assert missed == []
