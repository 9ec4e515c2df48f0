"""The vectors of words of an embedding model, for a cross-encoder that shares them with it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.errors import ModelDamaged
from index.types import Vectors

_WEIGHTS = "model.safetensors"
_NAME = "embeddings.word_embeddings.weight"
_HEADER_BYTES = 8
_TYPES = {"F16": np.float16, "F32": np.float32}


class WordVectors:
    """Vectors of tokens by their ids, in the file of the model: only rows that were read take memory."""

    def __init__(self, folder: Path) -> None:
        """Open the file of a model's folder. Raises :class:`index.errors.ModelDamaged`."""
        path = folder / _WEIGHTS
        try:
            with path.open("rb") as file:
                length = int.from_bytes(file.read(_HEADER_BYTES), "little")
                told = json.loads(file.read(length))[_NAME]
            first = _HEADER_BYTES + length + told["data_offsets"][0]
            # https://huggingface.co/docs/safetensors: a header in JSON, then the tensors.
            self._rows = np.memmap(path, _TYPES[told["dtype"]], "r", first, tuple(told["shape"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelDamaged(f"The vectors of words in {path} cannot be read.") from error

    def __getitem__(self, ids: NDArray[np.int64]) -> Vectors:
        """The vectors of ids of any shape, of that shape and one more axis."""
        found: Vectors = self._rows[ids].astype(np.float32)
        return found
