import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.embedding import WordEmbedder
from index.errors import CollectionNotFound, InvalidCollectionName
from index.ingest.preparation import Source
from index.library import Library
from tests.patience import PATIENCE


def test_collections_are_made_opened_once_and_deleted(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        assert library.names() == []
        made = library.open("b", create=True)
        library.open("a", create=True)
        assert library.names() == ["a", "b"]
        assert library.open("b") is made
        library.delete("b")
        assert library.names() == ["a"]
        folders = [path for path in (library.data / "collections").iterdir() if path.is_dir()]
        assert [path.name for path in folders] == ["a"]
        for call in (library.open, library.delete):
            with pytest.raises(CollectionNotFound, match="'b'"):
                call("b")


def test_collections_keep_apart(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        library.open("a", create=True).put(Source("x.txt", b"Moons of Mars."))
        assert library.open("b", create=True).ask("moons").hits == ()


def test_names_that_are_no_folder_names_are_refused(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library, pytest.raises(InvalidCollectionName):
        library.open("../a", create=True)


def test_the_model_is_loaded_on_first_need_and_once(tmp_path: Path) -> None:
    loaded = []

    def load() -> WordEmbedder:
        loaded.append(WordEmbedder())
        return loaded[-1]

    with Library(tmp_path, embedder=load) as library:
        assert library.names() == []
        assert not loaded
        library.open("a", create=True)
        library.open("b", create=True)
        assert len(loaded) == 1
        assert library.embedder is loaded[0]


def test_a_collection_that_another_process_deleted_is_not_there(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as one, Library(tmp_path, embedder=WordEmbedder()) as two:
        one.open("a", create=True)
        two.open("a")
        one.delete("a")
        with pytest.raises(CollectionNotFound):
            two.open("a")
        assert two.open("a", create=True).archive.counts().documents == 0


def test_a_collection_that_another_process_deleted_and_made_again_is_the_new_one(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as one, Library(tmp_path, embedder=WordEmbedder()) as two:
        one.open("a", create=True).put(Source("old.txt", b"Moons of Mars."))
        two.delete("a")
        two.open("a", create=True).put(Source("new.txt", b"Rings of Saturn."))
        one.open("a").put(Source("newer.txt", b"Clouds of Venus."))
        assert [record.id for record in one.open("a").archive.documents()] == ["new.txt", "newer.txt"]
        assert [record.id for record in two.open("a").archive.documents()] == ["new.txt", "newer.txt"]
        assert one.open("a") is one.open("a")


class SlowEmbedder(WordEmbedder):
    """Tells other threads its fingerprint, which each opened collection asks for, only when it may."""

    def __init__(self) -> None:
        self.go_on, self.asked = threading.Event(), threading.Event()
        self.go_on.set()
        super().__init__()

    def __getattribute__(self, name: str) -> object:
        if name == "fingerprint" and threading.current_thread() is not threading.main_thread():
            self.asked.set()
            assert self.go_on.wait(PATIENCE)
        return super().__getattribute__(name)


def test_an_open_collection_answers_while_another_is_opened(tmp_path: Path) -> None:
    embedder = SlowEmbedder()
    with Library(tmp_path, embedder=embedder) as library:
        library.open("a", create=True).put(Source("x.txt", b"Moons of Mars."))
        embedder.go_on.clear()
        embedder.asked.clear()
        opening = threading.Thread(target=library.open, args=("b",), kwargs={"create": True})
        opening.start()
        try:
            assert embedder.asked.wait(PATIENCE)
            assert [hit.text for hit in library.open("a").ask("moons").hits] == ["Moons of Mars."]
            assert opening.is_alive()
        finally:
            embedder.go_on.set()
            opening.join(PATIENCE)
        assert library.names() == ["a", "b"]


def test_a_collection_deleted_while_another_thread_opens_it_stays_deleted(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library, ThreadPoolExecutor(1) as pool:
        folder = library.open("default", create=True).folder
        with library._opening["default"]:  # as if it were being deleted or opened
            with library._lock:
                library._open.pop("default").collection.close()
            opening = pool.submit(library.open, "default")
            while opening.running() is False:
                time.sleep(0.001)
            time.sleep(0.05)
            shutil.rmtree(folder)
        with pytest.raises(CollectionNotFound):
            opening.result()
        assert not folder.exists()
