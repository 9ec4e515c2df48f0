from __future__ import annotations

import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from index.config import EmbeddingConfig
from index.embedding import load_embedder, quantize_model
from index.embedding.backends import EMULATED_INT8
from index.embedding.converted import Converted, read_converted
from index.embedding.probe import INT8_MEAN_AGREEMENT, agreement, mean_agreement, probe
from index.embedding.trial import try_backend
from index.errors import BackendMissing, EmptyDocument, ModelFailed
from index.protocols import Embedder
from index.types import Vectors
from tests.index.embedding.processors import (
    RESTRICTED_TO_AVX2,
    not_restricted_to_avx2,
    run_tests_with_avx2_only,
)
from tests.index.embedding.tiny import tiny_model

pytestmark = pytest.mark.model


def sentences(count: int) -> list[str]:
    random = Random(0)
    return [" ".join(random.choices("the lamp dog sea was lit a b c d".split(), k=20)) for _ in range(count)]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def quantized_once(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cache folder in which the tiny model is quantized, and converted and chosen for where that fails."""
    cache = tmp_path_factory.mktemp("quantized")
    quantize_model(str(tiny), sentences(80), config=EmbeddingConfig(cache=cache))
    load_embedder(str(tiny), config=EmbeddingConfig(precision="float", cache=cache, device="cpu"))
    return cache


@pytest.fixture
def config(quantized_once: Path, tmp_path: Path) -> EmbeddingConfig:
    """Configuration with a copy of that cache, which a test may change."""
    cache = tmp_path / "cache"
    shutil.copytree(quantized_once, cache)
    return EmbeddingConfig(precision="int8", cache=cache, device="cpu")


@pytest.fixture
def empty(tmp_path: Path) -> EmbeddingConfig:
    """Configuration with an empty cache."""
    return EmbeddingConfig(precision="int8", cache=tmp_path / "empty", device="cpu")


def opened(tiny: Path, config: EmbeddingConfig) -> Embedder:
    return load_embedder(str(tiny), config=config)


def unquantized(tiny: Path) -> Embedder:
    return load_embedder(str(tiny), config=EmbeddingConfig(backend="torch", device="cpu"))


def home(config: EmbeddingConfig) -> Path:
    assert config.cache
    (found,) = config.cache.glob("*-int8")
    return found


def quantized(config: EmbeddingConfig) -> Converted:
    found = read_converted(home(config))
    assert found is not None
    return found


def replace_reference(config: EmbeddingConfig, vectors: Vectors) -> None:
    """Store other vectors as the reference of the quantized model."""
    np.save(home(config) / "probe.npy", vectors)


def rotated(vectors: Vectors, cosine: float) -> Vectors:
    """Rotate each unit vector so that it has this cosine with the original."""
    aside = np.roll(vectors, 1, axis=1) * np.where(np.arange(vectors.shape[1]) % 2, 1, -1)
    aside -= np.sum(aside * vectors, axis=1, keepdims=True) * vectors
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    found: Vectors = (cosine * vectors + np.sqrt(1 - cosine**2) * aside).astype(np.float32)
    return found


def test_a_quantized_model_has_its_own_fingerprint(tiny: Path, empty: EmbeddingConfig) -> None:
    with pytest.raises(BackendMissing, match="OpenVINO once it is calibrated"):
        opened(tiny, replace(empty, backend="openvino"))
    loss = quantize_model(str(tiny), sentences(80), config=empty)
    assert loss.texts == 40
    # 0.985 and 0.999 on every processor, from AVX2 to bf16; random weights leave less margin than real ones.
    assert 0.95 < loss.least_cosine <= loss.mean_cosine < 1.0
    assert 0.3 < loss.neighbours_kept <= 1.0
    found, expected = opened(tiny, empty), unquantized(tiny)
    assert found.fingerprint.startswith(expected.fingerprint.replace(":fp32", ":int8-"))
    cosines = np.einsum(
        "nd,nd->n", found.embed_passages(sentences(80)), expected.embed_passages(sentences(80))
    )
    assert 0.95 < cosines.min() < cosines.mean() < 0.99999


def test_a_quantized_model_runs_in_int8_and_gives_its_reference(
    tiny: Path, config: EmbeddingConfig, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "loccit.embedding"):
        found = opened(tiny, config)
    assert "OpenVINO runs the model in int8" in caplog.text
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]
    # The bound that the selection uses; 0.9998 was measured with bf16, 1.0 without.
    assert mean_agreement(probe(found), quantized(config).expected) >= INT8_MEAN_AGREEMENT


def test_a_quantized_model_is_emulated_where_int8_is_inaccurate(
    tiny: Path, config: EmbeddingConfig, caplog: pytest.LogCaptureFixture
) -> None:
    replace_reference(config, rotated(quantized(config).expected, 0.98))
    found = opened(tiny, config)
    assert "not compute the quantized model accurately in int8" in caplog.text
    assert "quantize the model again" in caplog.text
    assert found.fingerprint == quantized(config).description.fingerprint
    emulated = try_backend(quantized(config), "openvino", EMULATED_INT8, threads=1)
    # Same arithmetic on the same processor; the number of threads changes rounding at most.
    assert mean_agreement(probe(found), emulated.vectors) >= 0.9999


def test_the_unquantized_model_has_another_fingerprint_and_runs_where_the_quantized_one_fails(
    tiny: Path, config: EmbeddingConfig, caplog: pytest.LogCaptureFixture
) -> None:
    replace_reference(config, -quantized(config).expected)
    found, expected = opened(tiny, config), unquantized(tiny)
    assert "The unquantized model runs instead" in caplog.text
    assert found.fingerprint == expected.fingerprint
    assert agreement(probe(found), probe(expected)) >= 0.999


@pytest.mark.parametrize("file", ["graph.xml", "converted.json", "probe.npy"])
def test_the_unquantized_model_runs_instead_of_a_damaged_one(
    tiny: Path, config: EmbeddingConfig, caplog: pytest.LogCaptureFixture, file: str
) -> None:
    (home(config) / file).write_bytes(b"")
    assert opened(tiny, config).fingerprint == unquantized(tiny).fingerprint
    assert "The unquantized model runs instead" in caplog.text


def test_a_model_that_an_older_version_quantized_still_works(
    tiny: Path, config: EmbeddingConfig, caplog: pytest.LogCaptureFixture
) -> None:
    """Their sums may overflow, and the stored probe is that of torch."""
    quantize_like_an_older_version(config, probe(unquantized(tiny)))
    found = opened(tiny, config)
    assert found.fingerprint == quantized(config).description.fingerprint
    emulated = try_backend(quantized(config), "openvino", EMULATED_INT8, threads=1)
    assert mean_agreement(probe(found), emulated.vectors) >= INT8_MEAN_AGREEMENT
    if RESTRICTED_TO_AVX2:
        assert "not compute the quantized model accurately in int8" in caplog.text


def quantize_like_an_older_version(config: EmbeddingConfig, by_torch: Vectors) -> None:
    """Quantize again with full 8-bit weights, store the probe of torch, and omit the field ``reference``."""
    import nncf
    import openvino

    model = quantized(config)
    assert config.cache
    (whole,) = set(config.cache.glob("*/graph.xml")) - {model.graphs["openvino"]}
    encodings = [model.tokenizer.encode(text) for text in sentences(40)]
    inputs = [
        {"input_ids": [one.ids], "attention_mask": [one.attention_mask], "token_type_ids": [one.type_ids]}
        for one in encodings
    ]
    given = [[np.array(one[name]) for name in model.description.inputs] for one in inputs]
    graph = nncf.quantize(
        openvino.Core().read_model(whole),
        nncf.Dataset(given),
        model_type=nncf.ModelType.TRANSFORMER,
        preset=nncf.QuantizationPreset.MIXED,
    )
    openvino.save_model(graph, model.graphs["openvino"], compress_to_fp16=False)
    replace_reference(config, by_torch)
    description = home(config) / "converted.json"
    content = json.loads(description.read_text())
    del content["reference"]
    description.write_text(json.dumps(content))


def test_a_model_that_loses_too_much_is_not_written(tiny: Path, empty: EmbeddingConfig) -> None:
    with pytest.raises(ModelFailed, match="not accurate"):
        quantize_model(str(tiny), ["lamp"] * 40, config=empty)
    with pytest.raises(BackendMissing):
        opened(tiny, replace(empty, backend="openvino"))


def test_too_few_passages_to_calibrate_on(tiny: Path, empty: EmbeddingConfig) -> None:
    with pytest.raises(EmptyDocument, match="too few"):
        quantize_model(str(tiny), sentences(3), config=empty)


@pytest.mark.full
@pytest.mark.processes
@not_restricted_to_avx2
def test_everything_here_with_avx2_only() -> None:
    run_tests_with_avx2_only(__file__)
