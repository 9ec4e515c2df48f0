"""Lists in the viewer: their items below each other as they are indented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.text import item_spans
from service.faces.pages.marks import Marking, Segment

_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class ShownItem:
    """An item of a list, with its bullet or number, and the items below it."""

    parts: tuple[Segment, ...]
    items: tuple[ShownItem, ...]


@dataclass(slots=True)
class _Item:
    indent: int
    parts: tuple[Segment, ...]
    below: list[_Item]


def shown_items(marking: Marking, start: int, end: int) -> tuple[ShownItem, ...]:
    """The items of the list at a span of the text."""
    root = _Item(-1, (), [])
    above = [root]
    for first, last in item_spans(marking.text, start, end):
        item = _Item(_indent(marking.text, first), marking.parts(first, last), [])
        while item.indent <= above[-1].indent or len(above) > _DEEPEST:
            above.pop()
        above[-1].below.append(item)
        above.append(item)
    return _show_items(root.below)


def _indent(text: str, start: int) -> int:
    """Columns of white space before an item on its line; 0 if it does not begin its line."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    return len(before) if before.isspace() else 0


def _show_items(items: Sequence[_Item]) -> tuple[ShownItem, ...]:
    return tuple(ShownItem(one.parts, _show_items(one.below)) for one in items)
