"""Embed waiting passages: claim them from the record and embed them batch by batch."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from index.protocols import Embedder, EmbeddingWork, Lease, RecordStore
from index.records import PendingPassage
from index.text.analysis import Analyzer
from index.text.sentence_terms import split_sentences
from index.types import Sentences, Vectors


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedBatch:
    """A batch of vectors and sentences, by embedding key, ready to be stored."""

    keys: list[bytes]
    vectors: Vectors
    sentences: list[Sentences]


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A batch of texts to embed, by embedding key; ``spans`` are the sentences' spans in the texts."""

    keys: list[bytes]
    texts: list[str]
    spans: list[list[tuple[int, int]]]
    sentences: list[Sentences]

    @staticmethod
    def of(passages: Sequence[PendingPassage], analyzer: Analyzer) -> Batch:
        """Split passages into sentences."""
        split = [
            split_sentences(passage.text, passage.quote, analyzer.term_hashes, passage.tables)
            for passage in passages
        ]
        spans = [
            [(start + passage.quote, end + passage.quote) for start, end in one.spans.tolist()]
            for passage, one in zip(passages, split, strict=True)
        ]
        return Batch(
            [passage.key for passage in passages], [passage.text for passage in passages], spans, split
        )

    def embed(self, embedder: Embedder) -> EmbeddedBatch:
        """Compute the vectors. Raises :class:`index.errors.ModelFailed`."""
        vectors, inside = embedder.embed_sentences(self.texts, self.spans)
        sentences = [replace(one, vectors=rows) for one, rows in zip(self.sentences, inside, strict=True)]
        return EmbeddedBatch(self.keys, vectors, sentences)


class EmbeddingQueue:
    """Embeds waiting passages. The queue is stored in the record, so a crash loses nothing.

    Several queues, in one process or many, may drain one record at the same time: each claims its passages.
    """

    def __init__(self, store: RecordStore, embedder: Embedder, analyzer: Analyzer) -> None:
        self._store = store
        self._embedder = embedder
        self._analyzer = analyzer

    def drain(
        self,
        size: int,
        put: Callable[[EmbeddedBatch, Lease], int],
        *,
        limit: int | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[int]:
        """Embed waiting passages, the oldest first, at most about ``limit``, in batches of ``size``.

        Calls ``put`` with the batches in order, and the lease that has claimed them, and yields its results.
        While the model embeds a batch, one thread claims the next batch and another stores the previous one.
        ``stop`` is asked before each batch: those that were claimed are given back then.
        """
        worker = f"embed/{os.getpid()}-{uuid.uuid4().hex[:8]}"
        with (
            self._store.lease(worker) as lease,
            ThreadPoolExecutor(2, thread_name_prefix="loccit-embedding") as pool,
        ):
            putting: Future[int] | None = None
            batch = self._claim(size if limit is None else min(size, limit), lease)
            while batch is not None and not stop():
                limit = None if limit is None else max(0, limit - len(batch.keys))
                claiming = pool.submit(self._claim, size if limit is None else min(size, limit), lease)
                embedded = batch.embed(self._embedder)
                if putting is not None:
                    yield putting.result()
                putting = pool.submit(put, embedded, lease)
                batch = claiming.result()
            if putting is not None:
                yield putting.result()

    def _claim(self, most: int, lease: Lease) -> Batch | None:
        work: EmbeddingWork = self._store
        claimed = work.claim(most, lease)
        return Batch.of(claimed, self._analyzer) if claimed else None
