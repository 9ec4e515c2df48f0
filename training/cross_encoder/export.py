"""Export a trained model: weights in 16 bits with a description and a checksum."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from training.cross_encoder.checkpoints import Progress
from training.cross_encoder.model import CrossEncoder

WEIGHTS = "model.safetensors"
DESCRIPTION = "cross-encoder.json"
WORDS = "encoder.embeddings.word_embeddings.weight"
"""The vectors of words, which are not trained."""


def export(
    model: CrossEncoder, folder: Path, progress: Progress, told: Mapping[str, Any], *, words: bool = True
) -> str:
    """Write the weights and their description; return the SHA-256 of the weights.

    ``words``: with the vectors of words, which are those of the base.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / WEIGHTS
    written = {
        name: one.to(torch.float16).contiguous()
        for name, one in model.state_dict().items()
        if words or name != WORDS
    }
    save_file(written, weights)
    with weights.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    description = {
        "weights": WEIGHTS, "sha256": digest, "bytes": weights.stat().st_size, "steps": progress.step,
        "samples": progress.samples, "hours": round(progress.seconds / 3600, 2), "seed": progress.seed,
        "stream": progress.stream, **told,
    }  # fmt: skip
    text = json.dumps(description, indent=1, ensure_ascii=False)
    (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    return digest


def load_weights(model: CrossEncoder, folder: Path) -> None:
    """Load exported weights into a model, which keeps the vectors of words that it has if there are none."""
    loaded = {name: one.float() for name, one in load_file(folder / WEIGHTS).items()}
    model.load_state_dict({WORDS: model.state_dict()[WORDS], **loaded})
