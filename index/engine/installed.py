"""Engines that other packages bring. An entry point in the group ``loccit.engines`` names each of them."""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from typing import Protocol, cast

from index.config import LibraryConfig
from index.description import Description
from index.errors import EngineUnsuitable
from index.protocols import Engine, RecordStore
from index.records import Problem

GROUP = "loccit.engines"


class InstalledEngine(Protocol):
    """The object that an entry point names. The config selects it by the entry point's name.

    What it raises where the engine cannot be reached is :class:`index.errors.IndexUnavailable`, and where it
    can never be used as it is, :class:`index.errors.EngineUnsuitable`.
    """

    @property
    def settings(self) -> Callable[..., object]:
        """A pydantic dataclass or model of the engine's own settings, which are in ``config.engine.options``.

        The service reads each from a variable that has the engine's name and the field's, and validates them
        when it starts.
        """

    def open(
        self,
        name: str,
        store: RecordStore,
        description: Description,
        config: LibraryConfig,
        *,
        generation: int,
    ) -> Engine:
        """Open the engine of the collection ``name``, which follows one generation of its record."""

    def problems(self, store: RecordStore, description: Description, config: LibraryConfig) -> list[Problem]:
        """Compare what the engine holds with the record."""

    def remove(self, store: RecordStore, config: LibraryConfig, *, but: int | None) -> None:
        """Delete what engines of all generations but one hold of a record."""


def installed_engine(kind: str) -> InstalledEngine:
    """The engine with this name. Raises :class:`index.errors.EngineUnsuitable` if no package brings it."""
    for found in entry_points(group=GROUP, name=kind):
        try:
            return cast(InstalledEngine, found.load())
        except ModuleNotFoundError as error:
            raise EngineUnsuitable(
                f"The engine {kind!r} needs the module {error.name}: install the package {found.value} anew, "
                "with its dependencies."
            ) from error
    raise EngineUnsuitable(
        f"No installed package brings an engine called {kind!r}; there are {', '.join(engine_names())}. "
        "Install the package that brings it. That of milvus is in Loccit's repository: "
        "pip install ./packages/loccit-milvus"
    )


def setting_names(engine: InstalledEngine) -> tuple[str, ...]:
    """The names of an engine's own settings."""
    fields: Mapping[str, object] = getattr(engine.settings, "__pydantic_fields__", {})
    return tuple(fields)


def engine_names() -> list[str]:
    """The names of the engines that can be chosen."""
    return ["embedded", *sorted(entry_points(group=GROUP).names)]
