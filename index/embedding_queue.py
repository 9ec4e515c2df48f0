"""The passages that wait for their vectors, taken from the store batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from index.analysis import Analyzer
from index.protocols import Embedder, RecordStore
from index.second_look import taken_apart
from index.types import Sentences, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Texts by their names, with their vectors and their sentences, ready to be stored."""

    keys: list[bytes]
    vectors: Vectors
    sentences: list[Sentences]


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Texts by their names, with their sentences, whose ``spans`` are those in the texts."""

    last: int
    keys: list[bytes]
    texts: list[str]
    spans: list[list[tuple[int, int]]]
    sentences: list[Sentences]


class EmbeddingQueue:
    """Embeds what waits. It keeps nothing: whatever waits is in the store, and survives a crash."""

    def __init__(self, store: RecordStore, embedder: Embedder, analyzer: Analyzer) -> None:
        self._store = store
        self._embedder = embedder
        self._analyzer = analyzer

    def drain(self, size: int, put: Callable[[Embedded], int], *, limit: int | None = None) -> Iterator[int]:
        """Embed what waits, the oldest first, at most about ``limit`` passages, in batches of ``size``.

        Yields what ``put`` returns for each batch, which it is given in order. While the model has one
        batch, the next is taken apart and the one before is put, each in a thread.
        """
        with ThreadPoolExecutor(2, thread_name_prefix="loccit-embedding") as pool:
            putting: Future[int] | None = None
            before: set[bytes] = set()
            batch = self._taken(size if limit is None else min(size, limit), after=0, but=before)
            while batch is not None:
                left = None if limit is None else max(0, limit - len(batch.keys))
                limit, keys = left, set(batch.keys)
                most = size if left is None else min(size, left)
                # A text that is being embedded, or put, is still waiting by the store's account.
                taking = pool.submit(self._taken, most, after=batch.last, but=before | keys)
                if batch.keys:
                    embedded = self._embedded(batch)
                    if putting is not None:
                        yield putting.result()
                    putting = pool.submit(put, embedded)
                batch, before = taking.result(), keys
            if putting is not None:
                yield putting.result()

    def _taken(self, most: int, *, after: int, but: set[bytes]) -> _Batch | None:
        waiting = self._store.pending(most, after=after) if most else []
        if not waiting:
            return None
        some = [passage for passage in waiting if passage.key not in but]
        apart = [taken_apart(passage.text, passage.quote, self._analyzer.hashes) for passage in some]
        spans = [
            [(start + passage.quote, end + passage.quote) for start, end in one.spans.tolist()]
            for passage, one in zip(some, apart, strict=True)
        ]
        return _Batch(
            waiting[-1].id,
            [passage.key for passage in some],
            [passage.text for passage in some],
            spans,
            apart,
        )

    def _embedded(self, batch: _Batch) -> Embedded:
        vectors, inside = self._embedder.embed_sentences(batch.texts, batch.spans)
        sentences = [replace(one, vectors=rows) for one, rows in zip(batch.sentences, inside, strict=True)]
        return Embedded(batch.keys, vectors, sentences)
