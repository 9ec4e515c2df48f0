"""The implementations that the contract suites run on. A new one adds a parameter here."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from index.postgresql import open_server
from index.protocols import RecordStore
from index.store import open_catalogue
from index.store.sqlite import SqliteStore
from tests.postgresql import database

Opener = Callable[[], RecordStore]


@pytest.fixture(params=["sqlite", "postgresql"])
def open_store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """Opens one and the same record, as often as it is called."""
    opened: list[RecordStore] = []
    with ExitStack() as stack:
        make: Opener
        if request.param == "sqlite":
            make = partial(SqliteStore, tmp_path / "store.sqlite")
        else:
            make = stack.enter_context(_postgresql(tmp_path))

        def opener() -> RecordStore:
            opened.append(make())
            return opened[-1]

        yield opener
        for store in opened:
            store.close()


@contextmanager
def _postgresql(folder: Path) -> Iterator[Opener]:
    with database() as url, closing(open_server(url)):
        catalogue = open_catalogue(folder, url)
        catalogue.describe("a", {})
        yield lambda: catalogue.open("a")


@pytest.fixture
def store(open_store: Opener) -> RecordStore:
    return open_store()
