"""The passages that wait for their vectors, taken from the store batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.analysis import Analyzer
from index.protocols import Embedder, RecordStore
from index.records import PendingPassage
from index.second_look import taken_apart
from index.types import Sentences, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Texts by their names, with their vectors and their sentences, ready to be stored."""

    keys: list[bytes]
    vectors: Vectors
    sentences: list[Sentences]


class EmbeddingQueue:
    """Embeds what waits. It keeps nothing: whatever waits is in the store, and survives a crash."""

    def __init__(self, store: RecordStore, embedder: Embedder, analyzer: Analyzer) -> None:
        self._store = store
        self._embedder = embedder
        self._analyzer = analyzer

    def next(self, most: int) -> Embedded | None:
        """Embed at most ``most`` of the oldest; None when nothing waits."""
        batch = self._store.pending(most)
        if not batch:
            return None
        vectors, sentences = self._embedded(batch)
        return Embedded([passage.key for passage in batch], vectors, sentences)

    def _embedded(self, batch: Sequence[PendingPassage]) -> tuple[Vectors, list[Sentences]]:
        apart = [taken_apart(passage.text, passage.quote, self._analyzer.hashes) for passage in batch]
        spans = [
            [(start + passage.quote, end + passage.quote) for start, end in one.spans.tolist()]
            for passage, one in zip(batch, apart, strict=True)
        ]
        vectors, inside = self._embedder.embed_sentences([passage.text for passage in batch], spans)
        return vectors, [replace(one, vectors=rows) for one, rows in zip(apart, inside, strict=True)]
