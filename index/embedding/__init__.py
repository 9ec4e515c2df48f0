"""Embedding models: the one that the package brings, any other by name or folder, and a double for tests."""

from __future__ import annotations

from index.embedding.words import WordEmbedder
from index.protocols import Embedder

DEFAULT_MODEL = "all-MiniLM-L6-v2"
WORDS_MODEL = "words"


def load_embedder(model: str = DEFAULT_MODEL, *, download: bool = False, device: str = "") -> Embedder:
    """Open an embedding model.

    ``model`` is ``all-MiniLM-L6-v2`` (brought by the package, its weights are checked), ``words``
    (the test double), the folder of a sentence-transformers model, or its name on the model hub.
    Nothing goes online unless ``download`` is true. ``device`` is torch's, empty for the best there is.

    Raises :class:`index.errors.ModelNotFound` or :class:`index.errors.ModelDamaged`.
    """
    if model == WORDS_MODEL:
        return WordEmbedder()
    # torch takes seconds to import; those who only list or delete documents need not wait for it.
    from index.embedding.model_files import model_folder
    from index.embedding.transformer import SentenceTransformerEmbedder

    folder = model_folder(model, download=download)
    return SentenceTransformerEmbedder(folder, name=model, device=device)


__all__ = ["DEFAULT_MODEL", "WORDS_MODEL", "WordEmbedder", "load_embedder"]
