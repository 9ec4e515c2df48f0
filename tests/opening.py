"""Collections opened by their folder, for tests of the library."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import index.collection
from index.citations.citing import parse_locator
from index.engine.generations import FILES_LEASE
from index.file_leases import FileLeases
from index.history.changes import CitationStatus
from index.store.sqlite import FolderCatalogue, SqliteStore
from tests.patience import PATIENCE


def collection_in(folder: Path, **parts: Any) -> index.collection.Collection:
    """The collection in a folder, created where there is none; ``parts`` are those of :class:`Collection`."""
    return index.collection.Collection(FolderCatalogue(folder.parent), folder.name, **parts)


def store_in(folder: Path) -> SqliteStore:
    """The record store of the collection in a folder."""
    return SqliteStore(folder / "store.sqlite")


@contextmanager
def held_by_another_process(folder: Path) -> Iterator[None]:
    """Neither the record nor the index files of the collection in a folder can be written meanwhile."""
    with (
        closing(store_in(folder)) as store,
        store.lease("write"),
        FileLeases(folder).hold(FILES_LEASE, PATIENCE),
    ):
        yield


class _EachAlone:
    """Calls each method of an object of a snapshot in a snapshot of its own; locators may be strings."""

    def __init__(self, open_: Callable[[], AbstractContextManager[Any]], parsed: Collection[str]) -> None:
        self._open, self._parsed = open_, parsed

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(first: Any, *rest: Any, **named: Any) -> Any:
            if name in self._parsed:
                first = parse_locator(first)
            elif name == "answer":
                rest = ([parse_locator(one) for one in rest[0]],)
            with self._open() as opened:
                return getattr(opened, name)(first, *rest, **named)

        return call


def resolving(collection: index.collection.Collection) -> Any:
    """The methods of :class:`index.citations.resolution.Resolution`, each in a snapshot of its own."""
    return _EachAlone(collection.archive.resolution, {"cite", "resolve"})


def verifying(collection: index.collection.Collection, **named: Any) -> Any:
    """The methods of :class:`index.citations.verification.Verification`, likewise."""
    return _EachAlone(lambda: collection.verification(**named), {"citation"})


def statuses(
    collection: index.collection.Collection, locators: Iterable[str], change: int | None = None
) -> list[CitationStatus]:
    """The statuses of citations after a change, the last one without one."""
    parsed = [parse_locator(one) for one in locators]
    return collection.archive.changes(until=change, limit=10**6, locators=parsed)[1]
