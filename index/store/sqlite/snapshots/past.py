"""Read the passages of a collection as of an earlier change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from index.errors import ChangeNotFound, ChangeNotKept
from index.filters import Filter
from index.records import PlacedPassage, StoredPassage
from index.sentence_table import SentenceTable
from index.store.sqlite import attributes, changes, events, passage_reads, texts
from index.types import Ids, IndexedPassage, Vectors


class SqlitePast:
    """Implements :class:`index.protocols.PastPassages`, inside the transaction of a snapshot.

    Texts, passages and vectors are those of that change. Titles, sources and metadata, and therefore
    filters, are current, because they can be corrected without a new version.

    Raises :class:`ChangeNotFound` for a change that has not happened, and :class:`ChangeNotKept` if a
    version that was the newest at that change has been erased.
    """

    def __init__(self, connection: sqlite3.Connection, change: int) -> None:
        """Use :meth:`index.store.sqlite.SqliteSnapshot.at`."""
        self._connection = connection
        self.change = change
        last = changes.last(connection)
        if not 0 <= change <= last:
            raise ChangeNotFound(f"There is no change {change}; the collection is at change {last}.")
        if erased := events.erased_of(connection, change):
            named = ", ".join(f"version {number} of {document_id!r}" for document_id, number in erased[:3])
            more = ", and others" if len(erased) > 3 else ""
            raise ChangeNotKept(
                f"The collection cannot answer as of change {change}: what stood in it then is deleted or "
                f"pruned ({named}{more}). Ask as of a later change."
            )
        self.reached = events.reached(connection, change)

    def passages(self, ids: Ids) -> list[StoredPassage]:
        return [passage_reads.with_words(self._connection, one) for one in self.places(ids)]

    def places(self, ids: Ids) -> list[PlacedPassage]:
        wanted = ids.tolist()
        found = passage_reads.placed_passages(self._connection, wanted, self.change)
        return [found[id_] for id_ in wanted if id_ in found]

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        wanted = ids.tolist()
        found = passage_reads.sentences_of(self._connection, wanted, self.change)
        return passage_reads.table_of(wanted, found)

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        return texts.read(self._connection, sha256, start, end)

    def whole_texts(self, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        stored = texts.stored(self._connection, sha256s)
        return {sha: texts.read(self._connection, sha) for sha in stored}

    def select(self, where: Filter) -> Ids:
        return attributes.select(self._connection, where)

    def counts(self) -> tuple[int, int]:
        return passage_reads.counted(self._connection, self.change)

    def texts(self) -> Iterator[IndexedPassage]:
        return passage_reads.added_texts(self._connection, 0, self.change, self.change)

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        return passage_reads.added_vectors(self._connection, 0, self.change, dimension, self.change)
