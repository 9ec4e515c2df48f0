"""Models that were converted to graphs are opened without torch."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index.config import EmbeddingConfig
from index.embedding import convert_model, load_embedder, quantize_model
from index.embedding.converted import read_converted
from index.errors import BackendMissing, ModelDamaged, ModelFailed
from tests.index.embedding.tiny import tiny_model

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, ``original``, and its graphs, ``converted``."""
    folder = tmp_path_factory.mktemp("models")
    tiny_model(folder / "original")
    convert_model(str(folder / "original"), folder / "converted")
    return folder


@pytest.fixture
def converted(models: Path, tmp_path: Path) -> Path:
    """A copy of the graphs that a test may damage."""
    return shutil.copytree(models / "converted", tmp_path / "converted")


def test_graphs_give_the_vectors_of_the_model(models: Path) -> None:
    graph = load_embedder(str(models / "converted"))
    torch = load_embedder(str(models / "original"), config=EmbeddingConfig(backend="torch"))
    assert graph.fingerprint == torch.fingerprint
    np.testing.assert_allclose(graph.embed_queries(["lamp"]), torch.embed_queries(["lamp"]), atol=1e-2)


@pytest.mark.processes
def test_graphs_are_opened_where_torch_is_not_installed(models: Path, tmp_path: Path) -> None:
    script = f"""
import sys
for name in ("torch", "transformers", "sentence_transformers"):
    sys.modules[name] = None
from pathlib import Path
from index.config import EmbeddingConfig
from index.embedding import load_embedder
from index.errors import BackendMissing
from index.search import load_reranker
config = EmbeddingConfig(cache=Path({str(tmp_path)!r}))
print(load_embedder({str(models / "converted")!r}, config=config).embed_queries(["lamp"]).shape)
for load in (load_embedder, load_reranker):
    try:
        load({str(models / "original")!r})
    except BackendMissing as error:
        print(error.message)
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    shape, model, reranker = done.stdout.splitlines()
    assert shape == "(1, 16)"
    assert "is not installed, which models that are not converted need" in model
    assert "is not installed, which a reranker needs" in reranker


def test_the_choice_is_recorded_beside_other_models_and_made_again_if_it_cannot_be(
    converted: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = tmp_path / "cache"
    load_embedder(str(converted), config=EmbeddingConfig(precision="float", cache=cache))
    (choice,) = cache.iterdir()
    content = json.loads(choice.read_text())
    assert content["taken"]["backend"] in {"openvino", "onnx"}
    content["taken"]["backend"] = "torch"  # which cannot run a graph
    choice.write_text(json.dumps(content))
    load_embedder(str(converted), config=EmbeddingConfig(precision="float", cache=cache))
    assert json.loads(choice.read_text())["taken"]["backend"] in {"openvino", "onnx"}

    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    caplog.clear()
    load_embedder(str(converted), config=EmbeddingConfig(precision="float", cache=in_the_way / "cache"))
    assert "each start tries it anew" in caplog.text


@pytest.mark.parametrize(
    "config",
    [
        EmbeddingConfig(backend="torch"),
        EmbeddingConfig(device="cuda"),
    ],
)
def test_what_graphs_cannot_do_is_refused(converted: Path, config: EmbeddingConfig) -> None:
    with pytest.raises(BackendMissing, match="open the original model"):
        load_embedder(str(converted), config=config)


def test_graphs_are_neither_quantized_nor_converted(converted: Path, tmp_path: Path) -> None:
    with pytest.raises(BackendMissing, match="the original model"):
        convert_model(str(converted), tmp_path / "again")
    with pytest.raises(BackendMissing, match="the original model"):
        quantize_model(str(converted), ["lamp"] * 300, config=EmbeddingConfig(cache=tmp_path))


def test_damaged_graphs_are_refused(converted: Path) -> None:
    file = converted / "converted.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "graphs": {}}))
    with pytest.raises(BackendMissing, match="it has graphs for none"):
        load_embedder(str(converted))
    file.write_text("{")
    with pytest.raises(ModelDamaged, match="Convert the original model again"):
        load_embedder(str(converted))
    file.write_text(json.dumps(content))
    np.save(converted / "probe.npy", -np.load(converted / "probe.npy"))
    with pytest.raises(ModelFailed, match="do not agree"):
        load_embedder(str(converted))


@pytest.mark.parametrize("begins_words_with_space", [False, True])
def test_graphs_whose_sentences_earlier_versions_took_otherwise_are_made_again(
    tmp_path: Path, begins_words_with_space: bool
) -> None:
    tiny_model(tmp_path / "original", begins_words_with_space=begins_words_with_space)
    convert_model(str(tmp_path / "original"), tmp_path / "converted")
    assert read_converted(tmp_path / "converted") is not None
    file = tmp_path / "converted" / "converted.json"
    content = json.loads(file.read_text())
    del content["spans"]
    file.write_text(json.dumps(content))
    assert (read_converted(tmp_path / "converted") is None) == begins_words_with_space
