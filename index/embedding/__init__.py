"""Embedding models: the one that the package brings, any other by name or folder, and a double for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from index.config import EmbeddingConfig
from index.embedding.words import WordEmbedder
from index.protocols import Embedder

if TYPE_CHECKING:
    from index.embedding.quantization import Loss

DEFAULT_MODEL = "all-MiniLM-L6-v2"
WORDS_MODEL = "words"


def load_embedder(
    model: str = DEFAULT_MODEL, *, download: bool = False, config: EmbeddingConfig | None = None
) -> Embedder:
    """Open an embedding model.

    ``model`` is ``all-MiniLM-L6-v2`` (brought by the package, its weights are checked), ``words``
    (the test double), the folder of a sentence-transformers model, or its name on the model hub.
    Nothing goes online unless ``download`` is true.

    Raises :class:`index.errors.ModelNotFound`, :class:`index.errors.ModelDamaged`,
    :class:`index.errors.BackendMissing`, or :class:`index.errors.ModelFailed` for a way of running the model
    that was asked for and does not give its vectors.
    """
    if model == WORDS_MODEL:
        return WordEmbedder()
    # What runs models takes long to import; those who only list or delete documents need not wait for it.
    from index.embedding.model_files import model_folder
    from index.embedding.selection import load

    return load(model_folder(model, download=download), model, config or EmbeddingConfig())


def quantize_model(
    model: str, texts: Sequence[str], *, download: bool = False, config: EmbeddingConfig
) -> Loss:
    """Make the model one of 8-bit integers, calibrated on the first of the texts.

    Returns what that costs on the others. It is then what ``precision="int8"`` opens. Raises what
    :func:`load_embedder` raises, and :class:`index.errors.EmptyDocument` for too few texts.
    """
    from index.embedding.model_files import model_folder
    from index.embedding.selection import quantize

    return quantize(model_folder(model, download=download), model, config, texts)


__all__ = ["DEFAULT_MODEL", "WORDS_MODEL", "WordEmbedder", "load_embedder", "quantize_model"]
