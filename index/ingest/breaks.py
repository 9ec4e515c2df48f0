"""Breaks of a section into passages.

All breaks of a section are optimized together, as TeX breaks a paragraph into lines. A passage costs the
square of its unused tokens, which favours few passages of similar size; a break costs a penalty that
depends on what it separates (:class:`Bond`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from index.config import ChunkingConfig

_MOST_UNITS = 128
"""Most units of a passage. Texts have far fewer; thousands of lines with one bracket each took a minute."""


class Bond(IntEnum):
    """The cost of a break before a unit, in eighths of the cost of an empty passage.

    WHOLE keeps a list or table that fits in one passage, even if that takes two more passages.
    """

    NONE = 0
    SENTENCE = 1
    LEAD_IN = 8
    WHOLE = 64
    WORD = 96


@dataclass(slots=True)
class Unit:
    """An indivisible unit: a sentence, list item or line, or a piece of one that was too long.

    ``until`` is the start of the next unit in the section, ``gap`` the tokens of the white space before it.
    ``prose`` units may be repeated as overlap.
    """

    start: int
    end: int
    until: int
    section: int
    bond: Bond
    prose: bool
    tokens: int = 0
    gap: int = 0


def passage_spans(units: list[Unit], room: int, config: ChunkingConfig) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and tokens of each passage of a section."""
    units = _join_tiny(units, room, config.max_characters)
    before = [0]
    for unit in units:
        before.append(before[-1] + unit.tokens + unit.gap)
    for first, end in _breaks(units, before, room, config.max_characters):
        tokens, last, start = before[end] - units[end - 1].gap, units[end - 1].end, first
        # Add preceding sentences as overlap while they fit. This never includes the whole passage before,
        # or the two would have been one.
        while start and units[start - 1].prose and before[first] - before[start - 1] <= config.overlap_tokens:
            if tokens - before[start - 1] > room or last - units[start - 1].start > config.max_characters:
                break
            start -= 1
        yield units[start].start, last, tokens - before[start]


def _join_tiny(units: list[Unit], room: int, longest: int) -> list[Unit]:
    """Join tiny units ("Yes.", "}") to the next one, so that there are fewer breaks to consider."""
    joined = units[:1]
    for unit in units[1:]:
        last = joined[-1]
        alike = (last.prose and unit.prose) or unit.bond == Bond.WHOLE
        tokens = last.tokens + last.gap + unit.tokens
        small = tokens <= room // 4 and unit.end - last.start <= longest // 4
        if last.tokens < room // 32 and alike and small:
            last.end, last.tokens, last.gap = unit.end, tokens, unit.gap
        else:
            joined.append(unit)
    return joined


def _breaks(units: list[Unit], before: list[int], room: int, longest: int) -> list[tuple[int, int]]:
    """Return the cheapest passages as half-open ranges of unit numbers."""
    price = [max(1, room * room // 8) * unit.bond for unit in units] + [0]
    starts = [unit.start for unit in units]
    best, choice = [0], [0]
    for end, unit in enumerate(units, start=1):
        total = before[end] - unit.gap
        cheapest, chosen = -1, end - 1
        for number in range(end - 1, max(-1, end - 1 - _MOST_UNITS), -1):
            tokens = total - before[number]
            if number < end - 1 and (tokens > room or unit.end - starts[number] > longest):
                break
            cost = best[number] + (room - tokens) ** 2
            if cheapest < 0 or cost < cheapest:
                cheapest, chosen = cost, number
        # Even a full passage costs 1, so that no passage lies inside the next.
        best.append(cheapest + price[end] + 1)
        choice.append(chosen)
    passages = [(choice[-1], len(units))]
    while passages[-1][0]:
        end = passages[-1][0]
        passages.append((choice[end], end))
    return passages[::-1]
