"""Running headers, footers and page numbers: what is at the edge of page after page.

Rows of different pages are taken for the same if they say the same at the same height; a number may also
count on with the pages. Where most of the rows at a height are, the others there are too, such as the titles
of chapters of one page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from statistics import median

from index.readers.pdf.page import Line, Page

_EDGE = 0.25
"""Share of a page's height, at the top and at the bottom, in which such rows are looked for."""
_MAX_ROWS = 3
_MIN_PAGES = 3
_MIN_SLOT = 5
_MOST = 0.5
_MAX_SIZE = 1.1
"""A row in larger type than the body's by this factor is a title, unless it is on most pages."""
_PART_GAP = 1.5
_SET_OFF = 1.3
_SET_OFF_SIZES = 2.5
_STEP = 4.0
"""Points between two heights that are told apart."""
_MAX_TEXT = 300
_MAX_NUMBERS = 3
_NUMBER = re.compile(r"(?<!\w)(?:(\d{1,6})|([ivxlc]{1,8}))(?!\w)", re.IGNORECASE)
_PAGE_NUMBER = re.compile(r"\W{0,9}(?:page|seite|p\.)?\W{0,9}#-?\d+(?:\W|of|von|\d){0,20}", re.IGNORECASE)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

_Key = tuple[bool, int, str]
"""At the top or not, the height in steps, and what it says."""


@dataclass(slots=True)
class _Row:
    lines: list[Line]
    at_top: bool
    height: float
    set_off: bool = True
    """Whether it stands apart from the next row towards the middle of the page."""

    def keys(self, says: str) -> tuple[_Key, _Key]:
        """Two, since a height may be rounded up on one page and down on another."""
        height = self.height / _STEP
        return (self.at_top, int(height), says), (self.at_top, -1 - round(height), says)

    def wholes(self) -> list[str]:
        """What the row says, in all ways of giving numbers as distances from the number of the page."""
        text = " ".join([line.text for line in self.lines])[:_MAX_TEXT]
        numbers = list(_NUMBER.finditer(text))
        ways = [text]
        for match in (*numbers[:1], *numbers[1:][1 - _MAX_NUMBERS :])[::-1]:
            distance = f"#{_value(match) - self.lines[0].page}"
            ways += [way[: match.start()] + distance + way[match.end() :] for way in ways]
        return ways

    def parts(self) -> Iterator[str]:
        """What stands apart in the row; a number as its distance from the number of the page."""
        words = [word for line in self.lines for word in line.words]
        parts = [words[0].text]
        for last, word in pairwise(words):
            if word.box.x0 - last.box.x1 > _PART_GAP * self.lines[0].size:
                parts.append(word.text)
            else:
                parts[-1] += " " + word.text
        for part in parts:
            if number := _NUMBER.fullmatch(part):
                yield f"#{_value(number) - self.lines[0].page}"
            elif sum(map(str.isalpha, part[:_MAX_TEXT])) > 3:
                yield part[:_MAX_TEXT]


def _value(match: re.Match[str]) -> int:
    if match[1]:
        return int(match[1])
    digits = [_ROMAN[letter] for letter in match[2].lower()]
    return sum(-a if a < b else a for a, b in zip(digits, [*digits[1:], 0], strict=True))


def drop_running(pages: Sequence[Page]) -> None:
    """Take running headers, footers and page numbers out of the pages.

    They must be on three pages, mere page numbers on two. Where nothing but such rows is on most pages, all
    of them stay.
    """
    sizes = [line.size for page in pages for line in page.lines]
    if len(pages) < 2 or not sizes:
        return
    rows = {page.number: list(_edge_rows(page)) for page in pages}
    running = _Running([row for found in rows.values() for row in found], median(sizes), len(pages))
    kept: list[list[Line]] = []
    for page in pages:
        dropped = {id(line) for at_top in (True, False) for line in running.lines(rows[page.number], at_top)}
        kept.append([line for line in page.lines if id(line) not in dropped])
    emptied = sum(bool(page.lines) and not lines for page, lines in zip(pages, kept, strict=True))
    if emptied <= len(pages) / 2:
        for page, lines in zip(pages, kept, strict=True):
            page.lines = lines


class _Running:
    """Tells which rows run, having seen those of all pages."""

    def __init__(self, rows: Sequence[_Row], size: float, pages: int) -> None:
        self.size = size
        self.pages = pages
        self.wholes = Counter(key for row in rows for whole in row.wholes() for key in row.keys(whole))
        self.parts = Counter(key for row in rows for part in row.parts() for key in row.keys(part))
        self.slots: Counter[_Key] = Counter()
        self.repeated: Counter[_Key] = Counter()
        for row in rows:
            if row.set_off:
                self.slots.update(row.keys(""))
                self.repeated.update(row.keys("") if self._is_repeated(row) else ())

    def lines(self, rows: Sequence[_Row], at_top: bool) -> list[Line]:
        """The lines to drop at one edge of a page: those further out than a row that runs and is set off."""
        found: list[Line] = []
        pending: list[Line] = []
        for row in rows:
            if row.at_top != at_top:
                continue
            if not self._is_repeated(row) and not self._is_in_slot(row):
                break
            pending += row.lines
            if row.set_off:
                found += pending
                pending = []
        return found

    def _is_repeated(self, row: _Row) -> bool:
        fits = self._fits(row)
        for whole in row.wholes():
            count = max(self.wholes[key] for key in row.keys(whole))
            needed = 2 if _PAGE_NUMBER.fullmatch(whole) else _MIN_PAGES
            if count >= needed and (fits or count > _MOST * self.pages):
                return True
        parts = row.parts() if fits and row.set_off else ()
        return any(self.parts[key] >= _MIN_PAGES for part in parts for key in row.keys(part))

    def _is_in_slot(self, row: _Row) -> bool:
        if not row.set_off or not self._fits(row):
            return False
        return any(self.repeated[key] >= max(_MIN_SLOT, _MOST * self.slots[key] + 1) for key in row.keys(""))

    def _fits(self, row: _Row) -> bool:
        return all(line.size <= _MAX_SIZE * self.size for line in row.lines)


def _edge_rows(page: Page) -> Iterator[_Row]:
    """The rows near the top, from the top, and those near the bottom, from the bottom."""
    upright = [line for line in page.lines if line.upright]
    for at_top in (True, False):
        if at_top:
            near = [line for line in upright if line.box.y1 <= page.height * _EDGE]
        else:
            near = [line for line in upright if line.box.y0 >= page.height * (1 - _EDGE)]
        rows = _rows(near, at_top=at_top)
        steps = [abs(row.height - inner.height) for row, inner in pairwise(rows)]
        for row, step, next_step in zip_longest(rows, steps, steps[1:], fillvalue=None):
            if row is not None and step is not None:
                row.set_off = step > _SET_OFF_SIZES * row.lines[0].size or (
                    next_step is not None and step > _SET_OFF * next_step
                )
        yield from rows[:_MAX_ROWS]


def _rows(lines: Sequence[Line], *, at_top: bool) -> list[_Row]:
    rows: list[_Row] = []
    for line in sorted(lines, key=lambda line: line.baseline, reverse=not at_top):
        if rows and abs(rows[-1].height - line.baseline) < 0.5 * max(line.size, 1.0):
            rows[-1].lines.append(line)
        else:
            rows.append(_Row([line], at_top, line.baseline))
    for row in rows:
        row.lines.sort(key=lambda line: line.box.x0)
    return rows
