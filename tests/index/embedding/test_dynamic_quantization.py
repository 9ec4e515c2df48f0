from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from index.config import EmbeddingConfig
from index.embedding import Models, load_embedder, quantize_model
from index.errors import BackendMissing, ModelFailed
from index.protocols import Embedder
from tests.index.embedding.tiny import tiny_model

pytestmark = pytest.mark.model

TEXTS = ["the lamp was lit.", "the sea", "dog", " ".join(["a b c d the sea was lit ."] * 6)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> EmbeddingConfig:
    return EmbeddingConfig(precision="dynamic-int8", cache=tmp_path_factory.mktemp("models"), device="cpu")


@pytest.fixture(scope="module")
def quantized(tiny: Path, config: EmbeddingConfig) -> Embedder:
    return load_embedder(str(tiny), config=config)


def in_fp32(model: Path) -> Embedder:
    return load_embedder(str(model), config=EmbeddingConfig(backend="torch", device="cpu"))


def folder_of(config: EmbeddingConfig) -> Path:
    assert config.cache
    (found,) = config.cache.glob("*-dynamic-int8")
    return found


def test_the_model_has_a_fingerprint_of_its_own_and_vectors_near_those_in_fp32(
    tiny: Path, quantized: Embedder
) -> None:
    expected = in_fp32(tiny)
    assert quantized.fingerprint.startswith(expected.fingerprint.replace(":fp32", ":dynamic-int8-"))
    for embed in ("embed_passages", "embed_queries"):
        found, before = getattr(quantized, embed)(TEXTS), getattr(expected, embed)(TEXTS)
        cosines = np.einsum("nd,nd->n", found, before)
        assert 0.97 < cosines.min() <= cosines.max() < 0.9999999
        assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-5)


def test_a_vector_does_not_depend_on_the_texts_beside_it(quantized: Embedder) -> None:
    together = quantized.embed_passages(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        assert np.array_equal(quantized.embed_passages([text])[0], vector)


def test_sentences_get_the_means_of_their_tokens(tiny: Path, quantized: Embedder) -> None:
    text = "the lamp was lit . the dog sea"
    spans = [[(0, 18), (19, 30)], [(0, 3)]]
    passages, sentences = quantized.embed_sentences([text, "dog"], spans)
    _, before = in_fp32(tiny).embed_sentences([text, "dog"], spans)
    assert np.array_equal(passages, quantized.embed_passages([text, "dog"]))
    for found, expected in zip(sentences, before, strict=True):
        assert np.einsum("nd,nd->n", found, expected).min() > 0.97


def test_the_model_is_written_once(
    tiny: Path, config: EmbeddingConfig, quantized: Embedder, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "loccit.embedding"):
        again = load_embedder(str(tiny), config=config)
    assert "8-bit integers" in caplog.text
    assert "Quantizing" not in caplog.text
    assert again.fingerprint == quantized.fingerprint


@pytest.mark.parametrize("file", ["converted.json", "probe.npy"])
def test_a_damaged_model_is_written_again(tiny: Path, tmp_path: Path, file: str) -> None:
    config = EmbeddingConfig(precision="dynamic-int8", cache=tmp_path, device="cpu")
    before = load_embedder(str(tiny), config=config)
    (folder_of(config) / file).write_bytes(b"?")
    assert load_embedder(str(tiny), config=config).fingerprint == before.fingerprint


def test_a_model_that_gives_other_vectors_is_refused(tiny: Path, tmp_path: Path) -> None:
    config = EmbeddingConfig(precision="dynamic-int8", cache=tmp_path, device="cpu")
    load_embedder(str(tiny), config=config)
    reference = folder_of(config) / "probe.npy"
    np.save(reference, np.roll(np.load(reference), 1, axis=1))
    with pytest.raises(ModelFailed, match="does not give its vectors here"):
        load_embedder(str(tiny), config=config)


def test_int8_is_what_was_calibrated_and_otherwise_dynamic(tiny: Path, tmp_path: Path) -> None:
    config = EmbeddingConfig(precision="int8", cache=tmp_path, device="cpu")
    assert ":dynamic-int8-" in load_embedder(str(tiny), config=config).fingerprint
    quantize_model(str(tiny), [f"the lamp {letter} was lit" for letter in "abcdefghi" * 3], config=config)
    assert ":int8-" in load_embedder(str(tiny), config=config).fingerprint
    with_onnx = replace(config, backend="onnx")
    assert ":dynamic-int8-" in load_embedder(str(tiny), config=with_onnx).fingerprint


def test_a_collection_with_such_vectors_opens_where_another_precision_is_the_default(
    tiny: Path, config: EmbeddingConfig, quantized: Embedder
) -> None:
    def load(name: str, precision: str | None) -> Embedder:
        taken = replace(config, precision=precision or "fp32", backend="auto")  # type: ignore[arg-type]
        return load_embedder(name, config=taken)

    models = Models(lambda: load(str(tiny), None), name=str(tiny), load=load)
    assert models.default.fingerprint.endswith(":fp32")
    found = models.of("default", quantized.fingerprint, str(tiny))
    assert found.fingerprint == quantized.fingerprint


def test_other_models_and_backends_are_refused(tmp_path: Path, tiny: Path) -> None:
    config = EmbeddingConfig(precision="dynamic-int8", cache=tmp_path / "models", device="cpu")
    first_token = tiny_model(tmp_path / "cls", pooling="cls")
    with pytest.raises(BackendMissing, match="not a BERT model with mean pooling"):
        load_embedder(str(first_token), config=config)
    with pytest.raises(BackendMissing, match="cannot run the model"):
        load_embedder(str(tiny), config=replace(config, backend="openvino"))
    with pytest.raises(BackendMissing, match="need a folder for converted models"):
        load_embedder(str(tiny), config=replace(config, cache=None))


def test_a_graph_without_types_of_tokens_takes_the_first_type(tmp_path: Path) -> None:
    from index.embedding.int8.bert import Bert
    from index.embedding.int8.bert_graph import write_bert_graph
    from index.embedding.onnx_backend import SeparateTexts

    random = np.random.default_rng(0)
    dimension = 8

    def dense(wide: int, narrow: int) -> dict[str, np.ndarray]:
        return {
            "weight": random.normal(size=(wide, narrow)).astype(np.float32),
            "bias": random.normal(size=wide).astype(np.float32),
        }

    def normalisation() -> dict[str, np.ndarray]:
        return {"weight": np.ones(dimension, np.float32), "bias": np.zeros(dimension, np.float32)}

    layer = {
        **{f"attention.self.{part}": dense(dimension, dimension) for part in ("query", "key", "value")},
        "attention.output.dense": dense(dimension, dimension),
        "attention.output.LayerNorm": normalisation(),
        "intermediate.dense": dense(16, dimension),
        "output.dense": dense(dimension, 16),
        "output.LayerNorm": normalisation(),
    }
    tables = {"word": 10, "position": 6, "token_type": 2}
    weights = {
        f"embeddings.{name}_embeddings.weight": random.normal(size=(rows, dimension)).astype(np.float32)
        for name, rows in tables.items()
    }
    weights |= {f"embeddings.LayerNorm.{part}": one for part, one in normalisation().items()}
    weights |= {
        f"encoder.layer.0.{name}.{part}": one for name, parts in layer.items() for part, one in parts.items()
    }
    bert = Bert(weights, layers=1, heads=2, dimension=dimension, epsilon=1e-12)
    ids, mask = {"input_ids": np.array([[3, 1, 4, 1]])}, {"attention_mask": np.ones((1, 4), np.int64)}
    found = []
    for types in ({}, {"token_type_ids": np.zeros((1, 4), np.int64)}):
        path = tmp_path / f"{len(types)}.onnx"
        write_bert_graph(bert, path, inputs=[*ids, *types])
        found.append(SeparateTexts(path, threads=1).run({**ids, **types, **mask}))
    (one, tokens), (other, others) = found
    assert one == pytest.approx(other, abs=1e-5)
    assert tokens == pytest.approx(others, abs=1e-5)
