"""The pictures of a document that have a caption, packed as JSON: the span of each caption, and its box."""

import json
import math
from collections.abc import Sequence
from functools import lru_cache

from index.errors import StoreDamaged
from index.types import Figure

MOST = 500
"""Pictures of a document; those after them have no box."""


def pack_figures(figures: Sequence[Figure]) -> str:
    """Pack figures in the order of their captions; empty if there are none."""
    rows = [
        [one.start, one.end, one.page, *(round(side, 1) for side in (one.x0, one.y0, one.x1, one.y1))]
        for one in figures[:MOST]
    ]
    return json.dumps(rows, separators=(",", ":")) if rows else ""


@lru_cache(maxsize=256)
def figures_of(packed: str) -> tuple[Figure, ...]:
    """The figures that :func:`pack_figures` has packed. Raises :class:`index.errors.StoreDamaged`."""
    try:
        found = tuple(_figure(*row) for row in json.loads(packed)) if packed else ()
    except (ValueError, TypeError, OverflowError) as error:
        raise StoreDamaged("The stored places of figures are damaged. Ingest the document again.") from error
    return found


def figure_in(packed: str, start: int, end: int) -> Figure | None:
    """The first figure whose caption a span overlaps."""
    return next((one for one in figures_of(packed) if one.start < end and start < one.end), None)


def _figure(start: int, end: int, page: int, *sides: float) -> Figure:
    x0, y0, x1, y1 = map(float, sides)
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or page < 1:
        raise ValueError(sides)
    return Figure(int(start), int(end), int(page), x0, y0, x1, y1)
