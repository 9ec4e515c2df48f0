"""Write the passages of segments that have removed ones again, so that these leave the files.

The engine has no way to merge a segment by itself. But it drops one whose passages were all removed, and
adding a passage again removes it where it was. The terms come from the segment, without the texts.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tantivy

from index.engine.lexical import segments
from index.engine.lexical.folder import IndexFolder
from index.engine.lexical.segments import SCHEMA, SEARCHED, list_segments, stored_terms, translate_errors
from index.errors import CollectionBusy
from index.types import Ids

_BATCH = 4000
"""Passages written at a time, for which writers wait: some tenths of a second."""


_REMOVED_SHARE = 8
_LEAST_REMOVED = 1000
"""Segments are rewritten when, beyond so many, one in so many of their passages is removed."""


class Entry(NamedTuple):
    """A passage as it is in a segment."""

    passage: int
    document: int
    terms: str


class Segment(NamedTuple):
    """A segment: its number in the list of segments, its name, and how many passages were written to it."""

    number: int
    name: str
    written: int
    has_removed: bool


class Rewriter:
    """Removes dropped passages from the files of an index."""

    def __init__(self, folder: IndexFolder) -> None:
        """Of the index in a folder."""
        self._folder = folder

    @property
    def is_due(self) -> bool:
        """Whether many of the stored passages were removed.

        Until they are rewritten, or the engine merges them away, they take space and make searches slower.
        """
        with suppress(CollectionBusy), self._folder.unless_replaced():
            held = self._folder.state.segments
            if held is not None:
                stored = segments.count_stored(self._folder.files(held.name))
                removed = stored - held.searcher.num_docs
                return bool(_REMOVED_SHARE * (removed - _LEAST_REMOVED) > stored)
        return False

    @property
    def has_removed(self) -> bool:
        """Whether the files have words of passages that were removed.

        Raises :class:`index.errors.CollectionBusy` if another process makes the index anew meanwhile.
        """
        with self._folder.unless_replaced():
            held = self._folder.state.segments
            if self._folder.others(held.name if held else ""):
                return True
            return held is not None and segments.has_removed(self._folder.files(held.name))

    @property
    def is_better_copied(self) -> bool:
        """Whether a copy of the live passages takes less time than :meth:`run`.

        Raises :class:`index.errors.CollectionBusy` if another process makes the index anew meanwhile.
        """
        with self._folder.unless_replaced():
            held = self._folder.state.segments
            if held is None:
                return False
            files = self._folder.files(held.name)
            return 2 * sum(one.written for one in segments_with_removed(files)) > segments.count_stored(files)

    def run(self, turn: Callable[[], AbstractContextManager[object]]) -> bool:
        """Write again, in other segments, the passages of segments that have removed ones.

        The words of passages that were removed before the call are in no file afterwards. ``turn`` holds the
        lease of the folder, for one batch at a time. False if that cannot be done here: build a new index
        instead. Raises :class:`index.errors.CollectionBusy` if another process has made it anew meanwhile.
        """
        folder = self._folder
        held = folder.state.segments
        if held is None:
            return True
        files = folder.files(held.name)
        if folder.others(held.name):
            return False
        with folder.unless_replaced():
            dirty = segments_with_removed(files)
        for segment in dirty:
            for batch in entries(held.searcher, segment):
                with turn(), folder.changing:
                    folder.reload()
                    current = folder.state.segments
                    if current is None or current.name != held.name:
                        return False
                    if not is_in_use(files, segment):
                        break  # the engine has merged it, and what it had left
                    self._write_again(batch)
        with turn(), folder.changing:
            segments.delete_unused(files)
        return not any(is_in_use(files, segment) for segment in dirty)

    def _write_again(self, batch: list[Entry]) -> None:
        """Replace passages by themselves, except those that were removed meanwhile."""
        state = self._folder.state
        held = state.segments
        if held is None:
            return
        ids = np.array([one.passage for one in batch], np.int64)
        there = live(held.searcher, ids)
        if there:
            segments.delete_unused(self._folder.files(held.name))
            with segments.writing(held.index) as writer:
                segments.drop(writer, ids)
                for one in batch:
                    if one.passage in there:
                        segments.add(writer, passage=one.passage, document=one.document, terms=one.terms)
            self._folder.publish(state.mark, self._folder.open_committed(held.name, held.index))


def all_segments(folder: Path) -> list[Segment]:
    """The segments of the last commit."""
    with translate_errors("being read"):
        return [
            Segment(number, str(one["segment_id"]), int(one["max_doc"]), bool(one["deletes"]))
            for number, one in enumerate(list_segments(folder))
        ]


def segments_with_removed(folder: Path) -> list[Segment]:
    """The segments that have removed passages."""
    return [one for one in all_segments(folder) if one.has_removed]


def is_in_use(folder: Path, segment: Segment) -> bool:
    """Whether the index still has the segment: the engine drops it once it has merged or emptied it."""
    with translate_errors("being read"):
        return any(one["segment_id"] == segment.name for one in list_segments(folder))


def entries(searcher: tantivy.Searcher, segment: Segment) -> Iterator[list[Entry]]:
    """Yield the live passages of a segment in batches.

    ``searcher`` numbers segments as the list that ``segment`` comes from.
    """
    for first in range(0, segment.written, _BATCH):
        part = range(first, min(first + _BATCH, segment.written))
        yield _entries(searcher, [tantivy.DocAddress(segment.number, at) for at in part])


def live(searcher: tantivy.Searcher, passages: Ids) -> set[int]:
    """The passages among these that are in the index and not removed."""
    if not len(passages):
        return set()
    with SEARCHED:
        query = tantivy.Query.term_set_query(SCHEMA, "passage", passages.tolist())
        hits = searcher.search(query, len(passages), count=False).hits
        found = searcher.fast_field_values("passage", [place for _, place in hits])
        return set(np.asarray(found, np.int64).tolist())


def _entries(searcher: tantivy.Searcher, places: list[tantivy.DocAddress]) -> list[Entry]:
    with translate_errors("being read"):
        ids = np.asarray(searcher.fast_field_values("passage", places), np.int64)
        documents = np.asarray(searcher.fast_field_values("document", places), np.int64)
        there = live(searcher, ids)
        return [
            Entry(id_, document, stored_terms(searcher, place))
            for id_, document, place in zip(ids.tolist(), documents.tolist(), places, strict=True)
            if id_ in there
        ]
