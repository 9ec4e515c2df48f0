"""A collection without indexes: it takes in and embeds, and others search."""

from pathlib import Path

import numpy as np
import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.engine.unindexed import Unindexed
from index.errors import IndexUnavailable
from index.ingest.preparation import Source
from index.library import Library
from index.store import open_memory_store
from tests.contracts.documents import document, put


def test_a_process_without_indexes_writes_for_those_that_search(tmp_path: Path) -> None:
    with (
        Library(tmp_path, embedder=WordEmbedder(), config=LibraryConfig(is_searched=False)) as writing,
        Library(tmp_path, embedder=WordEmbedder()) as searching,
    ):
        collection = writing.open("default", create=True)
        collection.put(Source("a.txt", b"The lamp was lit."))
        assert collection.embed_pending() == 1
        collection.refresh()
        assert collection.state.embedded == 1.0
        assert not list(collection.folder.glob("*/*.faiss"))
        with pytest.raises(IndexUnavailable):
            collection.ask("lamp")
        assert collection.failures == ()
        other = searching.open("default")
        other.refresh()
        assert [hit.text for hit in other.ask("lamp").hits] == ["The lamp was lit."]
        collection.editor.delete("a.txt")
        erasure = collection.purging.pending()
        assert erasure is not None
        assert not collection.purging.run(erasure)
        assert other.purging.run(erasure)


def test_it_follows_the_record_and_finds_nothing() -> None:
    store = open_memory_store()
    engine = Unindexed(store)
    assert not engine.update()
    put(store, [document("a")])
    assert engine.update()
    assert engine.change == 1
    engine.maintain(background=False)
    assert engine.check() == []
    assert not engine.purge(1)
    with store.snapshot() as moment:
        for find in (
            lambda: engine.at(moment.at(1)),
            lambda: engine.search_words("one", 1),
            lambda: engine.scores(np.ones(8, np.float32), np.array([1])),
            lambda: engine.importance("one"),
        ):
            with pytest.raises(IndexUnavailable):
                find()
