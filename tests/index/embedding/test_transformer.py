"""The embedder by torch, which is imported in here alone: not by every process that collects tests."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from index.config import EmbeddingConfig
from index.embedding import load_embedder, model_folder
from index.errors import ModelDamaged, ModelFailed, ModelNotFound
from tests.index.embedding.tiny import tiny_model

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from index.embedding.transformer import SentenceTransformerEmbedder

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def embedder() -> SentenceTransformerEmbedder:
    from index.embedding.transformer import SentenceTransformerEmbedder

    loaded = load_embedder()
    assert isinstance(loaded, SentenceTransformerEmbedder)
    return loaded


def by_torch(folder: Path) -> SentenceTransformerEmbedder:
    from index.embedding.transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(folder)


def by_the_library(folder: Path | None = None) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder or model_folder("all-MiniLM-L6-v2")), device="cpu")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(model_folder("all-MiniLM-L6-v2"), tmp_path / "model"))


def test_the_brought_model_knows_what_belongs_together(embedder: SentenceTransformerEmbedder) -> None:
    cat, dog, law = embedder.embed_passages(["A cat sleeps.", "The kitten naps.", "The court ruled."])
    assert cat @ dog > 0.5 > cat @ law
    assert (embedder.dimension, embedder.max_tokens, embedder.special_tokens) == (384, 256, 2)


def test_vectors_are_those_of_the_library_itself(embedder: SentenceTransformerEmbedder) -> None:
    texts = ["short", "a much longer text, " * 40, "mid length text"] * 20
    model = by_the_library()
    expected = model.encode(texts, normalize_embeddings=True)
    np.testing.assert_allclose(embedder.embed_passages(texts), expected, atol=1e-5)
    np.testing.assert_allclose(embedder.embed_queries(texts[:3]), expected[:3], atol=1e-5)


def test_sentences_are_means_of_their_tokens_in_place(embedder: SentenceTransformerEmbedder) -> None:
    text = "The bank was steep. She swam to it."
    whole, (parts,) = embedder.embed_sentences([text], [[(0, 19), (20, 35)]])
    np.testing.assert_allclose(whole, embedder.embed_passages([text]), atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(parts, axis=1), 1, atol=1e-5)
    # The tokens between the markers, which count in the whole: 5 and 5 of 12.
    model = by_the_library()
    tokens = model.encode(text, output_value="token_embeddings").cpu().numpy()
    assert len(tokens) == 12
    for vector, mean in zip(parts, (tokens[1:6].mean(0), tokens[6:11].mean(0)), strict=True):
        np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-5)


@pytest.mark.parametrize("begins_words_with_space", [False, True])
@pytest.mark.parametrize("prompt", ["", "the sea "])
def test_a_sentence_is_the_mean_of_its_own_words(
    tmp_path: Path, prompt: str, begins_words_with_space: bool
) -> None:
    prompts = {"passage": prompt} if prompt else None
    tiny_model(tmp_path / "model", prompts=prompts, begins_words_with_space=begins_words_with_space)
    model = by_the_library(tmp_path / "model")
    text, spans = "the lamp was lit dog a b", [(0, 16), (17, 20), (21, 24)]
    tokens = model.encode(prompt + text, output_value="token_embeddings").cpu().numpy()
    first = 1 + len(prompt.split())
    assert len(tokens) == first + 7 + 1
    means = [tokens[first + at : first + end].mean(0) for at, end in ((0, 4), (4, 5), (5, 7))]
    expected = [mean / np.linalg.norm(mean) for mean in means]
    config = EmbeddingConfig(precision="float", cache=tmp_path / "cache")
    for embedder in (by_torch(tmp_path / "model"), load_embedder(str(tmp_path / "model"), config=config)):
        _, (parts,) = embedder.embed_sentences([text], [spans])
        np.testing.assert_allclose(parts, expected, atol=1e-2)


def test_sentences_that_the_model_did_not_read_have_the_passage_s_vector(
    embedder: SentenceTransformerEmbedder,
) -> None:
    text = "word " * 300
    whole, (parts, _) = embedder.embed_sentences([text, "short"], [[(0, 4), (1490, 1494)], []])
    np.testing.assert_allclose(parts[1], whole[0], atol=1e-6)
    assert parts[0] @ whole[0] < 0.99


def test_a_model_without_means_reads_sentences_by_themselves(copied: Path) -> None:
    pooling = copied / "1_Pooling" / "config.json"
    described = json.loads(pooling.read_text())
    described = {**described, "pooling_mode_mean_tokens": False, "pooling_mode_cls_token": True}
    pooling.write_text(json.dumps(described))
    other = by_torch(copied)
    text = "The bank was steep. She swam to it."
    _, (parts, none) = other.embed_sentences([text, "alone"], [[(0, 19), (20, 35)], []])
    np.testing.assert_allclose(parts, other.embed_passages([text[:19], text[20:]]), atol=1e-5)
    assert none.shape == (0, 384)


def test_token_starts_point_at_tokens_and_nothing_is_cut(embedder: SentenceTransformerEmbedder) -> None:
    (starts, many) = embedder.token_starts(["Hi 🎉 wörld.", "word " * 1000])
    assert starts.tolist() == [0, 3, 5, 10]
    assert len(many) == 1000


def test_threads_share_the_model(embedder: SentenceTransformerEmbedder) -> None:
    texts = [f"text number {n} " * n for n in range(1, 9)]
    alone = embedder.embed_passages(texts)
    found: list[np.ndarray] = []  # type: ignore[type-arg]
    threads = [
        threading.Thread(target=lambda: found.append(embedder.embed_passages(texts))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for vectors in found:
        np.testing.assert_allclose(vectors, alone, atol=1e-5)


def test_prompts_of_the_model_are_used(copied: Path) -> None:
    config = copied / "config_sentence_transformers.json"
    described = json.loads(config.read_text())
    plain = by_torch(copied)
    described["prompts"] = {"query": "query: ", "passage": "passage: "}
    config.write_text(json.dumps(described))
    prompted = by_torch(copied)
    expected = plain.embed_passages(["query: what", "passage: what"])
    np.testing.assert_allclose(prompted.embed_queries(["what"])[0], expected[0], atol=1e-5)
    np.testing.assert_allclose(prompted.embed_passages(["what"])[0], expected[1], atol=1e-5)
    assert prompted.special_tokens == 4
    assert prompted.fingerprint != plain.fingerprint


def test_other_weights_are_not_the_brought_model(copied: Path, tmp_path: Path) -> None:
    (copied / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(ModelDamaged, match="cannot be opened"):
        by_torch(copied)


def test_a_model_that_is_not_there_is_not_downloaded() -> None:
    with pytest.raises(ModelNotFound, match="downloads are not allowed"):
        load_embedder("nobody/no-such-model")


def test_a_model_that_gives_no_numbers_is_an_error(copied: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(copied / "model.safetensors")
    save_file({name: value * float("nan") for name, value in weights.items()}, copied / "model.safetensors")
    embedder = by_torch(copied)
    with pytest.raises(ModelFailed, match="not finite"):
        embedder.embed_queries(["a"])
