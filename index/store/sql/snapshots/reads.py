"""Read passages for searching, in the current state or as of an earlier change."""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from index.filters import Filter
from index.page_labels import PageRange
from index.records import PlacedPassage, indexed_text
from index.store.rows import sentences, vectors
from index.store.rows.damage import undecodable
from index.store.rows.passages import passage_of
from index.store.rows.sentences import StoredSentences
from index.store.sql import attributes, printed_pages, texts, versions
from index.store.sql.statements import Statements
from index.types import Ids, IndexedPassage, Vectors

_ROWS = 2048


class Reads:
    """Implements :class:`index.store.rows.cache.Reads` in a read transaction, today or ``at`` a change."""

    def __init__(self, statements: Statements, change: int, at: int | None = None) -> None:
        self._change = change
        self.knows_erasures = statements.knows_erasures
        self._statements = statements
        self._at = at
        self._live = "p.removed IS NULL"
        self._moment: tuple[int, ...] = ()
        if at is not None:
            self._live = versions.WAS_LIVE.format("p")
            self._moment = (at, at)

    @property
    def change(self) -> int:
        """The last change that the transaction sees."""
        return self._change

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        return texts.read(self._statements, sha256, start, end)

    def require_text(self, sha256: bytes) -> None:
        texts.require(self._statements, sha256)

    def whole_texts(self, sha256s: Sequence[bytes]) -> Mapping[bytes, str]:
        return texts.read_wholes(self._statements, sha256s)

    def slices(self, spans: Sequence[tuple[bytes, int, int]]) -> list[str]:
        return texts.slices(self._statements, spans)

    def placed_passages(self, ids: Sequence[int]) -> dict[int, PlacedPassage]:
        rows = self._statements.rows_among(
            'SELECT p.id, p.version, p.start, p."end", p.section, p.first_page, p.last_page, p.tokens,'
            f" p.tables, p.quote_key, p.embedded FROM passages p WHERE {self._live} AND {{among}}",
            "p.id",
            ids,
            self._moment,
        )
        records = versions.of_keys(self._statements, list(map(itemgetter(1), rows)))
        found: dict[int, PlacedPassage] = {}
        for id_, version, *columns, quote_key, embedded in rows:
            has_vector = embedded is not None and (self._at is None or embedded <= self._at)
            if version not in records:
                raise undecodable("versions of passages")
            passage = passage_of(columns)
            found[id_] = PlacedPassage(id_, records[version], passage, quote_key, has_vector)
        return found

    def sentences_of(self, ids: Sequence[int]) -> dict[int, StoredSentences]:
        rows = self._statements.rows_among(
            "SELECT p.id, p.document, e.sentences FROM passages p"
            " LEFT JOIN embeddings e ON e.key = p.embedding_key"
            f" WHERE {self._live} AND {{among}}",
            "p.id",
            ids,
            self._moment,
        )
        return {id_: (document, sentences.unpack_or_warn(id_, blob)) for id_, document, blob in rows}

    def select(self, where: Filter) -> Ids:
        return attributes.select(self._statements, where)

    def on_pages(self, ranges: Sequence[PageRange], where: Filter | None) -> Ids:
        within = None if where is None else attributes.select(self._statements, where)
        return printed_pages.passages(self._statements, ranges, within, self._at)

    def added_texts(self, since: int, until: int) -> Iterator[IndexedPassage]:
        """Yield live passages added after change ``since``, up to ``until``, in order of id."""
        query = (
            'SELECT p.id, p.document, p.heading, v.text_sha256, p.start, p."end" FROM passages p'
            " JOIN versions v ON v.key = p.version"
            f" WHERE p.added > ? AND p.added <= ? AND {self._live} ORDER BY p.id"
        )
        for rows in self._statements.stream(query, (since, until, *self._moment), size=_ROWS):
            quotes = self.slices([(row[3], row[4], row[5]) for row in rows])
            for (id_, document, heading, *_), quote in zip(rows, quotes, strict=True):
                yield IndexedPassage(id_, document, indexed_text(heading, quote))

    def added_vectors(self, since: int, until: int, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        """Yield batches of (passage ids, document keys, unit vectors) added in these changes."""
        query = (
            "SELECT p.id, p.document, e.vector FROM passages p JOIN embeddings e ON e.key = p.embedding_key"
            f" WHERE p.embedded > ? AND p.embedded <= ? AND {self._live} ORDER BY p.id"
        )
        for rows in self._statements.stream(query, (since, until, *self._moment), size=_ROWS):
            columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
            ids, documents = (np.array(column, np.int64) for column in columns[:2])
            yield ids, documents, vectors.unpack(columns[2], dimension)

    def count_live(self) -> tuple[int, int]:
        """Count the live passages, and those of them that have a vector."""
        has_vector = "p.embedded IS NOT NULL" if self._at is None else "p.embedded <= ?"
        own = () if self._at is None else (self._at,)
        row = self._statements.row(
            f"SELECT COUNT(*), COUNT(CASE WHEN {has_vector} THEN 1 END) FROM passages p WHERE {self._live}",
            (*own, *self._moment),
        )
        return (int(row[0]), int(row[1])) if row else (0, 0)
