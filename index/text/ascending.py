"""The longest ascending part of a sequence."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any


def longest_ascending(values: Sequence[Any]) -> list[int]:
    """Positions of the longest ascending values (Schensted 1961); in a tie, those with the lower end."""
    ends: list[Any] = []
    places: list[int] = []
    before: list[int] = []
    for at, value in enumerate(values):
        length = bisect_left(ends, value)
        before.append(places[length - 1] if length else -1)
        ends[length : length + 1], places[length : length + 1] = [value], [at]
    chosen: list[int] = []
    at = places[-1] if places else -1
    while at >= 0:
        chosen.append(at)
        at = before[at]
    return chosen[::-1]
