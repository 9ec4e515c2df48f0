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


def export(model: CrossEncoder, folder: Path, progress: Progress, told: Mapping[str, Any]) -> str:
    """Write the weights and their description; return the SHA-256 of the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / WEIGHTS
    save_file({name: one.to(torch.float16).contiguous() for name, one in model.state_dict().items()}, weights)
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
    """Load exported weights into a model."""
    model.load_state_dict({name: one.float() for name, one in load_file(folder / WEIGHTS).items()})
