"""Embedding models: the one that the package brings, any other by name or folder, and a double for tests."""

from __future__ import annotations

from index.config import EmbeddingConfig
from index.embedding.words import WordEmbedder
from index.protocols import Embedder

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


__all__ = ["DEFAULT_MODEL", "WORDS_MODEL", "WordEmbedder", "load_embedder"]
