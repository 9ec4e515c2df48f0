"""In-memory cache of texts, passages and sentences read recently."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Protocol

import numpy as np

from index.filters import Compound, Filter, ReadableBy
from index.page_labels import PageRange
from index.records import PlacedPassage, StoredPassage, content_key
from index.sentence_table import SentenceTable
from index.store.rows.cache.recent import RecentRows
from index.store.rows.sentences import StoredSentences, table_of
from index.store.rows.texts import BLOCK
from index.text.cache import TextCache
from index.types import Ids

_TEXTS = 8_000_000
"""Code points of cached texts, 1 to 4 bytes each."""
_PLACES = 8192
"""Cached passages without their text: positions and the metadata of their documents."""
_SENTENCES = 48_000_000
"""Bytes of cached sentences, enough for about 18,000 passages."""
_READABLE = 32
"""Cached selections of documents by groups, 8 bytes for each document."""
_ROW_BYTES = 600
"""Approximate overhead of a cached row of sentences: that of its objects."""


class Reads(Protocol):
    """Reads of a record in one transaction, for rows that are not cached."""

    @property
    def change(self) -> int:
        """The last change that the transaction sees."""

    @property
    def knows_erasures(self) -> bool:
        """Whether :meth:`Memory.forget` was called for all erasures that the transaction sees.

        If not, a cached text may be erased.
        """

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        """As :meth:`index.protocols.snapshots.Texts.text`."""

    def require_text(self, sha256: bytes) -> None:
        """Raise :class:`index.errors.VersionNotFound` if a text is erased."""

    def whole_texts(self, sha256s: Sequence[bytes]) -> Mapping[bytes, str]:
        """The texts among these that are not erased, each checked against its hash."""

    def slices(self, spans: Sequence[tuple[bytes, int, int]]) -> list[str]:
        """``text[start:end]`` for each (SHA-256 of the text, start, end)."""

    def placed_passages(self, ids: Sequence[int]) -> dict[int, PlacedPassage]:
        """The live passages among these, by id."""

    def sentences_of(self, ids: Sequence[int]) -> dict[int, StoredSentences]:
        """The sentences of those of the passages that are live, by id."""

    def select(self, where: Filter) -> Ids:
        """Keys of the documents that a filter admits, ascending."""

    def on_pages(self, ranges: Sequence[PageRange], where: Filter | None) -> Ids:
        """As :meth:`index.protocols.snapshots.Passages.on_pages`."""


class Memory:
    """Caches the results of :class:`Reads`. Safe to use from several threads."""

    def __init__(self) -> None:
        self._texts = TextCache[str](_TEXTS, len)
        self._places = RecentRows[PlacedPassage](_PLACES)
        self._sentences = RecentRows[StoredSentences](
            _SENTENCES, lambda row: _ROW_BYTES + (row[1].size if row[1] else 0)
        )

        self._readable: dict[ReadableBy, Ids] = {}
        self._readable_change = -1
        self._forgotten = 0
        self._erased = 0
        self._lock = threading.Lock()

    def select(self, reads: Reads, where: Filter) -> Ids:
        """Return the keys of the documents that a filter admits; what groups may read is cached."""
        if isinstance(where, ReadableBy):
            return self._readable_by(reads, where)
        if isinstance(where, Compound) and where.combination == "and":
            readable = [part for part in where.filters if isinstance(part, ReadableBy)]
            others = tuple(part for part in where.filters if not isinstance(part, ReadableBy))
            if readable and others:
                found = [self._readable_by(reads, part) for part in readable]
                return reduce(np.intersect1d, found, reads.select(Compound("and", others)))
        return reads.select(where)

    def _readable_by(self, reads: Reads, by: ReadableBy) -> Ids:
        change = reads.change
        with self._lock:
            known = self._readable.get(by) if change == self._readable_change else None
        if known is not None:
            return known
        found = reads.select(by)
        with self._lock:
            if change > self._readable_change or len(self._readable) == _READABLE:
                self._readable.clear()
            if change >= self._readable_change:
                self._readable_change = change
                self._readable[by] = found
        return found

    def forget(self, change: int) -> None:
        """Clear the caches, because this change or an earlier one erased something."""
        with self._lock:
            self._forgotten = max(self._forgotten, change)
        self._texts.clear(change)
        self._places.clear(change)
        self._sentences.clear(change)

    def follow(self, erased: int, change: int) -> None:
        """Call :meth:`forget` unless that was done since change ``erased``, the last that erased something.

        ``change`` is the last one of whoever read that.
        """
        with self._lock:
            self._erased = max(self._erased, erased)
            is_done = self._forgotten >= erased
        if not is_done:
            self.forget(change)

    @property
    def erased(self) -> int:
        """The last change known here that erased something."""
        with self._lock:
            return self._erased

    def text(self, reads: Reads, sha256: bytes, span: tuple[int, int | None]) -> str:
        """Return a span of a text. Raises :class:`index.errors.VersionNotFound` for an erased whole text."""
        start, end = span
        if span != (0, None):
            held = self._texts.peek(sha256) if reads.knows_erasures else None
            return reads.text(sha256, *span) if held is None else held[start:end]
        if not reads.knows_erasures:
            reads.require_text(sha256)
        return self._texts.get(sha256, reads.text, reads.change)

    def whole_texts(self, reads: Reads, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        """Return texts by hash, each that of a version which the transaction sees: none is erased."""
        return self._texts.get_many(list(sha256s), reads.whole_texts, reads.change)

    def places(self, reads: Reads, ids: Ids) -> list[PlacedPassage]:
        """Return the live passages among these, without their text, in the given order."""
        wanted = ids.tolist()
        found = self._places.get(reads.change, wanted, reads.placed_passages)
        return [found[id_] for id_ in wanted if id_ in found]

    def reach(self, change: int) -> None:
        """Invalidate cached rows of an earlier change."""
        self._places.reach(change)
        self._sentences.reach(change)

    def without_sentences(self, ids: Ids, change: int | None) -> list[int]:
        """The passages whose sentences are not cached, as of a change or of the last one known."""
        return self._sentences.missing(ids.tolist(), change)

    def without_place(self, ids: Ids, change: int | None) -> list[int]:
        """The passages whose :meth:`places` are not cached, as of a change or of the last one known."""
        return self._places.missing(ids.tolist(), change)

    def passages(self, reads: Reads, ids: Ids) -> list[StoredPassage]:
        """Return the live passages among these, with their text, in the given order."""
        placed = self.places(reads, ids)
        short = {one.version.text_sha256 for one in placed if one.version.length <= BLOCK}
        return with_words(reads, placed, self.whole_texts(reads, short))

    def sentences(self, reads: Reads, ids: Ids) -> tuple[Ids, SentenceTable]:
        """Return for each passage the key of its document, 0 if it is not live, and its sentences."""
        wanted = ids.tolist()
        return table_of(wanted, self._sentences.get(reads.change, wanted, reads.sentences_of))


def with_words(
    reads: Reads, placed: Sequence[PlacedPassage], wholes: Mapping[bytes, str]
) -> list[StoredPassage]:
    """Return passages with their texts: slices of ``wholes``, or read.

    Raises :class:`index.errors.StoreDamaged` when a slice is not what was indexed.
    """
    spans = [(one.version.text_sha256, one.passage.start, one.passage.end) for one in placed]
    others = iter(reads.slices([span for span in spans if span[0] not in wholes]))
    found = []
    for one, (sha, start, end) in zip(placed, spans, strict=True):
        text = wholes[sha][start:end] if sha in wholes else next(others)
        if content_key(text) != one.quote_key:
            raise one.damage()
        found.append(StoredPassage(one.id, one.version, one.passage, text, one.embedded))
    return found
