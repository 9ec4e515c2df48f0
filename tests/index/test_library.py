from pathlib import Path

import pytest

from index.embedding import WordEmbedder
from index.errors import CollectionNotFound, InvalidCollectionName
from index.ingest import Source
from index.library import Library


def test_collections_are_made_opened_once_and_deleted(tmp_path: Path) -> None:
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        assert library.names() == []
        made = library.open("b", create=True)
        library.open("a", create=True)
        assert library.names() == ["a", "b"]
        assert library.open("b") is made
        library.delete("b")
        assert library.names() == ["a"]
        assert sorted(path.name for path in library.folder.iterdir()) == ["a"]
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
        assert two.open("a", create=True).counts().documents == 0
