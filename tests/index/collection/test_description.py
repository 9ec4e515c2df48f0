"""What a collection was made with, and is opened with."""

import json
from contextlib import closing
from pathlib import Path

import faiss
import numpy as np
import pytest

from index.config import ChunkingConfig, LibraryConfig, SearchConfig, VectorsConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine.embedded import EmbeddedEngine
from index.errors import (
    CollectionMismatch,
    StoreDamaged,
    UnknownFormat,
)
from index.ingest.preparation import Source
from tests.index.collection.planets import fill
from tests.index.conftest import Opener
from tests.log_lines import lines
from tests.opening import store_in


def test_another_model_is_refused(open_collection: Opener) -> None:
    open_collection()
    with pytest.raises(CollectionMismatch, match=r"model 'words-256-64', not 'words-8-64'"):
        open_collection(model=WordEmbedder(dimension=8))


def test_a_collection_keeps_the_chunking_that_it_was_made_with(
    open_collection: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "loccit.collection")
    made = open_collection(LibraryConfig(chunking=ChunkingConfig(max_tokens=16, overlap_tokens=0)))
    same = open_collection(
        LibraryConfig(made.description.chunking, search=SearchConfig(dense_weight=0.1))  # ranking may differ
    )
    assert same.outdated == []
    assert "upgrade" not in caplog.text
    other = open_collection()
    assert other.fingerprint == made.fingerprint
    assert other.outdated == ["chunking"]
    assert "was made with another chunking" in caplog.text
    other.put(Source("a.txt", b"One two three four five six seven. " * 4, title="T"))
    assert other.archive.document("a.txt").passages == 2


def test_an_unknown_format_is_refused(open_collection: Opener, tmp_path: Path) -> None:
    open_collection().close()
    path = tmp_path / "default" / "collection.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(UnknownFormat, match="format 99"):
        open_collection()


def test_a_graph_of_an_earlier_version_is_replaced_by_what_the_store_has(
    open_collection: Opener, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collection = open_collection()
    fill(collection)
    before = [hit.text for hit in collection.ask("Phobos and Deimos").hits]
    collection.close()
    vectors = tmp_path / "default" / "vectors"
    with closing(store_in(tmp_path / "default")) as store:
        config = LibraryConfig(vectors=VectorsConfig(kind="ivf", threads=1))
        engine = EmbeddedEngine(
            tmp_path / "default", store, Description.of_today(WordEmbedder(), config), config
        )
        engine.update()
        engine.dense.compact()
        engine.close()
    manifest = json.loads((vectors / "manifest.json").read_text())
    graph = faiss.index_factory(manifest["dimension"], "HNSW32,SQ8", faiss.METRIC_INNER_PRODUCT)
    rows = np.eye(manifest["parts"][0]["count"], manifest["dimension"], dtype=np.float32)
    graph.train(rows)
    graph.add(rows)
    candidates = vectors / manifest["files"]["candidates.0"]["name"]
    faiss.write_index(graph, str(candidates))
    manifest["files"]["candidates.0"]["bytes"] = candidates.stat().st_size
    (vectors / "manifest.json").write_text(json.dumps({**manifest, "kind": "hnsw"}))

    again = open_collection()
    assert [hit.text for hit in again.ask("Phobos and Deimos").hits] == before
    (line,) = lines(caplog)
    assert "its kind is 'hnsw', not 'flat' or 'ivf'; it starts empty and is filled from the store" in line
    again.embed_pending()
    assert json.loads((vectors / "manifest.json").read_text())["kind"] == "flat"
    again.close()
    assert [hit.text for hit in open_collection().ask("Phobos and Deimos").hits] == before
    assert len(lines(caplog)) == 1


def test_a_broken_description_or_record_is_told(open_collection: Opener, tmp_path: Path) -> None:
    open_collection().close()
    store = tmp_path / "default" / "store.sqlite"
    for path in (store.with_suffix(".sqlite-wal"), store.with_suffix(".sqlite-shm")):
        path.unlink(missing_ok=True)
    store.write_bytes(b"not a database at all" * 500)
    with pytest.raises(StoreDamaged, match=r"store\.sqlite"):
        open_collection()
    (tmp_path / "default" / "collection.json").write_text("{")
    with pytest.raises(StoreDamaged, match=r"collection\.json"):
        open_collection()
