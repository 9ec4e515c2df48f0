"""Open the library and the models that the settings describe."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from index.config import LibraryConfig, Precision
from index.embedding import Models, load_embedder, resolve_precision
from index.library import Library
from index.protocols import Embedder
from index.readers import IsolatedReaders
from index.search import load_reranker
from service.errors import DataNotWritable
from service.settings.library import LibrarySettings
from service.state.data_folder import is_empty, require_complete
from service.state.databases.server import require_database
from service.state.identity import local_guard

_FLOATS = {"float", "fp32", "bf16"}
"""Precisions whose vectors may be in one collection."""


def require_usable(data: Path) -> None:
    """Raise :class:`DataNotWritable` for a data folder that can neither be written to nor has anything.

    What is on a disk that has become read-only is served.
    """
    if not is_read_only_disk(data) or is_empty(data):
        require_writable(data)


def is_read_only_disk(folder: Path) -> bool:
    """Whether a folder is on a disk that is mounted for reading only."""
    return folder.is_dir() and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def require_writable(data: Path) -> None:
    """Raise :class:`DataNotWritable` unless the data folder can be written to, or made if it is missing."""
    folder = next(one for one in (data.absolute(), *data.absolute().parents) if one.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise DataNotWritable(
            f"The data folder {data} cannot be written to: {folder} is read-only, belongs to another user, "
            "or is no folder. Mount it for writing or change its owner, or choose another with LOCCIT_DATA."
        )


def require_store(settings: LibrarySettings) -> None:
    """Connect once to the database of the settings, if they name one, and make the data folder beside it.

    Raises :class:`DataNotWritable`, and what :func:`service.state.databases.server.require_database` raises.
    """
    require_usable(settings.data)
    if url := settings.library_config().store_url:
        require_database(url)
        settings.data.mkdir(parents=True, exist_ok=True)


def open_models(settings: LibrarySettings, *, processes: int = 1) -> Models:
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
        most=settings.max_models,
    )


def open_library(
    settings: LibrarySettings, *, processes: int = 1, config: LibraryConfig | None = None
) -> Library:
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
        readers=IsolatedReaders(config.reading),
    )
    library.guard_by(local_guard(settings.data))
    return library
