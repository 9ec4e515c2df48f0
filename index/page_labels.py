"""The numbers that are printed on the pages of a document, packed by runs.

A label is a number as the page bears it, such as ``217``, ``xii`` or ``A-3``; a page without one has an empty
label. They are packed as a JSON list of ``[page, label]``: the label of a page, which counts from 1. Those of
the pages after it are each by one larger than the one before, up to the next page of the list.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from index.errors import StoreDamaged

LONGEST = 16
"""Characters of a label; a longer one is left out."""
_MOST_RUNS = 2000
"""Runs of a document. With more its pages have no labels."""
LARGEST = 10**9
"""More than any number of a page."""
_DIGITS = re.compile(r"[0-9]{1,9}\Z")
_ROMAN = ((100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
_LETTERS = {letters: worth for worth, letters in _ROMAN}
_LARGEST_ROMAN = 399
_LABEL = re.compile(
    r"(?P<prefix>[^\W_]{1,3}[-–.])?(?P<number>[0-9]{1,9}|[ivxlc]{1,9}|[IVXLC]{1,9})",
)
_DASH = re.compile("[-–]")
_ROMAN_NUMBER = re.compile(r"c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})")


class PageRange(NamedTuple):
    """Numbers of pages from the first to the last, all with one prefix, and all Roman or none."""

    prefix: str
    is_roman: bool
    first: int
    last: int = LARGEST

    def within(self, other: PageRange) -> PageRange | None:
        """The numbers that are in both; None without one."""
        first, last = max(self.first, other.first), min(self.last, other.last)
        return PageRange(*self[:2], first, last) if self[:2] == other[:2] and first <= last else None


def page_number(label: str) -> PageRange | None:
    """The number that a label is, such as ``217``, ``xii`` or ``A-3``, without regard to case; else None."""
    match = _LABEL.fullmatch(label)
    if not match:
        return None
    number, prefix = match["number"], (match["prefix"] or "").casefold().replace("–", "-")
    is_roman = not number.isdecimal()
    value = roman_value(number) if is_roman else int(number)
    return None if is_roman and not value else PageRange(prefix, is_roman, value, value)


def page_ranges(text: str) -> list[PageRange]:
    """The numbers that a text means: a label, or a range such as ``210-220`` or ``x–xiv``; none if neither.

    Both for ``3-7``, which is a page of the third chapter, too.
    """
    own = page_number(text)
    found = [own] if own else []
    first, last = (page_number(part.strip()) for part in (_DASH.split(text, maxsplit=1) * 2)[:2])
    if first and last and first[:2] == last[:2] and first.first < last.first:
        found.append(first._replace(last=last.first))
    return found


def pack_labels(labels: Sequence[str]) -> str:
    """Pack the label of each page; empty if none has one."""
    runs: list[tuple[int, str]] = []
    expected = ""
    for page, given in enumerate(labels, 1):
        label = given if len(given) <= LONGEST else ""
        if label != expected:
            runs.append((page, label))
        expected = _advance(label, 1)
    if not any(label for _, label in runs) or len(runs) > _MOST_RUNS:
        return ""
    return json.dumps(runs, ensure_ascii=False, separators=(",", ":"))


def label_of(packed: str, page: int) -> str:
    """The label of a page, which counts from 1; empty if it has none. Raises :class:`StoreDamaged`."""
    pages, labels = _runs(packed)
    at = bisect_right(pages, page) - 1
    return _advance(labels[at], page - pages[at]) if at >= 0 else ""


def labels_of(packed: str, pages: tuple[int, int] | None) -> tuple[str, str] | None:
    """The labels of the first and the last page of a span; None unless both have one."""
    if not packed or pages is None:
        return None
    first, last = (label_of(packed, page) for page in pages)
    return (first, last) if first and last else None


def merged_ranges(ranges: Iterable[PageRange]) -> list[PageRange]:
    """The same numbers in ascending ranges that do not overlap."""
    merged: list[PageRange] = []
    for one in sorted(ranges):
        if merged and merged[-1][:2] == one[:2] and one.first <= merged[-1].last + 1:
            merged[-1] = merged[-1]._replace(last=max(merged[-1].last, one.last))
        else:
            merged.append(one)
    return merged


def shared_ranges(some: Sequence[PageRange], others: Sequence[PageRange]) -> list[PageRange]:
    """The numbers that are in both, each of merged ranges, in a time proportional to their number."""
    found: list[PageRange] = []
    at = other = 0
    while at < len(some) and other < len(others):
        if both := some[at].within(others[other]):
            found.append(both)
        if (*some[at][:2], some[at].last) < (*others[other][:2], others[other].last):
            at += 1
        else:
            other += 1
    return found


def pages_in(packed: str, ranges: Sequence[PageRange]) -> list[tuple[int, int]]:
    """The first and last pages whose labels are in these merged ranges; the last may be beyond the end."""
    found: list[tuple[int, int]] = []
    ends = [(*one[:2], one.last) for one in ranges]
    pages, labels = _runs(packed)
    for page, following, label in zip(pages, [*pages[1:], LARGEST], labels, strict=False):
        if (first := page_number(label)) is None:
            continue
        run = first._replace(last=first.first + _run_length(label, first, following - page) - 1)
        for one in islice(ranges, bisect_left(ends, (*run[:2], run.first)), None):
            if not (shared := run.within(one)):
                break
            found.append((page + shared.first - first.first, page + shared.last - first.first))
    return found


def _run_length(label: str, first: PageRange, pages: int) -> int:
    """The number of pages, of so many from the one with this label, that have the labels after it."""
    if not first.is_roman:
        return pages
    return min(pages, _LARGEST_ROMAN + 1 - first.first) if roman_value(label) else 1


def roman_value(text: str) -> int:
    """The value of a Roman numeral up to 399, in small letters or capitals; 0 if it is none."""
    lower = text.lower()
    if not text or text not in (lower, text.upper()) or not _ROMAN_NUMBER.fullmatch(lower):
        return 0
    digits = [_LETTERS[letter] for letter in lower]
    return sum(-a if a < b else a for a, b in zip(digits, [*digits[1:], 0], strict=True))


def roman(value: int) -> str:
    """A number up to 399 as a Roman numeral in small letters."""
    parts = []
    for worth, letters in _ROMAN:
        count, value = divmod(value, worth)
        parts.append(letters * count)
    return "".join(parts)


def _advance(label: str, steps: int) -> str:
    """The label so many pages later; empty if it is no number."""
    if steps == 0:
        return label
    if match := _DIGITS.search(label):
        return label[: match.start()] + str(int(match[0]) + steps).zfill(len(match[0]))
    value = roman_value(label)
    if not value or value + steps > _LARGEST_ROMAN:
        return ""
    return roman(value + steps) if label.islower() else roman(value + steps).upper()


@lru_cache(maxsize=256)
def _runs(packed: str) -> tuple[list[int], list[str]]:
    try:
        runs = [(int(page), str(label)) for page, label in json.loads(packed)] if packed else []
    except (ValueError, TypeError) as error:
        raise StoreDamaged("The stored page numbers are damaged. Ingest the document again.") from error
    return [page for page, _ in runs], [label for _, label in runs]
