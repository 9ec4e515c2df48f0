from pathlib import Path

import pytest

from index.config import ChunkingConfig, LibraryConfig, Precision
from index.embedding import Models, WordEmbedder
from index.errors import CollectionMismatch, ModelNotFound, TooManyModels
from index.ingest import Source
from index.library import Library
from index.protocols import Embedder, has_same_weights, is_same_model, name_in, precision_in


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
    assert models.open_named("64") is models.open_named("64")
    assert loaded == [("64", None)]
    assert models.of("a", "words-64-64", "64") is models.open_named("64")
    assert models.default is models.open_named("") is models.open_named("256")
    assert loaded == [("64", None), ("256", None)]


def test_more_models_than_allowed_are_refused() -> None:
    models, _ = words_by_name(most=2)
    assert models.default.dimension == 256
    assert models.open_named("64").dimension == 64
    with pytest.raises(TooManyModels, match="2 models are loaded"):
        models.open_named("32")
    assert models.open_named("64").dimension == 64


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
    fingerprints = {None: "m:0:1:int8-2", "float": "m:0:1:fp32"}
    models = Models(
        lambda: Renamed("m:0:1:int8-2"),
        name="m",
        load=lambda name, precision: Renamed(fingerprints[precision]),
    )
    assert models.of("a", "m:0:1:fp32", "m").fingerprint == "m:0:1:fp32"
    assert models.default.fingerprint == "m:0:1:int8-2"


class Precisions:
    """One model in two precisions, of which new collections get ``chosen``; tells what was loaded."""

    def __init__(self, chosen: Precision) -> None:
        self.chosen = chosen
        self.loaded: list[Precision | None] = []
        self.models = Models(WordEmbedder, name="m", load=self._load, choose=lambda _: self.chosen)

    def _load(self, _: str, precision: Precision | None) -> Embedder:
        self.loaded.append(precision)
        return Renamed(IN_FLOAT if precision == "float" else IN_INTEGERS)


IN_FLOAT, IN_INTEGERS = "m:0:1:fp32", "m:0:1:dynamic-int8-1"


def test_a_collection_keeps_its_precision_on_a_machine_that_chooses_another(tmp_path: Path) -> None:
    before = Precisions("float")
    with Library(tmp_path, embedder=before.models) as library:
        library.open("a", create=True).put(Source("a.txt", b"The lamp was lit at dusk."))
        library.open("a").embed_pending()
        assert library.open("a").outdated == []
    assert before.loaded == ["float"]
    after = Precisions("dynamic-int8")
    with Library(tmp_path, embedder=after.models) as library:
        after.models.choose()
        opened = library.open("a")
        # The precision of new collections is not loaded for it, and an upgrade to it is offered.
        assert after.loaded == ["float"]
        assert (opened.description.model, opened.outdated) == (IN_FLOAT, ["precision"])
        assert library.model_of("a") == IN_FLOAT
        made = library.open("b", create=True)
        assert (made.description.model, made.outdated) == (IN_INTEGERS, [])
        assert library.model_of("b") == ""
        assert opened.ask("lamp").hits
        assert library.open("a", model="m") is opened
    assert after.loaded == ["float", "dynamic-int8"]


@pytest.mark.parametrize("chosen", ["float", "dynamic-int8"])
def test_each_precision_is_loaded_once(chosen: Precision) -> None:
    made = Precisions(chosen)
    of_collections = [made.models.of("a", one, "m") for one in (IN_FLOAT, IN_INTEGERS)]
    assert made.models.default in of_collections
    assert made.models.open_named("m") is made.models.default
    assert sorted(map(str, made.loaded)) == ["dynamic-int8", "float"]
    assert made.models.default_fingerprint == made.models.default.fingerprint


def test_the_default_is_not_loaded_for_its_name_where_it_is_in_another_precision() -> None:
    made = Precisions("dynamic-int8")
    made.models.of("a", IN_FLOAT, "m")
    assert made.models.default_name == "m"
    assert made.loaded == ["float"]
    assert Precisions("float").models.default_name == "m"


def test_int8_that_is_not_calibrated_is_no_other_precision_than_dynamic() -> None:
    models = Precisions("int8").models
    models.choose()
    assert not models.has_other_precision(IN_INTEGERS, "m")
    assert models.has_other_precision(IN_FLOAT, "m")
    assert models.today("a", IN_INTEGERS, "m").fingerprint == IN_INTEGERS
    assert models.today("a", IN_FLOAT, "m").fingerprint == IN_INTEGERS


def test_fingerprints_tell_weights_and_precision() -> None:
    assert has_same_weights(IN_FLOAT, IN_INTEGERS)
    assert not has_same_weights(IN_FLOAT, "m:9:1:fp32")
    assert not has_same_weights("words-8-64", "words-256-64")
    assert precision_in("m:0:1:int8-abcd") == "int8"
    assert [precision_in(one) for one in (IN_FLOAT, IN_INTEGERS, "words-8-64")] == [
        "float",
        "dynamic-int8",
        "float",
    ]


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
