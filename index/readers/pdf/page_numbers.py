"""Find the number that is printed on each page of a PDF file, at its head or foot.

A number counts if it runs on: it grows by one from page to page, at the same place. Numbers such as ``iv``
and ``A-12`` do, too. The labels that the file gives its pages help to tell which number is that of the page;
a page that does not show its number has none.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from index.page_labels import roman_value
from index.readers.pdf.page import Page, Word
from index.readers.pdf.running import Row, edge_rows

_PART_GAP = 1.5
"""Gap between words, in font sizes, from which a number beside them stands alone."""
_MAX_SIZE = 2.0
"""Type larger than the body by this factor is a title."""
_MIN_RUN, _MIN_SHORT_RUN = 3, 2
"""Pages on which a number must run on; in short documents, and where other pages have their numbers."""
_FEW = 4
"""Pages of a short document."""
_TRUSTED = 5
"""Numbers at the same place that make it the place of page numbers."""
_REPEATED = 3
"""Pages with the same words, or with the same number at the same place."""
_STEP = 6.0
"""Points by which heights are rounded."""
_MAX_TEXT = 200

_PAGE = r"(?:page|pg\.?|p\.?|seite|s\.|p[aá]gina|p[aá]g\.|side|sida|sivu|strona|стр\.)"
_NUMBER = r"(?P<number>\d{1,5}|[ivxlc]{1,8}|[IVXLC]{1,8})"
_TOTAL = r"(?P<total>\s*(?:/|of|von|de|di|sur|av|из)\s*\d{1,5})"
_ALONE = re.compile(
    rf"[\W_]{{0,3}}(?i:{_PAGE}\s*[|:]?\s*)?(?P<prefix>(?:[A-Z]{{1,3}}|\d{{1,2}})[-–.])?{_NUMBER}(?i:{_TOTAL})?"
    r"[\W_]{0,3}"
)
_FIRST = re.compile(rf"{_NUMBER}\s")
_LAST = re.compile(r"\s(?P<number>\d{1,5}|(?<=[|·•–—/]\s)[ivxlc]{1,8})\Z")

_Place = tuple[bool, int]
"""Whether it is at the head, and its rounded height."""
_Run = tuple[str, str, int]
"""Kind of number, prefix, and the number less that of the page."""


class _At(NamedTuple):
    """A place on a page: its height rounded up and down, and its rounded distance from the left."""

    page: int
    places: tuple[_Place, _Place]
    column: int


class _Found(NamedTuple):
    """A number at the head or foot of a page, as printed.

    ``beside`` are the words close to it. ``of`` is set if the number of all pages follows, ``only`` if the
    row has nothing else and stands apart.
    """

    at: _At
    label: str
    run: _Run
    beside: str = ""
    of: bool = False
    only: bool = False

    @property
    def page(self) -> int:
        return self.at.page

    @property
    def places(self) -> tuple[_Place, _Place]:
        return self.at.places


def printed_numbers(pages: Sequence[Page], labels: Sequence[str] = ()) -> list[str]:
    """The number that each page bears; empty for a page that bears none.

    ``labels`` are those that the file gives its pages, if it does.
    """
    # By words: a drawn map may have more lines than all pages have lines of text.
    sizes = [line.size for page in pages for line in page.lines for _ in line.words]
    if not sizes:
        return [""] * len(pages)
    largest = _MAX_SIZE * median(sizes)
    found = [one for page in pages for row in edge_rows(page) for one in _numbers(page.number, row, largest)]
    count = sum(bool(page.lines) for page in pages)
    chosen = _Numbering(_without_repeated(found), count, labels).choose()
    return [chosen.get(page.number, "") for page in pages]


def _numbers(page: int, row: Row, largest: float) -> Iterator[_Found]:
    """The numbers in a row that could be that of the page."""
    if row.lines[0].size > largest:
        return
    # A line may have its words in the order in which they were drawn.
    words = sorted((word for line in row.lines for word in line.words), key=lambda word: word.box.x0)
    parts = list(_parts(words, _PART_GAP * row.lines[0].size))
    has_total = False
    for part in parts if len(parts) == 1 else (*parts, words):
        match = _ALONE.fullmatch(_text(part))
        run = _run(page, match["prefix"] or "", match["number"]) if match else None
        if match and run:
            has_total = has_total or bool(match["total"])
            is_only = len(part) == len(words) and row.set_off
            label = run[1] + match["number"]
            yield _Found(_at(page, row, part[-1]), label, run, of=bool(match["total"]), only=is_only)
    text = _text(words)
    for match, word in ((_FIRST.match(text), words[0]), (_LAST.search(text), words[-1])):
        # The number of all pages is none of them.
        if match and not has_total and (run := _run(page, "", match["number"])):
            beside = re.sub(r"\d", "", text[: match.start()] + text[match.end() :]).strip()
            if beside:
                yield _Found(_at(page, row, word), match["number"], run, beside)


def _at(page: int, row: Row, word: Word) -> _At:
    height = row.height / _STEP
    places = (row.at_top, int(height)), (row.at_top, -1 - round(height))
    return _At(page, places, round(word.box.x1 / _STEP))


def _run(page: int, prefix: str, number: str) -> _Run | None:
    """The run that a number on a page is of; None if it is none."""
    kind = "1" if number.isdecimal() else "i" if number.islower() else "I"
    value = int(number) if kind == "1" else roman_value(number)
    return None if not value or number.startswith("0") else (kind, prefix, value - page)


def _text(words: Sequence[Word]) -> str:
    return " ".join([word.text for word in words])[:_MAX_TEXT]


def _parts(words: Sequence[Word], gap: float) -> Iterator[list[Word]]:
    """The words of a row, divided where they are far apart."""
    part = [words[0]]
    for last, word in pairwise(words):
        if word.box.x0 - last.box.x1 > gap:
            yield part
            part = []
        part.append(word)
    yield part


def _without_repeated(found: Sequence[_Found]) -> list[_Found]:
    """The numbers without those that are the same on several pages, such as years and numbers of chapters."""
    pages: defaultdict[tuple[_Place, int, str], set[int]] = defaultdict(set)
    for one in found:
        for place in one.places:
            pages[place, one.at.column, one.label].add(one.page)
    return [
        one
        for one in found
        if max(len(pages[place, one.at.column, one.label]) for place in one.places) < _REPEATED
    ]


@dataclass(slots=True)
class _Numbering:
    """Chooses the number of each page from those at its head and foot."""

    found: Sequence[_Found]
    count: int
    """Pages with text."""
    labels: Sequence[str]

    def choose(self) -> dict[int, str]:
        """The number of each page that has one."""
        strength = self._strengths()
        trusted = self._trusted(strength)
        by_page: defaultdict[int, list[_Found]] = defaultdict(list)
        for one in self.found:
            if self._counts(one, strength, trusted):
                by_page[one.page].append(one)
        return {
            page: max(several, key=lambda one: self._weight(one, strength)).label
            for page, several in by_page.items()
        }

    def _weight(self, one: _Found, strength: Mapping[_Run, int]) -> tuple[float, ...]:
        return self._is_labelled(one), strength.get(one.run, 0), not one.of, not one.beside

    def _is_labelled(self, one: _Found) -> bool:
        return one.page <= len(self.labels) and self.labels[one.page - 1] == one.label

    def _strengths(self) -> dict[_Run, int]:
        """The number of pages on which a number runs on at one place, for each run that there is."""
        beside: defaultdict[tuple[_Place, str], set[int]] = defaultdict(set)
        for one in self.found:
            for place in one.places:
                beside[place, one.beside].add(one.page)
        at: defaultdict[tuple[_Run, _Place], set[int]] = defaultdict(set)
        for one in self.found:
            for place in one.places:
                if not one.beside or len(beside[place, one.beside]) >= _REPEATED:
                    at[one.run, place].add(one.page)
        found: dict[_Run, int] = {}
        for (run, _), pages in at.items():
            found[run] = max(found.get(run, 0), len(pages))
        return found

    def _trusted(self, strength: Mapping[_Run, int]) -> set[_Place]:
        """The places where page numbers are."""
        counts = Counter(
            place for one in self.found if strength.get(one.run, 0) >= _MIN_RUN for place in one.places
        )
        return {place for place, count in counts.items() if count >= _TRUSTED}

    def _counts(self, one: _Found, strength: Mapping[_Run, int], trusted: set[_Place]) -> bool:
        """Whether a number is that of a page."""
        own = strength.get(one.run, 0)
        in_place = any(place in trusted for place in one.places)
        if one.only and self._is_labelled(one):
            return True
        if in_place and one.only and one.run[0] != "1":  # the only page with a Roman number
            return True
        least = _MIN_SHORT_RUN if self.count <= _FEW or (in_place and not one.beside) else _MIN_RUN
        if own < least:
            return False
        return one.only or in_place or self.count <= _FEW
