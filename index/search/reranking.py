"""Rerank with a sentence-transformers cross-encoder, which reads question and passage together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from sentence_transformers import CrossEncoder

from index.errors import ModelDamaged, ModelFailed

_BATCH = 16


class CrossEncoderReranker:
    """Implements :class:`index.protocols.Reranker` with a cross-encoder. Thread-safe."""

    def __init__(self, folder: Path, *, device: str = "") -> None:
        try:
            self._model = CrossEncoder(str(folder), device=device or None, local_files_only=True)
        except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
            raise ModelDamaged(f"The reranker in {folder} cannot be opened: {error}") from error
        if self._model.num_labels != 1:
            raise ModelDamaged(
                f"The reranker in {folder} gives {self._model.num_labels} numbers for a passage, not one. "
                "Choose a model that was trained for relevance."
            )

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        try:
            found = self._model.predict(
                [(question, passage) for passage in passages],
                batch_size=_BATCH,
                activation_fn=torch.nn.Sigmoid(),
                show_progress_bar=False,
            )
        except (RuntimeError, ValueError, IndexError) as error:
            raise ModelFailed(f"The reranker failed: {type(error).__name__}") from error
        scores = np.asarray(found, np.float32)
        if not np.isfinite(scores).all():
            raise ModelFailed("The reranker gave scores that are not finite. Check its files.")
        return scores
