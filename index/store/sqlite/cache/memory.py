"""In-memory cache of texts, passages and sentences read recently."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable

from index.filters import ReadableBy
from index.records import PlacedPassage, StoredPassage
from index.sentence_table import SentenceTable
from index.store.sqlite import attributes, passage_reads, texts
from index.store.sqlite.cache.recent import RecentRows
from index.store.sqlite.passage_reads import StoredSentences
from index.text.cache import TextCache
from index.types import Ids

_TEXTS = 8_000_000
"""Code points of cached texts, 1 to 4 bytes each."""
_PLACES = 8192
"""Cached passages without their text: positions and the metadata of their documents."""
_SENTENCES = 48_000_000
"""Bytes of cached sentences, enough for about 20,000 passages."""
_READABLE = 32
"""Cached selections of documents by groups, 8 bytes for each document."""
_ROW_BYTES = 200
"""Approximate overhead of a cached row."""


class Memory:
    """Caches the results of ``passage_reads``. Safe to use from several threads.

    ``change`` is always the change that the connection's transaction sees.
    """

    def __init__(self) -> None:
        self._texts = TextCache[str](_TEXTS, len)
        self._places = RecentRows[PlacedPassage](_PLACES, lambda _: 1)
        self._sentences = RecentRows[StoredSentences](_SENTENCES, lambda row: _ROW_BYTES + len(row[1] or b""))

        self._readable: dict[ReadableBy, Ids] = {}
        self._readable_change = -1
        self._lock = threading.Lock()

    def readable(self, connection: sqlite3.Connection, change: int, by: ReadableBy) -> Ids:
        """Return the keys of the documents that some groups may read, ascending."""
        with self._lock:
            known = self._readable.get(by) if change == self._readable_change else None
        if known is not None:
            return known
        found = attributes.select(connection, by)
        with self._lock:
            if change > self._readable_change or len(self._readable) == _READABLE:
                self._readable.clear()
            if change >= self._readable_change:
                self._readable_change = change
                self._readable[by] = found
        return found

    def forget(self, change: int) -> None:
        """Clear the caches, because this change or an earlier one erased something."""
        self._texts.clear(change)
        self._places.clear(change)
        self._sentences.clear(change)

    def text(
        self, connection: sqlite3.Connection, change: int, sha256: bytes, span: tuple[int, int | None]
    ) -> str:
        """Return a span of a text. Raises :class:`index.errors.VersionNotFound` for an erased whole text."""
        if span != (0, None):
            return texts.read(connection, sha256, *span)
        texts.require(connection, sha256)  # the cached text may be erased
        return self._whole(connection, change, sha256)

    def whole_texts(
        self, connection: sqlite3.Connection, change: int, sha256s: Iterable[bytes]
    ) -> dict[bytes, str]:
        """Return the texts that are still stored, by hash."""
        return {sha: self._whole(connection, change, sha) for sha in texts.stored(connection, sha256s)}

    def _whole(self, connection: sqlite3.Connection, change: int, sha256: bytes) -> str:
        return self._texts.get(sha256, lambda sha: texts.read(connection, sha), change)

    def places(self, connection: sqlite3.Connection, change: int, ids: Ids) -> list[PlacedPassage]:
        """Return those of the passages that are live, without their text, in the given order."""
        wanted = ids.tolist()
        found = self._places.get(change, wanted, lambda ids: passage_reads.placed_passages(connection, ids))
        return [found[id_] for id_ in wanted if id_ in found]

    def passages(self, connection: sqlite3.Connection, change: int, ids: Ids) -> list[StoredPassage]:
        """Return those of the passages that are live, with their text, in the given order."""
        placed = self.places(connection, change, ids)
        return [
            passage_reads.with_words(connection, one, lambda sha: self._whole(connection, change, sha))
            for one in placed
        ]

    def sentences(self, connection: sqlite3.Connection, change: int, ids: Ids) -> tuple[Ids, SentenceTable]:
        """Return for each passage the key of its document, 0 if it is not live, and its sentences."""
        wanted = ids.tolist()
        found = self._sentences.get(change, wanted, lambda ids: passage_reads.sentences_of(connection, ids))
        return passage_reads.table_of(wanted, found)
