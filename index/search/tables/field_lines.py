"""Choose the line of a JSON record that answers, rather than the one that says which record is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from index.answers import Evidence
from index.search.tables.asked import Asked
from index.search.tables.operations import measures_of
from index.search.tables.records import Record, RecordField, records_of
from index.text.sentences import Span
from index.text.tables import table_at
from index.types import Block, Cell

_OF_FIELD = 0.75
"""Least probability of a line that has the field asked for, of the record that is named."""
_AROUND = 2000
"""Code points before and after a hit in which its records may begin and end."""
_LONGEST_VALUE = 200
_LONGEST_RECORD = 600
"""Code points of a record that is marked as a whole."""
_BY_QUESTION = 0.5
"""The share of a field's name that a way of asking counts for."""
_ASKS_HOURS = re.compile(
    r"\bwhen (?:is|are|does|do)\b.*\b(?:open|close)|\bopening (?:hours|times)\b", re.IGNORECASE
)
_WAYS: Sequence[tuple[re.Pattern[str], float, str]] = (
    (_ASKS_HOURS, 2.0, "hours"),
    (re.compile(r"\baddress\b|\bwhere\b", re.IGNORECASE), _BY_QUESTION, "address street"),
    (re.compile(r"\b(?:tele)?phone\b|\bcall\b", re.IGNORECASE), _BY_QUESTION, "phone telephone tel mobile"),
    (re.compile(r"\be-?mail\b", re.IGNORECASE), _BY_QUESTION, "email mail"),
)
"""Ways of asking, with the words in names of fields that answer, and the share that they count for."""


def light_fields(
    lit: Sequence[Evidence], asked: Asked, text: str, tables: Sequence[Block], within: Span, *, most: int
) -> tuple[Evidence, ...]:
    """Put the fields first that the question asks for, of the records that it names by their values.

    A follow-up may leave either to the question before it. Where no field is asked for that is known, a line
    that only names the record becomes the whole record. ``text`` is the whole text, ``within`` the span of
    the hit.
    """
    near = [clipped for table in tables if (clipped := _clip(text, table, within)) is not None]
    records = [one for table in near for one in records_of(text, table) if _overlaps(one.span, within)]
    named, before = _named_records(asked, text, records), asked.earlier
    found = list(_answering(asked, text, named, within))
    if not found and before is not None:
        if not named:
            found = list(_answering(asked, text, _named_records(before, text, records), within))
        else:
            found = list(_answering(before, text, named, within))
    others = [one for one in lit if table_at(tables, one.start) is None]
    if found:
        best = max([_OF_FIELD, *(one.score for one in lit)])
        lines = (Evidence(start, end, best, (cell,), (cell,)) for start, end, cell in found)
        return (*lines, *others)[:most]
    if len(named) == 1 and lit and any(key.start == lit[0].start for key in named[0][1]):
        start, end = named[0][0].span
        if end - start <= _LONGEST_RECORD:
            return (Evidence(start, end, lit[0].score), *others)[:most]
    return tuple(lit)


_Named = tuple[Record, list[RecordField]]


def _clip(text: str, table: Block, within: Span) -> Block | None:
    """The lines of a table near the hit: a block may have a thousand."""
    start, end = max(table.start, within[0] - _AROUND), min(table.end, within[1] + _AROUND)
    if start >= end:
        return None
    if start > table.start:
        start = text.find("\n", start, end) + 1 or start
    stop = text.find("\n", end - 1, table.end)
    return replace(table, start=start, end=table.end if stop < 0 else stop)


def _overlaps(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _named_records(asked: Asked, text: str, records: Sequence[Record]) -> list[_Named]:
    """The records of which the question has most values, each with the fields that have these."""
    rated: list[tuple[int, _Named]] = []
    for record in records:
        keys = [one for one in record.fields if _is_named(asked, text[slice(*one.value)])]
        words = frozenset[int]().union(*(asked.words(text[slice(*key.value)]) for key in keys))
        if words:
            rated.append((len(words), (record, keys)))
    best = max((rating for rating, _ in rated), default=0)
    return [one for rating, one in rated if rating == best]


def _is_named(asked: Asked, value: str) -> bool:
    return len(value) <= _LONGEST_VALUE and asked.names(value) and not asked.words(value) <= asked.idle


def _answering(
    asked: Asked, text: str, named: Sequence[_Named], within: Span
) -> Iterator[tuple[int, int, Cell]]:
    """Yield the lines whose names the question has, more of them than of others, with the cell of each."""
    for record, keys in named:
        label = ", ".join(text[slice(*key.value)] for key in keys)
        taken = asked.words(f"{record.of} {label}")
        rated = [
            (_share(one, asked, taken), one)
            for one in record.fields
            if one not in keys and within[0] <= one.start and one.end <= within[1]
        ]
        best = max((share for share, _ in rated), default=0.0)
        for share, one in rated:
            if share == best and best >= _BY_QUESTION:
                yield one.start, one.end, Cell(*one.value, label, one.name)


def _share(one: RecordField, asked: Asked, taken: frozenset[int]) -> float:
    """The share of the words of a field's name that the question has, apart from those ``taken``."""
    words = asked.words(one.name)
    shares = [len(words & (asked.terms - taken)) / len(words) if words else 0.0]
    shares += [share for way, share, said in _WAYS if way.search(asked.text) and words & asked.words(said)]
    if words & asked.words(" ".join(measures_of(asked.text))):
        shares.append(_BY_QUESTION)
    return max(shares)
