"""Read passages for searching, in the current state or as of an earlier change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from index.filters import Filter
from index.postgresql import Transaction
from index.records import PlacedPassage, indexed_text
from index.store.postgresql import attributes, texts
from index.store.postgresql.versions import VERSION
from index.store.rows import sentences, vectors
from index.store.rows.damage import undecodable
from index.store.rows.documents import version_of
from index.store.rows.passages import passage_of
from index.store.rows.sentences import StoredSentences
from index.types import Ids, IndexedPassage, Vectors

_ROWS = 2048


class Reads:
    """Implements :class:`index.store.rows.cache.Reads` in a read transaction, today or ``at`` a change."""

    knows_erasures = True  # each snapshot begins with Memory.follow

    def __init__(self, transaction: Transaction, change: int, at: int | None = None) -> None:
        self._change = change
        self._transaction = transaction
        self._at = at
        self._live = "p.removed IS NULL"
        self._moment: tuple[int, ...] = ()
        if at is not None:
            self._live = "p.added <= %s AND (p.removed IS NULL OR p.removed > %s)"
            self._moment = (at, at)

    @property
    def change(self) -> int:
        """The last change that the transaction sees."""
        return self._change

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        return texts.read(self._transaction, sha256, start, end)

    def require_text(self, sha256: bytes) -> None:
        texts.require(self._transaction, sha256)

    def stored_texts(self, sha256s: Iterable[bytes]) -> list[bytes]:
        return texts.list_stored(self._transaction, sha256s)

    def whole_texts(self, sha256s: Sequence[bytes]) -> Mapping[bytes, str]:
        return texts.read_wholes(self._transaction, sha256s)

    def slices(self, spans: Sequence[tuple[bytes, int, int]]) -> list[str]:
        return texts.slices(self._transaction, spans)

    def placed_passages(self, ids: Sequence[int]) -> dict[int, PlacedPassage]:
        wanted = np.array(ids, np.int64)
        rows, of_versions = self._transaction.together(
            (
                'SELECT p.id, p.version, p.start, p."end", p.section, p.first_page, p.last_page, p.tokens,'
                f" p.tables, p.quote_key, p.embedded FROM passages p WHERE p.id = ANY(%s) AND {self._live}",
                (wanted, *self._moment),
            ),
            (
                f"{VERSION} WHERE v.key IN (SELECT version FROM passages p"
                f" WHERE p.id = ANY(%s) AND {self._live})",
                (wanted, *self._moment),
            ),
        )
        records = {row[0]: version_of(row) for row in of_versions}
        found: dict[int, PlacedPassage] = {}
        for id_, version, *columns, quote_key, embedded in rows:
            has_vector = embedded is not None and (self._at is None or embedded <= self._at)
            if version not in records:
                raise undecodable("versions of passages")
            passage = passage_of(tuple(columns))
            found[id_] = PlacedPassage(id_, records[version], passage, quote_key, has_vector)
        return found

    def sentences_of(self, ids: Sequence[int]) -> dict[int, StoredSentences]:
        rows = self._transaction.rows(
            "SELECT p.id, p.document, e.sentences FROM passages p"
            " LEFT JOIN embeddings e ON e.key = p.embedding_key"
            f" WHERE p.id = ANY(%s) AND {self._live}",
            (np.array(ids, np.int64), *self._moment),
        )
        return {id_: (document, sentences.unpack_or_warn(id_, blob)) for id_, document, blob in rows}

    def select(self, where: Filter) -> Ids:
        return attributes.select(self._transaction, where)

    def added_texts(self, since: int, until: int) -> Iterator[IndexedPassage]:
        """Yield live passages added after change ``since``, up to ``until``, in order of id."""
        query = (
            'SELECT p.id, p.document, p.heading, v.text_sha256, p.start, p."end" FROM passages p'
            " JOIN versions v ON v.key = p.version"
            f" WHERE p.added > %s AND p.added <= %s AND {self._live} ORDER BY p.id"
        )
        for rows in self._transaction.stream(query, (since, until, *self._moment), size=_ROWS):
            quotes = self.slices([(row[3], row[4], row[5]) for row in rows])
            for (id_, document, heading, *_), quote in zip(rows, quotes, strict=True):
                yield IndexedPassage(id_, document, indexed_text(heading, quote))

    def added_vectors(self, since: int, until: int, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        """Yield batches of (passage ids, document keys, unit vectors) added in these changes."""
        query = (
            "SELECT p.id, p.document, e.vector FROM passages p JOIN embeddings e ON e.key = p.embedding_key"
            f" WHERE p.embedded > %s AND p.embedded <= %s AND {self._live} ORDER BY p.id"
        )
        for rows in self._transaction.stream(query, (since, until, *self._moment), size=_ROWS):
            columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
            ids, documents = (np.array(column, np.int64) for column in columns[:2])
            yield ids, documents, vectors.unpack(columns[2], dimension)

    def count_live(self) -> tuple[int, int]:
        """Count the live passages, and those of them that have a vector."""
        has_vector = "p.embedded IS NOT NULL" if self._at is None else "p.embedded <= %s"
        own = () if self._at is None else (self._at,)
        row = self._transaction.row(
            f"SELECT count(*), count(*) FILTER (WHERE {has_vector}) FROM passages p WHERE {self._live}",
            (*own, *self._moment),
        )
        return (int(row[0]), int(row[1])) if row else (0, 0)
