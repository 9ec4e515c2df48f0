"""Checkpoints: written whole or not at all, and read back to go on exactly where the run stood."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from training.cross_encoder.stream import Position

NAME = "checkpoint.pt"


@dataclass(slots=True)
class Progress:
    """How far a run is."""

    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    """Time spent in steps, over all parts of the run."""
    decayed: float = 0.0
    """The part of the decay that is done."""
    seed: int = 1
    stream: str = ""
    """Which stream of samples the run reads. Another one begins at its start."""
    position: Position = field(default_factory=Position)


def save(folder: Path, progress: Progress, model: dict[str, Any], optimizer: dict[str, Any]) -> Path:
    """Write a checkpoint beside the one before and put it in its place."""
    folder.mkdir(parents=True, exist_ok=True)
    path, partial = folder / NAME, folder / f"{NAME}.part"
    with partial.open("wb") as file:
        torch.save({"progress": asdict(progress), "model": model, "optimizer": optimizer}, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    return path


def load(folder: Path) -> tuple[Progress, dict[str, Any], dict[str, Any]]:
    """Read the checkpoint of a folder. It holds tensors and plain values only: no code is run."""
    read = torch.load(folder / NAME, weights_only=True)
    told = dict(read["progress"])
    progress = Progress(**{**told, "position": Position(**told["position"])})
    return progress, read["model"], read["optimizer"]


def average(before: Mapping[str, Any], after: Mapping[str, Any], share: float) -> dict[str, Any]:
    """Weights between those of two models of one run: ``share`` of the later ones.

    They often read better than either (Wortsman et al., Model soups, 2022).
    """
    return {
        name: torch.lerp(before[name].float(), one, share) if one.is_floating_point() else one
        for name, one in after.items()
    }
