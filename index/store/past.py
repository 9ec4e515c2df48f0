"""A collection as it stood after an earlier change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

from index.errors import ChangeNotFound, ChangeNotKept
from index.filters import Filter
from index.records import PlacedPassage, StoredPassage
from index.sentence_table import SentenceTable
from index.store import attributes, events, reading, schema, texts
from index.store.connections import Connections
from index.types import Ids, IndexedPassage, Vectors


class PastStore:
    """Implements :class:`index.protocols.PassageStore` for the passages that were live after a change.

    Texts, passages and vectors are those of then. Titles, sources and metadata, and so the filters, are
    those of today: they can be mended without a new version.

    Raises :class:`ChangeNotFound` for a change that has not been, and :class:`ChangeNotKept` when a
    version that was the newest then is erased.
    """

    def __init__(self, connections: Connections, change: int) -> None:
        """Use :meth:`index.store.Store.at`."""
        self._connections = connections
        self.change = change
        with connections.read() as connection:
            last = schema.change(connection)
            gone = events.erased_of(connection, change)
            self.reached = events.reached(connection, change)
        if not 0 <= change <= last:
            raise ChangeNotFound(f"There is no change {change}; the collection is at change {last}.")
        if gone:
            named = ", ".join(f"version {number} of {document_id!r}" for document_id, number in gone[:3])
            more = ", and others" if len(gone) > 3 else ""
            raise ChangeNotKept(
                f"The collection cannot answer as of change {change}: what stood in it then is deleted or "
                f"pruned ({named}{more}). GET /v1/changes tells when; ask as of a later change."
            )

    def passages(self, ids: Ids) -> list[StoredPassage]:
        """Those of these passages that were live, with their words, in the order given."""
        with self._connections.read() as connection:
            return [reading.with_words(connection, one) for one in self._placed(connection, ids)]

    def places(self, ids: Ids) -> list[PlacedPassage]:
        """Those of these passages that were live, without their words, in the order given."""
        with self._connections.read() as connection:
            return self._placed(connection, ids)

    def _placed(self, connection: sqlite3.Connection, ids: Ids) -> list[PlacedPassage]:
        wanted = ids.tolist()
        found = reading.placed_passages(connection, wanted, self.change)
        return [found[id_] for id_ in wanted if id_ in found]

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        """For each passage that was live the key of its document, and its sentences, if it has some."""
        with self._connections.read() as connection:
            found = reading.sentences_of(connection, ids.tolist(), self.change)
        return reading.table_of(ids.tolist(), found)

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        """``text[start:end]`` of a stored text, by code points."""
        with self._connections.read() as connection:
            return texts.read(connection, sha256, start, end)

    def whole_texts(self, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        """Those of these texts that are stored, each checked against its hash."""
        with self._connections.read() as connection:
            return {sha: texts.read(connection, sha) for sha in texts.stored(connection, sha256s)}

    def select(self, where: Filter) -> Ids:
        """Keys of the documents that a filter admits, ascending; by the metadata of today."""
        with self._connections.read() as connection:
            return attributes.select(connection, where)

    def counts(self) -> tuple[int, int]:
        """How many passages were live, and how many of them had a vector."""
        with self._connections.read() as connection:
            return reading.counted(connection, self.change)

    def texts(self) -> Iterator[IndexedPassage]:
        """All passages that were live, in order of id."""
        with self._connections.read() as connection:
            yield from reading.added_texts(connection, 0, self.change, self.change)

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        """Batches of (passage ids, document keys, unit vectors) of all that had one."""
        with self._connections.read() as connection:
            yield from reading.added_vectors(connection, 0, self.change, dimension, self.change)
