"""Embedding models: the bundled one, any other by name or folder, and a test double.

What needs numpy is loaded when it is first used: settings need the names of models alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from glob import escape
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from index.config import EmbeddingConfig, Precision
from index.embedding.registry import (
    DEFAULT_MODEL,
    MULTILINGUAL_MODEL,
    PACKAGED,
    WORDS_MODEL,
    model_folder,
)

if TYPE_CHECKING:
    from index.embedding.int8.quantization import Loss
    from index.embedding.models import Models
    from index.embedding.speed import seconds_of_passage
    from index.embedding.words import WordEmbedder
    from index.protocols import Embedder

_MODULES = {"Models": "models", "WordEmbedder": "words", "seconds_of_passage": "speed"}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)


def load_embedder(
    model: str = DEFAULT_MODEL, *, download: bool = False, config: EmbeddingConfig | None = None
) -> Embedder:
    """Open an embedding model.

    ``model`` is a name of :data:`PACKAGED` (``all-MiniLM-L6-v2`` and ``multilingual-e5-small``: their weights
    are verified), ``words`` (the test double), the folder of a sentence-transformers model or of what
    :func:`convert_model` wrote, or a name on the model hub. Uses the network only if ``download`` is true.

    Raises :class:`index.errors.ModelNotFound`, :class:`index.errors.ModelDamaged`,
    :class:`index.errors.BackendMissing`, and :class:`index.errors.ModelFailed` if the configured backend or
    precision does not reproduce the model's vectors.
    """
    if model == WORDS_MODEL:
        from index.embedding.words import WordEmbedder

        return WordEmbedder()
    # The runtimes take long to import; commands that only list or delete documents do not need them.
    from index.embedding.selection import load

    config = config or EmbeddingConfig()
    return load(model_folder(model, download=download, unpacked=config.cache), model, config)


def resolve_precision(
    model: str = DEFAULT_MODEL, *, download: bool = False, config: EmbeddingConfig
) -> Precision:
    """Return the precision in which :func:`load_embedder` opens a model for new collections.

    With the precision ``auto``, the first call on a machine may convert the model and measure, which takes
    some seconds. Raises what :func:`load_embedder` raises.
    """
    if model == WORDS_MODEL:
        return "float"
    if config.precision != "auto":
        return config.precision
    from index.embedding.selection import resolve_precision as choose

    return choose(model_folder(model, download=download, unpacked=config.cache), model, config)


def has_converted(model: str, cache: Path) -> bool:
    """Check whether a folder of converted models has files of this one, besides locks."""
    return any(one.suffix != ".lock" for one in cache.glob(f"{escape(Path(model).name)}-*"))


def convert_model(model: str, folder: Path, *, download: bool = False) -> None:
    """Write the model as graphs to a folder, which :func:`load_embedder` opens without torch.

    The folder is replaced. The graphs give the vectors of the model, so collections stay usable. Raises what
    :func:`load_embedder` raises, and ``OSError`` if the folder cannot be written.
    """
    from index.embedding.selection import convert

    with TemporaryDirectory() as unpacked:
        convert(model_folder(model, download=download, unpacked=Path(unpacked)), model, folder)


def quantize_model(
    model: str, texts: Sequence[str], *, download: bool = False, config: EmbeddingConfig
) -> Loss:
    """Quantize the model to 8-bit integers, for ``precision="int8"``.

    Calibrates it on the first of the texts, and returns the loss of quality measured on the others. Raises
    what :func:`load_embedder` raises, :class:`index.errors.EmptyDocument` if there are too few texts, and
    :class:`index.errors.ModelFailed` if the quantized model is too inaccurate to be used.
    """
    from index.embedding.selection import quantize

    return quantize(model_folder(model, download=download, unpacked=config.cache), model, config, texts)


__all__ = [
    "DEFAULT_MODEL",
    "MULTILINGUAL_MODEL",
    "PACKAGED",
    "WORDS_MODEL",
    "Models",
    "WordEmbedder",
    "convert_model",
    "has_converted",
    "load_embedder",
    "model_folder",
    "quantize_model",
    "resolve_precision",
    "seconds_of_passage",
]
