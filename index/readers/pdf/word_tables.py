"""Find the columns of a table of words on a PDF page, by the places of its cells.

Its lines have wide gaps, and are all that is drawn of it. Where no cell reaches into the next column, a row
that lacks some has empty cells for them; and the first rows may name the columns.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.readers.base.column_names import count_name_rows, is_value, join_names
from index.readers.pdf.page import Line, Word, joined_text

CELL_GAP = 2.0
"""Gap between words, in font sizes, from which they are cells of a table."""
_MIN_ROWS = 3


@dataclass(slots=True)
class WordTable:
    """The cells of each row, the names of the columns, and how many rows show them.

    ``edges`` are the x coordinates at which the columns begin. ``is_named`` is set if the names stand above
    numbers: above words they look like any other row.
    """

    rows: list[list[list[Word]]]
    names: tuple[str, ...]
    head: int
    edges: tuple[float, ...]
    is_named: bool


def word_table(lines: Sequence[Line]) -> WordTable | None:
    """The table that lines with wide gaps are; None if it cannot be told which cells are of one column."""
    rows = [line.parts(CELL_GAP * line.size) for line in lines]
    if len(rows) < _MIN_ROWS or any(line.right_to_left for line in lines):
        return None
    columns = _columns(cell for row in rows for cell in row)
    if len(columns) != max(map(len, rows)) or any(_is_sign(cell) for row in rows for cell in row):
        return None
    edges = tuple(left for left, _ in columns)
    grid = []
    for row in rows:
        cells: list[list[Word]] = [[] for _ in edges]
        for cell in row:
            cells[next(at for at, (_, right) in enumerate(columns) if cell[0].box.x0 <= right)] = cell
        grid.append(cells)
    texts = [[joined_text(cell) for cell in row] for row in grid]
    head = count_name_rows(texts)
    is_clear = head < len(grid) and not any("|" in cell for row in texts for cell in row)
    if not is_clear or not all(
        texts[head - 1][1:]
    ):  # a header names every column, but perhaps that of labels
        head = 0
    is_named = head > 0 and any(is_value(cell) for row in texts[head:] for cell in row[1:])
    return WordTable(grid, join_names(texts[:head]) if head else (), head, edges, is_named)


def _columns(cells: Iterable[Sequence[Word]]) -> list[tuple[float, float]]:
    """The left and right ends of the columns: cells that are below each other share some of the width."""
    columns: list[tuple[float, float]] = []
    for left, right in sorted((cell[0].box.x0, cell[-1].box.x1) for cell in cells):
        if columns and left <= columns[-1][1]:
            columns[-1] = columns[-1][0], max(columns[-1][1], right)
        else:
            columns.append((left, right))
    return columns


def _is_sign(cell: Sequence[Word]) -> bool:
    """Whether a cell is a sign that belongs to the number beside it."""
    return not any(character.isalnum() for word in cell for character in word.text)
