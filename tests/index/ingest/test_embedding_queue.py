from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import IngestConfig, LibraryConfig
from index.embedding import WordEmbedder
from index.errors import ModelFailed
from index.ingest.embedding_queue import EmbeddedBatch, EmbeddingQueue
from index.ingest.preparation import Source
from index.protocols import Lease
from index.sources.background import BackgroundEmbedding
from index.store.sqlite import FolderCatalogue, SqliteStore
from index.text.analysis import Analyzer
from index.types import Vectors
from tests.contracts.documents import pending
from tests.opening import collection_in, store_in
from tests.patience import PATIENCE, eventually


def sources(first: int, end: int) -> list[Source]:
    return [Source(f"{n}.txt", f"Lamp number {n} was lit.".encode()) for n in range(first, end)]


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    config = LibraryConfig(ingest=IngestConfig(passages_per_batch=4))
    opened = collection_in(tmp_path / "default", embedder=WordEmbedder(), config=config)
    yield opened
    opened.close()


def queue_of(collection: Collection, embedder: WordEmbedder) -> tuple[EmbeddingQueue, SqliteStore]:
    store = store_in(collection.folder)
    return EmbeddingQueue(store, embedder, Analyzer()), store


def test_batches_come_in_order_and_no_text_is_embedded_twice(collection: Collection) -> None:
    same = [Source(f"same-{n}.txt", b"The same words.") for n in range(3)]
    collection.put_many([*sources(0, 3), *same, *sources(3, 9)])
    embedder = WordEmbedder()
    queue, store = queue_of(collection, embedder)
    put: list[list[bytes]] = []

    def keep(embedded: EmbeddedBatch, _: Lease) -> int:
        put.append(embedded.keys)
        time.sleep(0.02)  # the next batch is taken while these still wait by the store's account
        return store.put_vectors(embedded.keys, embedded.vectors, embedded.sentences)

    served = list(queue.drain(4, keep))
    assert sum(served) == 12
    assert embedder.passages == 10
    assert len({key for keys in put for key in keys}) == sum(map(len, put)) == 10
    assert pending(store) == []
    store.close()


@pytest.mark.parametrize("limit", [1, 4, 5, 100])
def test_a_limit_is_kept(collection: Collection, limit: int) -> None:
    collection.put_many(sources(0, 9))
    assert collection.embed_pending(limit=limit) == min(limit, 9)
    assert collection.archive.counts().embedded == min(limit, 9)


def test_one_batch_is_embedded_while_the_one_before_is_put(collection: Collection) -> None:
    collection.put_many(sources(0, 12))
    begun = threading.Event()

    class Telling(WordEmbedder):
        def embed_passages(self, texts: list[str]) -> Vectors:  # type: ignore[override]
            if self.passages:
                begun.set()
            return super().embed_passages(texts)

    queue, store = queue_of(collection, Telling())

    def put(embedded: EmbeddedBatch, _: Lease) -> int:
        assert begun.wait(PATIENCE), "the second batch is not begun before the first is put"
        return store.put_vectors(embedded.keys, embedded.vectors, embedded.sentences)

    assert sum(queue.drain(4, put)) == 12
    store.close()


def test_what_cannot_be_put_is_an_error_and_waits_on(collection: Collection) -> None:
    collection.put_many(sources(0, 9))
    queue, store = queue_of(collection, WordEmbedder())

    def put(_: EmbeddedBatch, __: Lease) -> int:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        list(queue.drain(4, put))
    assert len(pending(store)) == 9
    store.close()


def test_who_stops_gives_back_what_it_has_claimed(collection: Collection) -> None:
    collection.put_many(sources(0, 12))
    embedder = WordEmbedder()
    assert collection.embed_pending(stop=lambda: True) == 0
    queue, store = queue_of(collection, embedder)

    def put(embedded: EmbeddedBatch, lease: Lease) -> int:
        return store.put_vectors(embedded.keys, embedded.vectors, embedded.sentences, lease=lease)

    assert list(queue.drain(4, put, stop=lambda: embedder.passages >= 4)) == [4]
    assert len(pending(store)) == 8
    store.close()


class CountingStore(SqliteStore):
    leases = 0

    def lease(self, name: str, *, seconds: float = 0.0) -> AbstractContextManager[Lease]:
        CountingStore.leases += 1
        return super().lease(name, seconds=seconds)


class CountingCatalogue(FolderCatalogue):
    def open(self, name: str) -> SqliteStore:
        return CountingStore(self.folder(name) / "store.sqlite")


def test_no_lease_is_taken_while_nothing_waits(tmp_path: Path) -> None:
    collection = Collection(
        CountingCatalogue(tmp_path), "default", embedder=WordEmbedder(), config=LibraryConfig()
    )
    assert collection.embed_pending() == 0
    assert CountingStore.leases == 0
    collection.put_many(sources(0, 3))
    assert collection.embed_pending() == 3
    taken = CountingStore.leases
    assert taken > 0
    assert collection.embed_pending() == 0
    assert CountingStore.leases == taken
    collection.close()


def test_all_is_embedded_by_the_end_of_the_block(collection: Collection) -> None:
    told: list[tuple[int, int]] = []
    with BackgroundEmbedding(collection, lambda done, waiting: told.append((done, waiting))) as embedding:
        for at in range(0, 40, 10):
            collection.put_many(sources(at, at + 10))
            embedding.notify()
    assert embedding.done == 40
    assert collection.archive.counts().embedded == 40
    assert told
    with BackgroundEmbedding(collection) as embedding:
        pass
    assert embedding.done == 0


class Broken(WordEmbedder):
    def embed_passages(self, texts: list[str]) -> Vectors:  # type: ignore[override]
        raise ModelFailed("The embedding model failed.")


def test_what_fails_in_the_thread_is_raised_at_the_end(tmp_path: Path) -> None:
    collection = collection_in(tmp_path / "default", embedder=Broken(), config=LibraryConfig())
    with pytest.raises(ModelFailed), BackgroundEmbedding(collection) as embedding:  # noqa: PT012
        collection.put_many(sources(0, 3))
        embedding.notify()
    with pytest.raises(KeyError, match="ours"), BackgroundEmbedding(collection) as embedding:  # noqa: PT012
        embedding.notify()
        raise KeyError("ours")
    collection.close()


ROOT = Path(__file__).parents[3]


class Slow(WordEmbedder):
    def embed_passages(self, texts: list[str]) -> Vectors:  # type: ignore[override]
        time.sleep(0.05)
        return super().embed_passages(texts)


def test_who_gives_up_does_not_wait_for_all(tmp_path: Path) -> None:
    config = LibraryConfig(ingest=IngestConfig(passages_per_batch=1))
    collection = collection_in(tmp_path / "default", embedder=Slow(), config=config)
    with pytest.raises(KeyboardInterrupt), BackgroundEmbedding(collection) as embedding:  # noqa: PT012
        collection.put_many(sources(0, 200))
        embedding.notify()
        eventually(lambda: collection.archive.counts().embedded)
        raise KeyboardInterrupt
    assert 0 < collection.archive.counts().embedded < 100
    collection.close()


INTERRUPTED = """
import os, signal, sys, threading
from pathlib import Path
from index.embedding import WordEmbedder
from index.config import IngestConfig, LibraryConfig
from index.protocols import Lease
from index.sources.background import BackgroundEmbedding
from tests.index.ingest.test_embedding_queue import sources
from tests.opening import collection_in

class Interrupting(WordEmbedder):
    batches = 0

    def embed_passages(self, texts):
        self.batches += 1
        if self.batches == 3:
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        return super().embed_passages(texts)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config = LibraryConfig(ingest=IngestConfig(passages_per_batch=1))
    collection = collection_in(Path(sys.argv[1]), embedder=Interrupting(), config=config)
    collection.put_many(sources(0, 200))
    try:
        with BackgroundEmbedding(collection):
            pass
    except KeyboardInterrupt:
        running = [one.name for one in threading.enumerate() if one.name == "loccit-embed"]
        print(running, 0 < collection.archive.counts().embedded < 100)
    collection.close()
"""
"""In a process of its own: an interruption that a test does not catch would end all tests."""


@pytest.mark.processes
@pytest.mark.skipif(sys.platform == "win32", reason="sends a signal to a thread")
def test_an_interruption_while_the_rest_is_embedded_ends_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path / "default")]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "[] True\n"
