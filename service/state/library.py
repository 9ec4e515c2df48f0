"""Open the library and the models that the settings describe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from index.config import LOADED_MODELS, LibraryConfig, Precision
from index.embedding import (
    MULTILINGUAL_MODEL,
    WORDS_MODEL,
    Models,
    load_embedder,
    model_folder,
    resolve_precision,
)
from index.library import Library
from index.protocols import Embedder
from index.readers import IsolatedReaders
from index.search import load_cross_encoder, load_multilingual_cross_encoder, load_reranker
from service.settings import Settings
from service.settings.values import split_list
from service.state.data_folder import require_complete
from service.state.identity import local_guard
from service.state.storage import require_store

if TYPE_CHECKING:
    from index.search import CrossEncoder

_FLOATS = {"float", "fp32", "bf16"}
"""Precisions whose vectors may be in one collection."""


def open_models(settings: Settings, *, processes: int = 1) -> Models:
    """The models that collections may have, each loaded on first use; the configured one is for new ones."""
    config = settings.embedding_config(processes=processes)

    def choose(name: str) -> Precision:
        chosen = resolve_precision(name, download=settings.model_download, config=config)
        return "float" if chosen in _FLOATS else chosen

    def load(name: str, precision: Precision | None) -> Embedder:
        # It may be that of a collection, whatever is configured for new ones.
        as_ = config
        if precision == "float" and config.precision == "auto":
            as_ = replace(config, precision=precision)
        elif precision and precision != ("float" if config.precision in _FLOATS else config.precision):
            as_ = replace(config, precision=precision, backend="auto")
        return load_embedder(name, download=settings.model_download, config=as_)

    return Models(
        lambda: load(settings.model, choose(settings.model)),
        name=settings.model,
        load=load,
        choose=choose,
        most=LOADED_MODELS + len(split_list(settings.allowed_models)),
    )


def open_cross_encoder(settings: Settings, model: str = "", *, processes: int = 1) -> CrossEncoder | None:
    """The cross-encoder for collections of an embedding model; None where the settings want none.

    With ``auto`` None, too, where the processor does, and None for the multilingual model where that has none
    of its own. Raises :class:`index.errors.ModelError`.
    """
    wanted = settings.cross_encoder
    # With the test double, answers are the same on every processor.
    if wanted == "off" or (wanted == "auto" and settings.model == WORDS_MODEL):
        return None
    config, is_optional = settings.embedding_config(processes=processes), wanted == "auto"
    folder = None if wanted in {"auto", "on"} else Path(wanted)
    if folder is None and model == MULTILINGUAL_MODEL:
        base = model_folder(model, unpacked=config.cache)
        return load_multilingual_cross_encoder(base, threads=config.threads, optional=is_optional)
    return load_cross_encoder(folder, threads=config.threads, optional=is_optional)


def _cross_encoders(settings: Settings, processes: int) -> Callable[[str], CrossEncoder | None]:
    """Open the cross-encoder for collections of an embedding model, each once."""
    opened = cache(partial(open_cross_encoder, settings, processes=processes))
    return lambda model: (opened(model) if model == MULTILINGUAL_MODEL else None) or opened("")


def open_library(settings: Settings, *, processes: int = 1, config: LibraryConfig | None = None) -> Library:
    """Open the library that the settings describe; it loads its model on first use.

    ``processes`` is the number of worker processes that divide the processors among them. ``config`` takes
    the place of that of the settings. Raises what :func:`require_store` raises, and
    :class:`service.state.data_folder.RestoreUnfinished`.
    """
    require_store(settings)
    require_complete(settings.data)
    config, device = config or settings.library_config(), settings.embedding_config().device
    library = Library(
        settings.data,
        embedder=open_models(settings, processes=processes),
        config=config,
        reranker=(lambda: load_reranker(settings.reranker, download=settings.model_download, device=device))
        if settings.reranker
        else None,
        cross_encoder=_cross_encoders(settings, processes),
        readers=IsolatedReaders(config.reading),
    )
    library.guard_by(local_guard(settings.data))
    return library
