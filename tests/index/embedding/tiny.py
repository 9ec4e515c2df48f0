"""A sentence-transformers model with random weights: it says nothing, but the same each time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    *"lamp dog sea the was lit . a b c d e f g h i".split(),
]


def tiny_model(folder: Path, *, pooling: str = "mean", prompts: Mapping[str, str] | None = None) -> Path:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(0)
    base = folder.with_name(f"{folder.name}-base")
    base.mkdir(parents=True)
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64, initializer_range=1.0,
    )  # fmt: skip
    BertModel(config).save_pretrained(base)
    BertTokenizerFast(vocab={word: n for n, word in enumerate(WORDS)}, model_max_length=64).save_pretrained(
        base
    )
    transformer = Transformer(str(base), max_seq_length=64)
    model = SentenceTransformer(modules=[transformer, Pooling(16, pooling_mode=pooling)], device="cpu")
    model.save(str(folder))
    if prompts:
        file = folder / "config_sentence_transformers.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "prompts": dict(prompts)}))
    return folder
