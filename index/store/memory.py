"""What a store keeps in memory of what was read last."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from index.records import PlacedPassage, StoredPassage
from index.sentence_table import SentenceTable
from index.store import reading, texts
from index.store.reading import StoredSentences
from index.store.recent import RecentRows
from index.text_cache import TextCache
from index.types import Ids

_TEXTS = 8_000_000
"""Code points of whole texts, 1 to 4 bytes each."""
_PLACES = 8192
"""Passages without their words: where they are, and the metadata of their documents."""
_SENTENCES = 48_000_000
"""Bytes of passages' sentences: about 20,000 passages'."""
_ROW_BYTES = 200
"""What a row takes beside that."""


class Memory:
    """Reads as :mod:`index.store.reading` does, from memory where it can. Safe to use from several threads.

    Rows are those of the change that the connection's transaction sees.
    """

    def __init__(self) -> None:
        self._texts = TextCache[str](_TEXTS, len)
        self._places = RecentRows[PlacedPassage](_PLACES, lambda _: 1)
        self._sentences = RecentRows[StoredSentences](_SENTENCES, lambda row: _ROW_BYTES + len(row[1] or b""))

    def forget(self, change: int) -> None:
        """Keep nothing: something was erased, by this change or one before it."""
        self._texts.clear()
        self._places.clear(change)
        self._sentences.clear(change)

    def text(self, connection: sqlite3.Connection, sha256: bytes, start: int, end: int | None) -> str:
        """``text[start:end]``; :class:`index.errors.VersionNotFound` for a whole one that is erased."""
        if start > 0 or end is not None:
            return texts.read(connection, sha256, start, end)
        texts.require(connection, sha256)  # what is in memory may be erased
        return self._whole(connection, sha256)

    def whole_texts(self, connection: sqlite3.Connection, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        """Those of these texts that are stored."""
        return {sha: self._whole(connection, sha) for sha in texts.stored(connection, sha256s)}

    def _whole(self, connection: sqlite3.Connection, sha256: bytes) -> str:
        return self._texts.get(sha256, lambda sha: texts.read(connection, sha))

    def places(self, connection: sqlite3.Connection, change: int, ids: Ids) -> list[PlacedPassage]:
        """The live ones among these passages, without their words, in the order given."""
        wanted = ids.tolist()
        found = self._places.get(change, wanted, lambda ids: reading.placed_passages(connection, ids))
        return [found[id_] for id_ in wanted if id_ in found]

    def passages(self, connection: sqlite3.Connection, change: int, ids: Ids) -> list[StoredPassage]:
        """The same with their words."""
        placed = self.places(connection, change, ids)
        return [reading.with_words(connection, one, self._texts) for one in placed]

    def sentences(self, connection: sqlite3.Connection, change: int, ids: Ids) -> tuple[Ids, SentenceTable]:
        """For each passage its document's key, 0 if it is not live, and its sentences, if it has some."""
        wanted = ids.tolist()
        found = self._sentences.get(change, wanted, lambda ids: reading.sentences_of(connection, ids))
        return reading.table_of(wanted, found)
