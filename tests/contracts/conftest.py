"""The implementations that the contract suites run on. A new one adds a parameter here."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.protocols import RecordStore
from index.store.memory import MemoryRecord, MemoryStore
from index.store.sqlite import SqliteStore

Opener = Callable[[], RecordStore]


@pytest.fixture(params=["sqlite", "memory"])
def open_store(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Opener]:
    """Opens one and the same record, as often as it is called."""
    opened: list[RecordStore] = []
    record = MemoryRecord()

    def opener() -> RecordStore:
        if request.param == "sqlite":
            opened.append(SqliteStore(tmp_path / "store.sqlite"))
        else:
            opened.append(MemoryStore(record))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Opener) -> RecordStore:
    return open_store()
