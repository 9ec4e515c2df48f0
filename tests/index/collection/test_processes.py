"""Several processes, threads and crashes."""

import shutil
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import IngestConfig, LibraryConfig
from index.embedding import WordEmbedder
from index.errors import (
    CollectionBusy,
    DocumentNotFound,
    VersionNotFound,
)
from index.history.retention import Retention
from index.ingest.preparation import Source
from tests.index.collection.planets import assert_law, fill, found, put
from tests.index.conftest import Opener
from tests.opening import resolving
from tests.patience import PATIENCE, eventually


def test_another_process_sees_what_was_committed(open_collection: Opener) -> None:
    writer, reader = open_collection(), open_collection()
    fill(writer)
    reader.refresh()
    answer = reader.ask("Which moons does Mars have?")
    assert answer.hits[0].explain.dense.rank == 1
    assert answer.index == writer.ask("moons").index
    writer.editor.delete("mars.txt")
    reader.refresh()
    assert "mars.txt" not in found(reader.ask("Which moons does Mars have?"))


def test_two_processes_write_in_turns(open_collection: Opener) -> None:
    one, two = open_collection(), open_collection()
    put(one, "a.txt", "Alpha moons.")
    put(two, "b.txt", "Beta moons.")
    put(one, "c.txt", "Gamma moons.")
    one.embed_pending()
    for collection in (one, two):
        collection.refresh()
        assert sorted(found(collection.ask("moons"))) == ["a.txt", "b.txt", "c.txt"]


def test_two_workers_embed_one_collection_and_no_text_twice(
    open_collection: Opener, embedder: WordEmbedder
) -> None:
    config = LibraryConfig(ingest=IngestConfig(passages_per_batch=2))
    one, two = open_collection(config=config), open_collection(config=config)
    for n in range(9):
        put(one, f"{n}.txt", f"Moons number {n}.")
    before, others = embedder.passages, 0

    def work(done: int, total: int) -> None:
        nonlocal others
        others += two.embed_pending()

    own = one.embed_pending(progress=work)
    assert own + others == embedder.passages - before == 9
    assert others > 0
    assert one.archive.counts().embedded == 9


def test_a_collection_opens_after_a_crash_between_record_and_indexes(
    open_collection: Opener, tmp_path: Path
) -> None:
    collection = open_collection()
    fill(collection)
    # What a killed process leaves: the record is ahead of the words, and passages wait for vectors.
    shutil.copytree(tmp_path / "default" / "lexical", tmp_path / "old")
    put(collection, "pluto.txt", "Pluto is far away.")
    collection.close()
    shutil.rmtree(tmp_path / "default" / "lexical")
    shutil.move(tmp_path / "old", tmp_path / "default" / "lexical")
    again = open_collection()
    assert found(again.ask("Pluto", k=1)) == ["pluto.txt"]
    assert again.embed_pending() == 1
    assert again.ask("Pluto", k=1).hits[0].explain.dense.rank == 1


@pytest.mark.parametrize("lost", ["lexical", "vectors"])
def test_a_lost_index_is_built_again(open_collection: Opener, tmp_path: Path, lost: str) -> None:
    collection = open_collection()
    fill(collection)
    before = collection.ask("Which moons does Mars have?")
    collection.close()
    shutil.rmtree(tmp_path / "default" / lost, ignore_errors=True)
    after = open_collection().ask("Which moons does Mars have?")
    assert after.hits == before.hits


def test_readers_go_on_while_another_thread_writes(collection: Collection) -> None:
    fill(collection)
    stop = threading.Event()
    wrong: list[object] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = collection.ask("Which planet has moons?")
                assert answer.hits
                assert_law(collection, answer)
            except Exception as error:
                wrong.append(error)
                return

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for n in range(15):
        put(collection, f"{n}.txt", f"Planet {n} has {n} moons.")
        collection.embed_pending()
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_files_and_threads_are_given_back(open_collection: Opener) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    fill(open_collection())
    open_collection().close()
    before = descriptors(), threading.active_count()
    for _ in range(20):
        with open_collection() as collection:
            collection.ask("moons")
            put(collection, "a.txt", "A moon.")
    # Threads of other tests may be ending, or open files.
    eventually(lambda: descriptors() <= before[0] + 2)
    eventually(lambda: threading.active_count() <= before[1])


def test_a_busy_collection_says_so(open_collection: Opener, tmp_path: Path) -> None:
    from filelock import FileLock

    collection = open_collection(LibraryConfig(lock_seconds=0.05))
    with (
        FileLock(tmp_path / "default" / "write.lock"),
        pytest.raises(CollectionBusy, match="another process"),
    ):
        put(collection, "a.txt", "A moon.")


@pytest.mark.parametrize("erase", ["delete", "prune"])
def test_what_another_process_erased_is_forgotten(open_collection: Opener, erase: str) -> None:
    writer, reader = open_collection(), open_collection()
    for text in ("The lamp was lit at dusk.", "The lamp was lit at dawn."):
        writer.put(Source("a.txt", text.encode()))
    reader.refresh()
    old = reader.archive.versions("a.txt")[-1]
    assert resolving(reader).text(old.text_sha256).text == reader.archive.text("a.txt", 1)[1]
    if erase == "delete":
        writer.editor.delete("a.txt")
    else:
        writer.editor.prune(Retention(keep_versions=1))
    # Not only when told to look: also when it writes itself.
    reader.put(Source("b.txt", b"Something else."))
    with pytest.raises(VersionNotFound):
        resolving(reader).text(old.text_sha256)


def test_no_text_is_held_after_it_was_erased(collection: Collection) -> None:
    """However readers and the one who erases meet: what is read while it is erased is not held."""
    for number in range(20):
        text = f"Text number {number} of the lamps. " * 2000
        record = collection.put(Source("a.txt", text.encode())).record
        together = threading.Barrier(3)

        def read(together: threading.Barrier = together) -> None:
            together.wait(PATIENCE)
            with suppress(VersionNotFound, DocumentNotFound):
                for _ in range(200):
                    collection.archive.text("a.txt")

        threads = [threading.Thread(target=read) for _ in range(2)]
        for thread in threads:
            thread.start()
        together.wait(PATIENCE)
        collection.editor.delete("a.txt")
        for thread in threads:
            thread.join()
        with pytest.raises(VersionNotFound):
            resolving(collection).text(record.text_sha256)
