"""Generate the markers of OpenDocument list items and the numbers of headings, as the styles define them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from index.readers.base.ooxml import parse_integer
from index.readers.opendocument.styles import TEXT, ListLevel, Styles
from index.readers.word.numbering import format_list_number

_FORMATS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}
_ON = "true"


@dataclass(slots=True)
class _OpenList:
    style: str
    number: int | None = None
    pending: bool = False
    """Whether the current item has no paragraph yet."""


class Lists:
    """The nested lists that are open at a point of the source."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._open: list[_OpenList] = []
        self._last: dict[tuple[str, int], int] = {}
        self._headings: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._open)

    def open(self, element: etree._Element) -> None:
        """Begin a list in the current item; it may continue the numbers of the last list of its style."""
        outer = self._open[-1].style if self._open else ""
        entry = _OpenList(element.get(TEXT + "style-name", "") or outer)
        if element.get(TEXT + "continue-numbering") == _ON or element.get(TEXT + "continue-list"):
            entry.number = self._last.get((entry.style, len(self._open)))
        self._open.append(entry)

    def open_item(self, element: etree._Element) -> None:
        """Begin an item of the list that was opened last."""
        if not self._open:
            return
        current = self._open[-1]
        start = parse_integer(element.get(TEXT + "start-value"), 0)
        first = self._level(len(self._open)).start
        current.number = start or (first if current.number is None else current.number + 1)
        current.pending = True

    def close(self) -> None:
        """End the list that was opened last."""
        if self._open:
            ended = self._open.pop()
            if ended.number is not None:
                self._last[ended.style, len(self._open)] = ended.number

    def mark(self) -> tuple[str, int]:
        """The marker of the next paragraph, spaces if it is not the item's first, and its level from 0."""
        level, current = len(self._open), self._open[-1]
        shown = self._level(level)
        mark = "-"
        if not shown.bullet:
            numbers = {at: one.number or 1 for at, one in enumerate(self._open, 1)}
            levels = {at: self._level(at) for at in numbers}
            mark = label(levels, numbers, level) or "-"
        if not current.pending:
            mark = " " * len(mark)
        current.pending = False
        return mark, level - 1

    def heading(self, element: etree._Element, level: int) -> str:
        """Count a heading and return its number; empty if headings of its level have no number."""
        if element.get(TEXT + "is-list-header") == _ON:
            return ""
        levels = self._styles.outline
        shown = levels.get(level, ListLevel())
        numbers = {at: number for at, number in self._headings.items() if at <= level}
        if element.get(TEXT + "restart-numbering") == _ON:
            numbers[level] = parse_integer(element.get(TEXT + "start-value"), shown.start)
        else:
            numbers[level] = numbers.get(level, shown.start - 1) + 1
        self._headings = numbers
        return label(levels, numbers, level)

    def _level(self, level: int) -> ListLevel:
        return self._styles.list_level(self._open[level - 1].style, level)


def label(levels: Mapping[int, ListLevel], numbers: Mapping[int, int], level: int) -> str:
    """The number of ``level``, preceded by those of higher levels that its style shows; empty without one."""
    shown = levels.get(level, ListLevel())
    if not shown.format:
        return ""
    parts = []
    for at in range(max(1, level - shown.levels + 1), level + 1):
        one = levels.get(at, ListLevel())
        if one.format:
            parts.append(format_list_number(numbers.get(at, one.start), _FORMATS.get(one.format, "decimal")))
    return f"{shown.prefix}{'.'.join(parts)}{shown.suffix}".strip()
