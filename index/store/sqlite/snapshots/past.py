"""Read the passages of a collection as of an earlier change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from index.filters import Filter
from index.records import PlacedPassage, StoredPassage
from index.sentence_table import SentenceTable
from index.store.rows.cache import with_words
from index.store.rows.events import require_change, require_kept
from index.store.rows.sentences import table_of
from index.store.sqlite import changes, events, passage_reads
from index.types import Ids, IndexedPassage, Vectors


class SqlitePast:
    """Implements :class:`index.protocols.PastPassages`, inside the transaction of a snapshot.

    Texts, passages and vectors are those of that change. Titles, sources and metadata, and therefore
    filters, are current, because they can be corrected without a new version.

    Raises :class:`index.errors.ChangeNotFound` for a change that has not happened, and
    :class:`index.errors.ChangeNotKept` if a version that was the newest at that change has been erased.
    """

    def __init__(self, connection: sqlite3.Connection, change: int) -> None:
        """Use :meth:`index.store.sqlite.SqliteSnapshot.at`."""
        self._connection = connection
        self.change = change
        last = changes.last(connection)
        require_change(change, last)
        require_kept(change, events.erased_of(connection, change))
        self.reached = events.reached(connection, change)
        self._reads = passage_reads.SqliteReads(connection, last, change)

    def passages(self, ids: Ids) -> list[StoredPassage]:
        return with_words(self._reads, self.places(ids), {})

    def places(self, ids: Ids) -> list[PlacedPassage]:
        wanted = ids.tolist()
        found = self._reads.placed_passages(wanted)
        return [found[id_] for id_ in wanted if id_ in found]

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        wanted = ids.tolist()
        return table_of(wanted, self._reads.sentences_of(wanted))

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        return self._reads.text(sha256, start, end)

    def whole_texts(self, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        return self._reads.whole_texts(self._reads.stored_texts(sha256s))

    def select(self, where: Filter) -> Ids:
        return self._reads.select(where)

    def counts(self) -> tuple[int, int]:
        return passage_reads.counted(self._connection, self.change)

    def texts(self) -> Iterator[IndexedPassage]:
        return passage_reads.added_texts(self._connection, 0, self.change, self.change)

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        return passage_reads.added_vectors(self._connection, 0, self.change, dimension, self.change)
