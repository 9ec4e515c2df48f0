"""Engines: dense and lexical indexes that are derived from the record and follow it.

:func:`open_engine` and :func:`open_exact_engine` choose the implementation; nothing outside this folder names
one. Other packages bring engines of their own: :class:`InstalledEngine`.
"""

from importlib import import_module
from pathlib import Path

from index.config import LibraryConfig
from index.description import Description
from index.engine.installed import InstalledEngine, engine_names, installed_engine, setting_names
from index.protocols import Engine, RecordStore
from index.records import Problem

__all__ = [
    "InstalledEngine",
    "engine_names",
    "index_problems",
    "installed_engine",
    "load_engine",
    "open_engine",
    "open_exact_engine",
    "remove_indexes",
    "setting_names",
]


def open_engine(
    folder: Path, store: RecordStore, description: Description, config: LibraryConfig, *, generation: int = 0
) -> Engine:
    """The engine of one collection, which follows its record ``store`` and may keep files in ``folder``.

    It serves one ``generation`` of the record, and stays as it is once the record has another.
    """
    if not config.is_searched:
        from index.engine.unindexed import Unindexed

        return Unindexed(store)
    if config.engine.kind != "embedded":
        from index.engine.inspection import remove

        engine = installed_engine(config.engine.kind)
        remove(folder)  # what an embedded engine has left, which erasures would not reach
        return engine.open(folder.name, store, description, config, generation=generation)
    from index.engine.embedded import EmbeddedEngine

    return EmbeddedEngine(folder, store, description, config, generation=generation)


def load_engine(config: LibraryConfig) -> None:
    """Load the libraries of the engine, which takes as long as all else that a first collection waits for."""
    if config.is_searched and config.engine.kind == "embedded":
        import_module("index.engine.embedded")


def open_exact_engine(store: RecordStore, description: Description) -> Engine:
    """An engine in memory that looks at every passage: for a record of few, which is searched once."""
    from index.engine.exact import ExactEngine

    return ExactEngine(store, description.analyzer(), description.dimension)


def index_problems(
    folder: Path, store: RecordStore, description: Description, config: LibraryConfig
) -> list[Problem]:
    """Compare what an engine holds with the record; see :func:`index.engine.inspection.problems`."""
    if config.engine.kind != "embedded":
        return installed_engine(config.engine.kind).problems(store, description, config)
    from index.engine.inspection import problems

    return problems(folder, store, description, config)


def remove_indexes(
    folder: Path, store: RecordStore, config: LibraryConfig, *, but: int | None = None
) -> None:
    """Delete what the engines of all generations but one hold; it is made anew from the record.

    Raises :class:`index.errors.IndexUnavailable` if that is elsewhere and cannot be reached.
    """
    from index.engine.inspection import remove

    if config.engine.kind != "embedded":
        installed_engine(config.engine.kind).remove(store, config, but=but)
    remove(folder, but=but)
