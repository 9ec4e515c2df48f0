"""Drop running headers, footers and page numbers: rows that are repeated at the edge of many pages.

Rows of different pages are the same if they have the same text at the same height, where numbers may increase
with the pages. If most of the rows at a height are repeated, the others there count as running, too, such as
the titles of chapters that have only one page.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from statistics import median

from index.readers.pdf.page import Line, Page

_EDGE = 0.25
"""Share of a page's height, at the top and at the bottom, that is searched."""
_MAX_ROWS = 3
_MIN_PAGES = 3
_MIN_SLOT = 5
_MAJORITY = 0.5
_MAX_SIZE = 1.1
"""A row whose type is larger than the body by this factor is a title, unless it is on most pages."""
_PART_GAP = 1.5
_SET_OFF = 1.3
_SET_OFF_SIZES = 2.5
_STEP = 4.0
"""Points by which heights are rounded."""
_MAX_TEXT = 300
_MAX_NUMBERS = 3
# Both cases: without regard to case, a dotless i would be one, too.
_NUMBER = re.compile(r"(?<!\w)(?:(\d{1,6})|([ivxlcIVXLC]{1,8}))(?!\w)")
_PAGE_NUMBER = re.compile(r"\W{0,9}(?:page|seite|p\.)?\W{0,9}#-?\d+(?:\W|of|von|\d){0,20}", re.IGNORECASE)
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}

_Key = tuple[bool, int, str]
"""Whether it is at the top, its rounded height, and its text."""


@dataclass(slots=True)
class Row:
    """A row at the edge of a page."""

    lines: list[Line]
    at_top: bool
    height: float
    set_off: bool = True
    """Whether there is a larger gap to the next row towards the middle of the page."""

    def keys(self, text: str) -> tuple[_Key, _Key]:
        """Two keys, because the height may be rounded up on one page and down on another."""
        height = self.height / _STEP
        return (self.at_top, int(height), text), (self.at_top, -1 - round(height), text)

    def variants(self) -> list[str]:
        """The text of the row, with every combination of numbers replaced by offsets from the page number."""
        text = " ".join([line.text for line in self.lines])[:_MAX_TEXT]
        numbers = list(_NUMBER.finditer(text))
        variants = [text]
        for match in (*numbers[:1], *numbers[1:][1 - _MAX_NUMBERS :])[::-1]:
            offset = f"#{_value(match) - self.lines[0].page}"
            variants += [one[: match.start()] + offset + one[match.end() :] for one in variants]
        return variants

    def parts(self) -> Iterator[str]:
        """The texts of the row that are far apart; a number as its offset from the page number."""
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


def drop_running_lines(pages: Sequence[Page]) -> None:
    """Remove running headers, footers and page numbers from the pages.

    They must be on three pages, mere page numbers on two. If most pages have nothing else, everything stays.
    """
    sizes = [line.size for page in pages for line in page.lines]
    if len(pages) < 2 or not sizes:
        return
    rows = {page.number: list(edge_rows(page)) for page in pages}
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
    """Decides which rows are running headers or footers, from those of all pages."""

    def __init__(self, rows: Sequence[Row], size: float, pages: int) -> None:
        self.size = size
        self.pages = pages
        self.variants = Counter(key for row in rows for text in row.variants() for key in row.keys(text))
        self.parts = Counter(key for row in rows for part in row.parts() for key in row.keys(part))
        self.slots: Counter[_Key] = Counter()
        self.repeated: Counter[_Key] = Counter()
        for row in rows:
            if row.set_off:
                self.slots.update(row.keys(""))
                self.repeated.update(row.keys("") if self._is_repeated(row) else ())

    def lines(self, rows: Sequence[Row], at_top: bool) -> list[Line]:
        """The lines to drop at one edge of a page: from the edge to the last running row that is set off."""
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

    def _is_repeated(self, row: Row) -> bool:
        fits = self._fits(row)
        for text in row.variants():
            count = max(self.variants[key] for key in row.keys(text))
            needed = 2 if _PAGE_NUMBER.fullmatch(text) else _MIN_PAGES
            if count >= needed and (fits or count > _MAJORITY * self.pages):
                return True
        parts = row.parts() if fits and row.set_off else ()
        return any(self.parts[key] >= _MIN_PAGES for part in parts for key in row.keys(part))

    def _is_in_slot(self, row: Row) -> bool:
        if not row.set_off or not self._fits(row):
            return False
        return any(
            self.repeated[key] >= max(_MIN_SLOT, _MAJORITY * self.slots[key] + 1) for key in row.keys("")
        )

    def _fits(self, row: Row) -> bool:
        return all(line.size <= _MAX_SIZE * self.size for line in row.lines)


def edge_rows(page: Page) -> Iterator[Row]:
    """The rows near the top, from the top down, and those near the bottom, from the bottom up."""
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


def _rows(lines: Sequence[Line], *, at_top: bool) -> list[Row]:
    rows: list[Row] = []
    for line in sorted(lines, key=lambda line: line.baseline, reverse=not at_top):
        if rows and abs(rows[-1].height - line.baseline) < 0.5 * max(line.size, 1.0):
            rows[-1].lines.append(line)
        else:
            rows.append(Row([line], at_top, line.baseline))
    for row in rows:
        row.lines.sort(key=lambda line: line.box.x0)
    return rows
