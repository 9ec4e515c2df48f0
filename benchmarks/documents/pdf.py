"""Whether the words of PDF files stand where they are cited: ``python -m benchmarks.documents.pdf``.

Judged by two other libraries, pypdf and pdfplumber (pdfminer), over the PDF files of the manifest.
"""

from __future__ import annotations

import json
import random
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import pdfplumber
import pypdf
from pypdf.errors import PyPdfError

from benchmarks.documents.manifest import FORMATS, Listed, listed
from benchmarks.proportions import proportion
from evaluation.measures import Estimate
from index.errors import Unreadable
from index.readers import read
from index.readers.pdf import Page, drop_contents_tables, drop_running_lines, open_pdf, read_page
from index.text import Layout
from index.types import Extract

SEED = 9
QUOTES = 300
MARKED = 100
WITHIN = 0.02
"""Of the other library's characters, or two of them."""
KEPT = 0.96
"""What is left of a file's characters without running headers, footers and page numbers.

Lines of tables of contents are not counted as lost: their titles stand in the text as headings."""
LOST, ADDED = 0.02, 0.1
"""Letters of a quote that its rectangles may lack, and those of other words that may be in them."""
_SHORTEST, _LONGEST = 4, 25
WORD = re.compile(r"(?<!\w)[^\W\d_]{3,}(?!\w)")
"""A word, rather than a part of a formula, which each library reads in its own way."""


@dataclass(frozen=True)
class File:
    """A PDF file as it is read here, and by others."""

    listed: Listed
    extract: Extract

    @property
    def name(self) -> str:
        """Of the file."""
        return self.listed.path.name

    @cached_property
    def layout(self) -> Layout:
        """Where its words are."""
        return Layout.from_bytes(self.extract.layout)

    @cached_property
    def pages(self) -> list[str]:
        """What pypdf reads of each page; nothing where it fails."""
        try:
            reader = pypdf.PdfReader(self.listed.path, password=self.listed.password or None)
            return [page.extract_text() for page in reader.pages]
        except PyPdfError:
            return []

    @cached_property
    def folded(self) -> list[str]:
        """The same, folded."""
        return [fold(page) for page in self.pages]

    def others(self) -> list[int]:
        """How many characters that are not white space pypdf and pdfplumber find."""
        with pdfplumber.open(self.listed.path, password=self.listed.password) as opened:
            plumbed = sum(not one["text"].isspace() for page in opened.pages for one in page.chars)
        return [len("".join("".join(self.pages).split())), plumbed]

    def characters(self) -> tuple[int, int]:
        """Those found here on all pages, and those kept in the text or left out with a table of contents."""
        data = self.listed.path.read_bytes()
        with open_pdf(data, name=self.name, password=self.listed.password) as opened:
            pages = [read_page(opened, number + 1) for number in range(opened.page_count)]
        found = _count(pages)
        drop_running_lines(pages)
        listed_too = _count(pages)
        drop_contents_tables(pages)
        return found, len("".join(self.extract.text.split())) + listed_too - _count(pages)


@dataclass(frozen=True, slots=True)
class Quote:
    """A span of a file's text."""

    file: File
    start: int
    end: int

    @property
    def words(self) -> str:
        """What is quoted."""
        return self.file.extract.text[self.start : self.end]

    @property
    def page(self) -> int:
        """The page that is cited, counted from 1."""
        return bisect_right(self.file.extract.pages, self.start)


def _count(pages: Sequence[Page]) -> int:
    found = sum(len(word.text) for page in pages for line in page.lines for word in line.words)
    # Others see the hyphens at line ends, which stand beside the words here.
    return found + sum(line.hyphen for page in pages for line in page.lines)


def fold(text: str) -> str:
    """The letters and digits of a text, without capitals and ligatures."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def files(folder: Path = FORMATS) -> list[File]:
    """Those that are read; their passwords are given."""
    found = []
    for one in listed(folder, ".pdf"):
        try:
            extract = read(one.path.read_bytes(), name=one.path.name, password=one.password)
        except Unreadable:
            continue
        found.append(File(one, extract))
    return found


def same_size(found: int, kept: int, others: Sequence[int]) -> bool:
    """Whether as many characters are found as by the nearest of the others, and not many are dropped."""
    nearest = min(others, key=lambda other: abs(found - other))
    return abs(found - nearest) <= max(2, WITHIN * nearest) and kept >= KEPT * found


def quotes(read_files: Sequence[File], count: int) -> Iterator[Quote]:
    """Spans of four to twenty-five words, four of which at least are words, not parts of formulas.

    Each block of a long file counts less than one of a short file.
    """
    choose = random.Random(SEED)
    pool = [
        (file, block.start, block.end, len(file.extract.blocks) ** -0.6)
        for file in read_files
        for block in file.extract.blocks
        if len(file.extract.text[block.start : block.end].split()) >= _SHORTEST
    ]
    weights = [weight for *_, weight in pool]
    while count:
        file, start, end, _ = choose.choices(pool, weights)[0]
        words = [match.span() for match in re.finditer(r"\S+", file.extract.text[start:end])]
        first = choose.randrange(len(words) - _SHORTEST + 1)
        last = min(len(words), first + choose.randint(_SHORTEST, _LONGEST))
        quote = Quote(file, start + words[first][0], start + words[last - 1][1])
        if len(WORD.findall(quote.words)) >= _SHORTEST:
            count -= 1
            yield quote


def on_cited_page(quote: Quote) -> bool:
    """Whether pypdf finds the words on the page that is cited, and no more of them on another."""
    words = [fold(word) for word in WORD.findall(quote.words)]
    found = [sum(word in page for word in words) for page in quote.file.folded]
    return bool(found) and found[quote.page - 1] == max(found) >= 0.75 * len(words)


def in_rectangles(quote: Quote) -> bool:
    """Whether pdfplumber reads the letters of a quote in its rectangles, and few others."""
    boxes = quote.file.layout.rectangles(quote.start, quote.end)
    if {box.page for box in boxes} != {quote.page}:
        return False
    listed_file = quote.file.listed
    with pdfplumber.open(listed_file.path, password=listed_file.password, pages=[quote.page]) as opened:
        inside = Counter(
            letter
            for character in opened.pages[0].chars
            if any(
                box.x0 - 0.5 <= (character["x0"] + character["x1"]) / 2 <= box.x1 + 0.5
                and box.y0 - 1 <= (character["top"] + character["bottom"]) / 2 <= box.y1 + 1
                for box in boxes
            )
            for letter in fold(character["text"])
        )
    quoted = Counter(fold(quote.words))
    lost, added = (quoted - inside).total(), (inside - quoted).total()
    return lost <= LOST * quoted.total() and added <= ADDED * quoted.total()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was judged: the share of it that is right, and what is not."""

    share: Estimate
    wrong: Sequence[str]


def study(folder: Path = FORMATS) -> dict[str, Outcome]:
    """Judge the files and quotes of them, by name of the measure."""
    found = files(folder)
    sizes = {file.name: (*file.characters(), file.others()) for file in found}
    drawn = list(quotes([file for file in found if file.pages], QUOTES))
    return {
        "characters": judge([(same_size(*size), f"{name}: {size}") for name, size in sizes.items()]),
        "pages": judge([(on_cited_page(one), told(one)) for one in drawn]),
        "rectangles": judge([(in_rectangles(one), told(one)) for one in drawn[:MARKED]]),
    }


def told(quote: Quote) -> str:
    """A quote as the list of what is wrong names it."""
    return f"{quote.file.name}, page {quote.page}: {quote.words}"


def judge(judged: Sequence[tuple[bool, str]]) -> Outcome:
    """The share that is right, and the names of what is not."""
    wrong = [one for right, one in judged if not right]
    return Outcome(proportion(len(judged) - len(wrong), len(judged)), wrong)


def main() -> None:
    """Print the figures as one JSON object."""
    print(json.dumps({name: asdict(one) for name, one in study().items()}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
