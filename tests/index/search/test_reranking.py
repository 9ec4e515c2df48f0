from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray

from index.config import LibraryConfig, SearchConfig
from index.embedding import WordEmbedder
from index.errors import ModelDamaged
from index.ingest.preparation import Source
from tests.opening import collection_in

if TYPE_CHECKING:
    from index.search.reranking import CrossEncoderReranker

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "lamp", "dog", "sea", "the", "was", "lit"]


def tiny_model(folder: Path, *, labels: int = 1) -> Path:
    """A cross-encoder with random weights, which says nothing but says it the same each time."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    torch.manual_seed(0)
    folder.mkdir()
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64, num_labels=labels, initializer_range=2.0,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizerFast(vocab={word: n for n, word in enumerate(WORDS)}).save_pretrained(folder)
    return folder


def opened(folder: Path) -> CrossEncoderReranker:
    """It brings torch, which not every process that collects tests needs."""
    from index.search.reranking import CrossEncoderReranker

    return CrossEncoderReranker(folder, device="cpu")


@pytest.mark.model
def test_a_cross_encoder_scores_pairs(tmp_path: Path) -> None:
    reranker = opened(tiny_model(tmp_path / "tiny"))
    passages = ["the lamp was lit", "the dog", "the sea was lit"]
    scores = reranker.scores("lamp", passages)
    assert scores.dtype == np.float32
    assert ((scores > 0.0) & (scores < 1.0)).all()
    assert scores[0] != scores[1]
    np.testing.assert_allclose(reranker.scores("lamp", passages[::-1]), scores[::-1], atol=1e-5)


@pytest.mark.model
def test_other_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged, match="3 numbers"):
        opened(tiny_model(tmp_path / "three", labels=3))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(ModelDamaged, match="cannot be opened"):
        opened(tmp_path / "broken")


class Backwards:
    """Prefers what comes last in the alphabet, and remembers what it read."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        self.read.extend(passages)
        return np.argsort(np.argsort(passages)).astype(np.float32) / max(1, len(passages))


def test_a_reranker_orders_the_first_passages_and_drops_the_others(tmp_path: Path) -> None:
    reranker = Backwards()
    config = LibraryConfig(search=SearchConfig(rerank=3))
    with collection_in(
        tmp_path / "a", embedder=WordEmbedder(), config=config, reranker=reranker
    ) as collection:
        for name in ("alpha", "beta", "gamma", "delta"):
            collection.put(Source(f"{name}.txt", f"{name} lamp".encode()))
        collection.embed_pending()
        answer = collection.ask("lamp", k=2)
        assert len(reranker.read) == 3
        assert [hit.text for hit in answer.hits] == sorted(reranker.read, reverse=True)[:2]
        assert "rerank" in answer.timings_ms
        assert collection.ask("lamp", k=4).hits[0].text == "gamma lamp"
