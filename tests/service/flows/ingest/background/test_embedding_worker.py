from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.config import LibraryConfig, VectorsConfig
from index.embedding import WordEmbedder
from index.engine.embedded import EmbeddedEngine
from index.engine.vectors import FaissIndex
from index.errors import ModelFailed
from index.ingest.preparation import Source
from index.library import Library
from index.types import Vectors
from service.flows.ingest.background.embedding import EmbeddingWorker
from tests.log_lines import lines
from tests.patience import PATIENCE, eventually


class FailingEmbedder(WordEmbedder):
    """Fails with passages for as long as it has a failure."""

    failure: Exception | None = None

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if self.failure is not None:
            raise self.failure
        return super().embed_passages(texts)


@pytest.fixture
def embedder() -> FailingEmbedder:
    return FailingEmbedder()


@pytest.fixture
def library(tmp_path: Path, embedder: FailingEmbedder) -> Iterator[Library]:
    with Library(tmp_path, embedder=embedder) as library:
        yield library


@pytest.fixture
def worker(library: Library) -> Iterator[EmbeddingWorker]:
    worker = EmbeddingWorker(library, refresh_seconds=0.01, poll_seconds=0.05)
    yield worker
    worker.stop()
    assert not worker.running


def put(library: Library, name: str, text: str, *, collection: str = "default") -> None:
    library.open(collection, create=True).put(Source(name, text.encode()))


def waiting(library: Library, collection: str = "default") -> int:
    counts = library.open(collection).archive.counts()
    return counts.passages - counts.embedded


def test_what_was_left_and_what_comes_is_embedded(library: Library, worker: EmbeddingWorker) -> None:
    put(
        library, "a.txt", "\n\n".join(f"Paragraph {number} of many. " + "word " * 50 for number in range(100))
    )
    put(library, "b.txt", "The dog sleeps.", collection="other")
    assert waiting(library) > 40
    worker.start()
    eventually(lambda: waiting(library) == waiting(library, "other") == 0)
    put(library, "c.txt", "The lamp was lit.")
    worker.notify("default")
    eventually(lambda: waiting(library) == 0)


def test_who_waits_for_vectors_is_told_when_there_are_some(library: Library) -> None:
    told: list[int] = []
    worker = EmbeddingWorker(library, refresh_seconds=600, poll_seconds=600)
    worker.on_embedded = lambda: told.append(waiting(library))
    put(library, "a.txt", "The lamp was lit.")
    worker.start()
    try:
        eventually(lambda: told == [0])
        worker.notify("default")  # though it has nothing new
        put(library, "b.txt", "The dog sleeps.")
        worker.notify("default")
        eventually(lambda: told == [0, 0])
    finally:
        worker.stop()


def test_a_collection_made_by_another_process_is_found(library: Library, worker: EmbeddingWorker) -> None:
    worker.start()
    with Library(library.data, embedder=WordEmbedder()) as other:
        put(other, "a.txt", "The lamp was lit.")
    eventually(lambda: "default" in library.names() and waiting(library) == 0)


@pytest.mark.parametrize("failure", [ModelFailed("The model failed."), RuntimeError("nobody foresaw this")])
def test_a_failure_is_logged_once_and_tried_again(
    library: Library,
    embedder: FailingEmbedder,
    worker: EmbeddingWorker,
    caplog: pytest.LogCaptureFixture,
    failure: Exception,
) -> None:
    embedder.failure = failure
    put(library, "a.txt", "The lamp was lit.")
    worker.start()
    eventually(lambda: str(failure) in caplog.text)
    put(library, "b.txt", "The dog sleeps.")
    worker.notify("default")
    embedder.failure = None
    eventually(lambda: waiting(library) == 0)
    assert len(lines(caplog, least=logging.ERROR)) == 1


def test_a_failing_collection_does_not_keep_others_from_being_embedded(
    library: Library, worker: EmbeddingWorker
) -> None:
    with Library(library.data, embedder=WordEmbedder(dimension=8)) as other:
        put(other, "a.txt", "The lamp was lit.", collection="a-mismatch")
    worker.start()
    put(library, "a.txt", "The dog sleeps.", collection="b")
    eventually(lambda: waiting(library, "b") == 0)


def test_deleting_a_collection_is_no_failure(
    library: Library, worker: EmbeddingWorker, caplog: pytest.LogCaptureFixture
) -> None:
    worker.start()
    for _ in range(10):
        put(library, "a.txt", "The lamp was lit.")
        library.delete("default")
    put(library, "b.txt", "The dog sleeps.", collection="b")
    eventually(lambda: waiting(library, "b") == 0)
    assert not lines(caplog, least=logging.ERROR)


def test_a_document_can_be_waited_for(library: Library, worker: EmbeddingWorker) -> None:
    put(library, "a.txt", "The lamp was lit. " * 200)
    record = worker.embed_document(library.open("default"), "a.txt")
    assert record.embedded == record.passages > 1


class SlowEmbedder(WordEmbedder):
    """Takes a moment for each batch of passages, and says where it is."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()
        self.ended = False

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.begun.set()
        time.sleep(0.1)
        self.ended = True
        return super().embed_passages(texts)


def test_waiting_ends_with_the_step_in_which_the_document_was_embedded(tmp_path: Path) -> None:
    embedder = SlowEmbedder()
    with Library(tmp_path, embedder=embedder) as library:
        put(library, "a.txt", "The lamp was lit.")
        worker = EmbeddingWorker(library, refresh_seconds=600)
        worker.start()
        assert embedder.begun.wait(PATIENCE)
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(worker.embed_document, library.open("default"), "a.txt")
            try:
                record = waiting.result(PATIENCE)
            finally:
                worker.stop()
    assert record.embedded == record.passages == 1


def test_waiting_does_not_end_within_a_step(tmp_path: Path) -> None:
    embedder = SlowEmbedder()
    with Library(tmp_path, embedder=embedder) as library:
        put(library, "a.txt", "The lamp was lit.")
        library.open("default").embed_pending()
        embedder.begun.clear()
        embedder.ended = False
        put(library, "b.txt", "The dog sleeps.")
        worker = EmbeddingWorker(library)
        worker.start()
        assert embedder.begun.wait(PATIENCE)
        worker.embed_document(library.open("default"), "a.txt")
        assert embedder.ended, "a document that is stored with its vectors may not be in the indexes yet"
        worker.stop()


def test_waiting_for_a_document_raises_what_is_wrong(
    library: Library, embedder: FailingEmbedder, worker: EmbeddingWorker
) -> None:
    put(library, "a.txt", "The lamp was lit.")
    embedder.failure = ModelFailed("The model failed.")
    with pytest.raises(ModelFailed):
        worker.embed_document(library.open("default"), "a.txt")


def test_a_worker_stops_before_it_has_started(library: Library) -> None:
    EmbeddingWorker(library).stop()


def test_one_that_embeds_nothing_waits_for_others(library: Library) -> None:
    put(library, "a.txt", "The lamp was lit.")
    idle = EmbeddingWorker(library, refresh_seconds=0.01, embeds=False)
    idle.start()
    record = idle.embed_document(library.open("default"), "a.txt", seconds=0.05)
    assert (record.embedded, idle.embedded) == (0, 0)
    with Library(library.data, embedder=WordEmbedder()) as other:
        assert other.open("default").embed_pending() == 1
    record = idle.embed_document(library.open("default"), "a.txt")
    assert record.embedded == 1
    eventually(lambda: library.open("default").state.embedded == 1.0)
    idle.stop()
    assert idle.embedded == 0


def test_one_that_embeds_nothing_compacts_all_the_same(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as before:
        for number in range(20):
            put(before, f"{number}.txt", f"The lamp number {number} was lit.")
        before.open("default").embed_pending()
        dense(before).compact()
        assert dense(before).description.kind == "flat"
    config = LibraryConfig(vectors=VectorsConfig(kind="ivf"))
    with Library(tmp_path, embedder=WordEmbedder(), config=config) as library:
        idle = EmbeddingWorker(library, refresh_seconds=0.01, poll_seconds=0.01, embeds=False)
        idle.start()
        eventually(lambda: dense(library).description.kind == "ivf")
        idle.stop()


def dense(library: Library) -> FaissIndex:
    engine = library.open("default")._engine
    assert isinstance(engine, EmbeddedEngine)
    return engine.dense


def test_what_another_process_announces_is_embedded_at_once(library: Library) -> None:
    put(library, "a.txt", "The lamp was lit.")
    worker = EmbeddingWorker(library, refresh_seconds=600, poll_seconds=600)
    worker.start()
    eventually(lambda: waiting(library) == 0)
    with Library(library.data, embedder=WordEmbedder()) as other:
        put(other, "b.txt", "The dog sleeps.")
    worker.notify_all()
    eventually(lambda: waiting(library) == 0)
    worker.stop()
