"""Write the passages of segments that have removed ones again, so that these leave the files.

The engine has no way to merge a segment by itself. But it drops one whose passages were all removed, and
adding a passage again removes it where it was. The terms come from the segment, without the texts.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tantivy

from index.engine.lexical.segments import SCHEMA, TERMS, listed, translated
from index.types import Ids

_BATCH = 4000
"""Passages written at a time, for which writers wait: some tenths of a second."""


class Entry(NamedTuple):
    """A passage as it is in a segment."""

    passage: int
    document: int
    terms: str


class TermsNotStored(Exception):
    """The index was made by an earlier version, whose segments do not store their terms."""


class Segment(NamedTuple):
    """A segment: its number in the list of segments, its name, and how many passages were written to it."""

    number: int
    name: str
    written: int
    has_removed: bool


def all_segments(folder: Path) -> list[Segment]:
    """The segments of the last commit."""
    with translated("being read"):
        return [
            Segment(number, str(one["segment_id"]), int(one["max_doc"]), bool(one["deletes"]))
            for number, one in enumerate(listed(folder))
        ]


def with_removed(folder: Path) -> list[Segment]:
    """The segments that have removed passages."""
    return [one for one in all_segments(folder) if one.has_removed]


def is_in_use(folder: Path, segment: Segment) -> bool:
    """Whether the index still has the segment: the engine drops it once it has merged or emptied it."""
    with translated("being read"):
        return any(one["segment_id"] == segment.name for one in listed(folder))


def entries(searcher: tantivy.Searcher, segment: Segment) -> Iterator[list[Entry]]:
    """Yield the live passages of a segment in batches.

    ``searcher`` numbers segments as the list that ``segment`` comes from. Raises
    :class:`TermsNotStored`.
    """
    for first in range(0, segment.written, _BATCH):
        part = range(first, min(first + _BATCH, segment.written))
        yield _entries(searcher, [tantivy.DocAddress(segment.number, at) for at in part])


def live(searcher: tantivy.Searcher, passages: Ids) -> set[int]:
    """Those of the passages that are in the index and not removed."""
    if not len(passages):
        return set()
    with translated("being searched"):
        query = tantivy.Query.term_set_query(SCHEMA, "passage", passages.tolist())
        hits = searcher.search(query, len(passages), count=False).hits
        found = searcher.fast_field_values("passage", [place for _, place in hits])
        return set(np.asarray(found, np.int64).tolist())


def _entries(searcher: tantivy.Searcher, places: list[tantivy.DocAddress]) -> list[Entry]:
    with translated("being read"):
        ids = np.asarray(searcher.fast_field_values("passage", places), np.int64)
        documents = np.asarray(searcher.fast_field_values("document", places), np.int64)
        there = live(searcher, ids)
        return [
            Entry(id_, document, _terms(searcher, place))
            for id_, document, place in zip(ids.tolist(), documents.tolist(), places, strict=True)
            if id_ in there
        ]


def _terms(searcher: tantivy.Searcher, place: tantivy.DocAddress) -> str:
    terms = searcher.doc(place).get_first(TERMS)
    if terms is None:
        raise TermsNotStored
    return str(terms)
