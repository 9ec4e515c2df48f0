"""Read the passages of a collection as of an earlier change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from index.filters import Filter
from index.postgresql import Transaction
from index.records import PlacedPassage, StoredPassage
from index.sentence_table import SentenceTable
from index.store.postgresql import events
from index.store.postgresql.snapshots.reads import Reads
from index.store.rows.cache import with_words
from index.store.rows.events import require_change, require_kept
from index.store.rows.sentences import table_of
from index.types import Ids, IndexedPassage, Vectors


class PostgresqlPast:
    """Implements :class:`index.protocols.PastPassages`, inside the transaction of a snapshot.

    Texts, passages and vectors are those of that change. Titles, sources and metadata, and therefore
    filters, are current, because they can be corrected without a new version.

    Raises :class:`index.errors.ChangeNotFound` for a change that has not happened, and
    :class:`index.errors.ChangeNotKept` if a version that was the newest at that change has been erased.
    """

    def __init__(self, transaction: Transaction, last: int, change: int) -> None:
        """Use :meth:`index.store.postgresql.PostgresqlSnapshot.at`. ``last`` is the last change."""
        self.change = change
        require_change(change, last)
        require_kept(change, events.erased_of(transaction, change))
        self.reached = events.reached(transaction, change)
        self._reads = Reads(transaction, last, change)

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
        return dict(self._reads.whole_texts(list(sha256s)))

    def select(self, where: Filter) -> Ids:
        return self._reads.select(where)

    def counts(self) -> tuple[int, int]:
        return self._reads.counted()

    def texts(self) -> Iterator[IndexedPassage]:
        return self._reads.added_texts(0, self.change)

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        return self._reads.added_vectors(0, self.change, dimension)
