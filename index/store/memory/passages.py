"""Reads of the passages of a record in memory that were live after a change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from index.errors import StoreDamaged, VersionNotFound
from index.filters import Filter
from index.records import PlacedPassage, StoredPassage
from index.sentence_table import SentenceTable
from index.store.memory.matching import admits
from index.store.memory.state import State, StoredRow
from index.types import Ids, IndexedPassage, Sentences, Vectors

_NO_SENTENCES = Sentences(
    np.empty((0, 2), np.int32), np.empty(0, np.uint32), np.empty(0, np.int32), np.empty((0, 0), np.float32)
)


class MemoryPassages:
    """Implements :class:`index.protocols.Passages` for the passages that were live after a change."""

    def __init__(self, state: State, change: int) -> None:
        self._state = state
        self.change = change

    def passages(self, ids: Ids) -> list[StoredPassage]:
        return [self._state.stored_passage(row, self.change) for row in self._rows(ids)]

    def places(self, ids: Ids) -> list[PlacedPassage]:
        return [self._state.placed_passage(row, self.change) for row in self._rows(ids)]

    def sentences(self, ids: Ids) -> tuple[Ids, SentenceTable]:
        rows = {row.id: row for row in self._rows(ids)}
        keys = np.array([rows[id_].document if id_ in rows else 0 for id_ in ids.tolist()], np.int64)
        found = [self._sentences(rows.get(id_)) for id_ in ids.tolist()]
        table = SentenceTable.of([_NO_SENTENCES if one is None else one for one in found])
        table.known[:] = [one is not None for one in found]
        return keys, table

    def select(self, where: Filter) -> Ids:
        state = self._state
        keys = [
            one.key
            for one in state.documents.values()
            if admits(where, one.attributes(state.versions[one.version].title), state.groups.get(one.key, ()))
        ]
        return np.array(sorted(keys), np.int64)

    def text(self, sha256: bytes, start: int = 0, end: int | None = None) -> str:
        text = self._state.texts.get(sha256)
        if text is None and (start, end) == (0, None):
            raise VersionNotFound("The version was deleted or pruned.")
        return (text or "")[start:end]

    def whole_texts(self, sha256s: Iterable[bytes]) -> dict[bytes, str]:
        return {sha: self._state.texts[sha] for sha in sha256s if sha in self._state.texts}

    def _rows(self, ids: Ids) -> list[StoredRow]:
        found = (self._state.passages.get(id_) for id_ in ids.tolist())
        return [row for row in found if row is not None and row.is_live(self.change)]

    def _sentences(self, row: StoredRow | None) -> Sentences | None:
        _, sentences = self._state.vectors.get(row.key, (None, None)) if row else (None, None)
        return sentences

    def _vectors(self, rows: list[StoredRow], dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        if not rows:
            return
        vectors = np.stack([self._state.vectors[row.key][0] for row in rows]).astype(np.float32)
        if vectors.shape[1] != dimension:
            raise StoreDamaged("Stored vectors do not have the model's dimension. Restore a backup.")
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True).astype(np.float32)
        ids = np.array([row.id for row in rows], np.int64)
        documents = np.array([row.document for row in rows], np.int64)
        unit = vectors / np.where(lengths > 0, lengths, np.float32(1))
        yield ids, documents, unit.astype(np.float32)


class MemoryPast(MemoryPassages):
    """Implements :class:`index.protocols.PastPassages`."""

    @property
    def reached(self) -> int:
        rows = self._state.passages.values()
        added = [row.added for row in rows] + [row.embedded or 0 for row in rows]
        changes = added + [change for change, _ in self._state.removals]
        return max((change for change in changes if change <= self.change), default=0)

    def counts(self) -> tuple[int, int]:
        live = list(self._state.live(self.change))
        return len(live), sum(row.has_vector(self.change) for row in live)

    def texts(self) -> Iterator[IndexedPassage]:
        return (IndexedPassage(row.id, row.document, row.text) for row in self._state.live(self.change))

    def vectors(self, dimension: int) -> Iterator[tuple[Ids, Ids, Vectors]]:
        rows = [row for row in self._state.live(self.change) if row.has_vector(self.change)]
        return self._vectors(rows, dimension)
