from pathlib import Path

import pytest

from index.config import ChunkingConfig, LibraryConfig, Precision
from index.embedding import Models, WordEmbedder
from index.errors import CollectionMismatch, ModelNotFound, TooManyModels
from index.ingest import Source
from index.library import Library
from index.protocols import is_same_model, name_in


class Renamed(WordEmbedder):
    """Words, with the fingerprint that a model in a folder has."""

    def __init__(self, fingerprint: str, dimension: int = 256) -> None:
        super().__init__(dimension)
        self.fingerprint = fingerprint


def words_by_name(most: int = 4) -> tuple[Models, list[tuple[str, Precision | None]]]:
    """Models called by their number of dimensions, the default is ``256``; and which were loaded."""
    loaded: list[tuple[str, Precision | None]] = []

    def load(name: str, precision: Precision | None) -> WordEmbedder:
        loaded.append((name, precision))
        if not name.isdecimal():
            raise ModelNotFound(f"There is no model {name!r}.")
        return WordEmbedder(int(name))

    return Models(lambda: load("256", None), name="256", load=load, most=most), loaded


def test_each_model_is_loaded_once_and_only_when_it_is_needed() -> None:
    models, loaded = words_by_name()
    assert loaded == []
    assert models.named("64") is models.named("64")
    assert loaded == [("64", None)]
    assert models.of("a", "words-64-64", "64") is models.named("64")
    assert models.default is models.named("") is models.named("256")
    assert loaded == [("64", None), ("256", None)]


def test_more_models_than_allowed_are_refused() -> None:
    models, _ = words_by_name(most=2)
    assert models.default.dimension == 256
    assert models.named("64").dimension == 64
    with pytest.raises(TooManyModels, match="2 models are loaded"):
        models.named("32")
    assert models.named("64").dimension == 64


def test_a_model_is_known_by_its_hashes_whatever_it_is_called() -> None:
    moved = Renamed("/new/folder:0123:4567:fp32")
    models = Models(moved)
    assert models.of("a", "C:/old/folder:0123:4567:fp32", "C:/old/folder") is moved
    for other in ("/new/folder:9999:4567:fp32", "/new/folder:0123:9999:fp32", "/new/folder:0123:4567:bf16"):
        with pytest.raises(CollectionMismatch, match="built with other settings"):
            models.of("a", other, "/new/folder")
    assert not is_same_model("words-8-64", "words-256-64")
    assert name_in("C:/old/folder:0123:4567:fp32") == "C:/old/folder"


def test_the_precision_that_a_collection_has_is_used_whatever_is_configured() -> None:
    fingerprints = {None: "m:0:1:int8-2", "auto": "m:0:1:fp32"}
    models = Models(
        lambda: Renamed("m:0:1:int8-2"),
        name="m",
        load=lambda name, precision: Renamed(fingerprints[precision]),
    )
    assert models.of("a", "m:0:1:fp32", "m").fingerprint == "m:0:1:fp32"
    assert models.default.fingerprint == "m:0:1:int8-2"


def test_a_model_that_is_not_here_is_named() -> None:
    models, _ = words_by_name()
    with pytest.raises(CollectionMismatch, match="'gone:0:1:fp32', not 'words-256-64'"):
        models.of("a", "gone:0:1:fp32", "gone")


def test_a_collection_keeps_its_model_when_another_is_configured(tmp_path: Path) -> None:
    short = LibraryConfig(ChunkingConfig(max_tokens=16))
    with Library(tmp_path, embedder=WordEmbedder(64), config=short) as library:
        made = library.open("a", create=True)
        made.put(Source("a.txt", b"The lamp was lit at dusk."))
        made.embed_pending()
        before = made.ask("lamp")
    models = Models(
        lambda: WordEmbedder(32), name="32", load=lambda name, _: WordEmbedder(64 if name == "words" else 32)
    )
    with Library(tmp_path, embedder=models) as library:
        opened, new = library.open("a"), library.open("b", create=True)
        assert [opened.description.dimension, new.description.dimension] == [64, 32]
        assert [opened.outdated, new.outdated] == [["chunking"], []]
        assert new.description.source == "32"
        after = opened.ask("lamp")
        assert (after.hits, after.index) == (before.hits, before.index)
