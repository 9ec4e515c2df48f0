"""Records of JSON, written as lines ``path: value``: a record is a row, its fields are named cells.

``stores[1].city: Vienna`` is the field ``city`` of a record of ``stores``. Lines without an index belong to
the record that the block is: the members of an array at the top have a block each.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from index.search.tables.grid import Grid, Row
from index.text.sentences import Span, line_spans
from index.types import Block

MEDIA_TYPES = ("application/json", "application/jsonl")
_PATH_END = ": "
_PATH = re.compile(r"(?P<record>.*\[\d+\])?\.?(?P<name>.*)", re.DOTALL)
_INDEX = re.compile(r"\[\d+\]")
_WORDS = re.compile(r"(?<=[a-z\d])(?=[A-Z])|[\W_]+")
_MOST_LINES = 999
"""Line ends of a block that is full."""
_LABELS = ("name", "title", "label")


@dataclass(frozen=True, slots=True)
class RecordField:
    """A line of a record: its span, that of its value, and the words of its name."""

    start: int
    end: int
    value: Span
    name: str


@dataclass(slots=True)
class Record:
    """The fields of a record, and its path.

    ``of`` are the words for what the records of its array are, such as ``stores``.
    """

    path: str
    of: str
    fields: list[RecordField] = field(default_factory=list)

    @property
    def span(self) -> Span:
        """From its first line to its last."""
        return self.fields[0].start, self.fields[-1].end


def records_of(text: str, table: Block) -> list[Record]:
    """Return the records of a block of the whole ``text``, in the order of their first lines."""
    found: dict[str, Record] = {}
    for start, end in line_spans(text, table.start, table.end):
        path, colon, _ = text[start:end].partition(_PATH_END)
        parts = _PATH.fullmatch(path)
        if not colon or parts is None:
            continue
        key = parts["record"] or ""
        record = found.setdefault(key, Record(key, _words(_INDEX.sub("", key).rpartition(".")[2])))
        record.fields.append(
            RecordField(start, end, (start + len(path) + len(colon), end), _words(parts["name"]))
        )
    return list(found.values())


def _words(name: str) -> str:
    return " ".join(filter(None, _WORDS.split(name)))


def record_grids(text: str, tables: Sequence[Block]) -> list[Grid]:
    """Return the arrays of the ``tables`` of a file as grids, those with most records first.

    None where a block is so long that a record may go on in the next.
    """
    if any(text.count("\n", one.start, one.end) >= _MOST_LINES for one in tables):
        return []
    arrays: dict[str, list[Record]] = {}
    for table in tables:
        for record in records_of(text, table):
            arrays.setdefault(_INDEX.sub("[]", record.path), []).append(record)
    return [_grid(records) for records in sorted(arrays.values(), key=len, reverse=True) if len(records) > 1]


def _grid(records: Sequence[Record]) -> Grid:
    names = dict.fromkeys(one.name for record in records for one in record.fields)
    ordered = sorted(names, key=lambda name: name.lower() not in _LABELS)
    columns = {name: at for at, name in enumerate(ordered)}
    rows = [Row(*record.span, _cells(record.fields, columns)) for record in records]
    return Grid(rows, ordered, of=records[0].of)


def _cells(fields: Iterable[RecordField], columns: Mapping[str, int]) -> Mapping[int, Span]:
    return {columns[one.name]: one.value for one in fields}
