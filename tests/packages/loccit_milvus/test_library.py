"""A library whose collections are searched in Milvus, from the first document to the deletion."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from loccit_milvus import MilvusConfig
from loccit_milvus.server import Server

from index.collection import Collection
from index.config import LibraryConfig
from index.ingest.preparation import Source
from index.library import Library
from service.flows.upkeep import check
from tests.index.test_upgrading import models
from tests.packages.loccit_milvus import servers as milvus

TEXTS = {
    "otter.txt": "The otter lives in the river. Nobody has seen it for years.",
    "heron.txt": "The heron stands in the marsh. It eats fish and frogs.",
}


def config_of(settings: MilvusConfig) -> LibraryConfig:
    return milvus.library_config(settings)


def ask(collection: Collection) -> list[tuple[str, str]]:
    answer = collection.ask("Where does the heron stand?", k=2)
    assert answer.index.degraded == ()
    return [(hit.citation.document_id, hit.citation.quote) for hit in answer.hits]


def test_the_answers_are_those_of_the_embedded_engine(tmp_path: Path, settings: MilvusConfig) -> None:
    with Library(tmp_path, embedder=models(), config=LibraryConfig()) as library:
        collection = library.open("birds", create=True)
        collection.put_many([Source(id_, text.encode()) for id_, text in TEXTS.items()])
        collection.embed_pending()
        before = ask(collection)
    with Library(tmp_path, embedder=models(), config=config_of(settings)) as library:
        assert ask(library.open("birds")) == before
        assert before[0][0] == "heron.txt"
        assert list(check(library.data, config_of(settings))) == []


def test_an_upgrade_makes_collections_of_the_next_generation(tmp_path: Path, settings: MilvusConfig) -> None:
    with Library(tmp_path, embedder=models(), config=config_of(settings)) as library:
        collection = library.open("birds", create=True)
        collection.put_many([Source(id_, text.encode()) for id_, text in TEXTS.items()])
        collection.embed_pending()
        with library.upgrade("birds") as upgrade:
            assert upgrade.run(upgrade.plan("64"), lambda _: None)
        collection.refresh()
        assert ask(collection)[0][0] == "heron.txt"
        with closing(Server(settings)) as server:
            names = server.names("loccit_")
        assert {name.split("_")[3] for name in names if name != "loccit_states"} == {"1"}


def test_a_deleted_collection_leaves_nothing(tmp_path: Path, settings: MilvusConfig) -> None:
    with Library(tmp_path, embedder=models(), config=config_of(settings)) as library:
        for name in ("birds", "others"):
            collection = library.open(name, create=True)
            collection.put_many([Source(id_, text.encode()) for id_, text in TEXTS.items()])
            collection.embed_pending()
        with closing(Server(settings)) as server:
            before = len(server.names("loccit_"))
            library.delete("birds")
            assert (before, len(server.names("loccit_"))) == (7, 4)
            assert server.count("loccit_states") == 2
        assert ask(library.open("others"))[0][0] == "heron.txt"


def test_collections_of_two_data_folders_share_a_server(tmp_path: Path, settings: MilvusConfig) -> None:
    for name in ("one", "two"):
        own = config_of(replace(settings, prefix=name))
        with Library(tmp_path / name, embedder=models(), config=own) as library:
            collection = library.open("birds", create=True)
            collection.put(Source("heron.txt", TEXTS["heron.txt"].encode()))
            collection.embed_pending()
            assert ask(collection)
