"""Put the lines of a PDF page into reading order.

Most pages draw their text in reading order. It is changed only where the geometry contradicts: where two
columns are drawn row by row, or lines from bottom to top.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from index.readers.pdf.page import Line

_MAX_WORDS = 1000
"""Words up to which rows are extended: that takes time quadratic in their length."""
_MIN_ROWS = 5
_GUTTER_GAP = 1.0
"""Gap between words, in font sizes, from which they may be in different columns."""
_MIN_FILL = 0.55
_MIN_CHARACTERS = 15
_MAX_INTERLEAVED = 0.3
_MAX_UPWARD = 0.25


def merge_rows(lines: Sequence[Line]) -> list[Line]:
    """Join lines that continue the same row, for example after a superscript."""
    rows: list[Line] = []
    for line in lines:
        if rows and _continues(rows[-1], line):
            rows[-1] = _join(rows[-1], line)
        else:
            rows.append(line)
    return rows


def reading_order(lines: Sequence[Line], *, width: float) -> list[Line]:
    """Sort the lines of a page of ``width`` points into reading order."""
    upright = [line for line in lines if line.upright]
    if len(upright) < _MIN_ROWS:
        return list(lines)
    rotated = [line for line in lines if not line.upright]
    pieces = [piece for line in upright for piece in _pieces(line)]
    gutter = _gutter(pieces, width)
    if gutter and _interleaved(pieces, gutter):
        return merge_rows(_by_columns(pieces, gutter)) + rotated
    if _count_upward(upright) > _MAX_UPWARD * len(upright):
        ordered = _by_columns(pieces, gutter) if gutter else sorted(upright, key=_position)
        return merge_rows(ordered) + rotated
    return list(lines)


def _continues(row: Line, line: Line) -> bool:
    size = max(row.size, line.size)
    if row.right_to_left != line.right_to_left:
        return False
    gap = row.box.x0 - line.box.x1 if row.right_to_left else line.box.x0 - row.words[-1].box.x1
    return (
        row.upright
        and line.upright
        and len(row.words) < _MAX_WORDS
        and abs(row.baseline - line.baseline) < 0.6 * size
        and min(row.box.y1, line.box.y1) > max(row.box.y0, line.box.y0)
        and -0.3 * size <= gap <= 1.5 * size
    )


def _join(row: Line, line: Line) -> Line:
    leading = row if sum(len(w.text) for w in row.words) >= sum(len(w.text) for w in line.words) else line
    return replace(leading, words=row.words + line.words, hyphen=line.hyphen)


def _pieces(line: Line) -> list[Line]:
    """Split a line where its words are far apart."""
    parts = line.parts(_GUTTER_GAP * line.size)
    if len(parts) == 1:
        return [line]
    return [replace(line, words=words, hyphen=line.hyphen and words is parts[-1]) for words in parts]


def _gutter(pieces: Sequence[Line], width: float) -> float | None:
    """The x coordinate between two columns of prose; None if there are none."""
    cells = max(1, min(int(width), 20_000))
    changes = [0] * (cells + 2)
    for piece in pieces:
        first, last = (min(max(int(x), 0), cells) for x in (piece.box.x0, piece.box.x1))
        changes[first] += 1
        changes[last + 1] -= 1
    best: tuple[int, float] | None = None
    crossing = 0
    for cell in range(cells):
        crossing += changes[cell]
        middle = 0.25 * cells < cell < 0.75 * cells
        if middle and crossing <= 0.2 * len(pieces) and (best is None or crossing < best[0]):
            best = crossing, cell + 0.5
    return best[1] if best and _are_columns(pieces, best[1]) else None


def _are_columns(pieces: Sequence[Line], gutter: float) -> bool:
    left = [piece for piece in pieces if piece.box.x1 <= gutter]
    right = [piece for piece in pieces if piece.box.x0 >= gutter]
    if min(len(left), len(right)) < _MIN_ROWS:
        return False
    shared = min(_bottom(left), _bottom(right)) - max(_top(left), _top(right))
    side_by_side = shared >= 0.5 * min(_bottom(left) - _top(left), _bottom(right) - _top(right))
    return side_by_side and _is_prose(left) and _is_prose(right)


def _is_prose(column: Sequence[Line]) -> bool:
    """Whether most lines fill the column, which the cells of a table do not."""
    extent = max(line.box.x1 for line in column) - min(line.box.x0 for line in column)
    fill = median(line.box.x1 - line.box.x0 for line in column)
    return fill >= _MIN_FILL * extent and median(len(line.text) for line in column) >= _MIN_CHARACTERS


def _interleaved(pieces: Sequence[Line], gutter: float) -> bool:
    sides = [piece.box.x0 >= gutter for piece in pieces if not piece.box.x0 < gutter < piece.box.x1]
    changes = sum(a != b for a, b in pairwise(sides))
    return changes > _MAX_INTERLEAVED * len(sides)


def _count_upward(lines: Sequence[Line]) -> int:
    """The number of lines that are above the line drawn before them."""
    return sum(
        line.box.y1 <= last.box.y0 and line.box.x0 < last.box.x1 and last.box.x0 < line.box.x1
        for last, line in pairwise(lines)
    )


def _by_columns(pieces: Sequence[Line], gutter: float) -> list[Line]:
    """Order by columns: lines that span both divide the page into bands, which are read one by one."""
    ordered: list[Line] = []
    band: list[Line] = []
    for piece in sorted(pieces, key=_position):
        if piece.box.x0 < gutter < piece.box.x1:
            ordered += _order_band(band, gutter)
            ordered.append(piece)
            band = []
        else:
            band.append(piece)
    return ordered + _order_band(band, gutter)


def _order_band(pieces: Sequence[Line], gutter: float) -> list[Line]:
    """Read the left column first; in right-to-left script the right one."""
    right_to_left = 2 * sum(piece.right_to_left for piece in pieces) > len(pieces)
    return sorted(pieces, key=lambda piece: (piece.box.x0 >= gutter) != right_to_left)


def _position(line: Line) -> tuple[float, float]:
    return round(line.baseline), -line.box.x1 if line.right_to_left else line.box.x0


def _top(lines: Sequence[Line]) -> float:
    return min(line.box.y0 for line in lines)


def _bottom(lines: Sequence[Line]) -> float:
    return max(line.box.y1 for line in lines)
