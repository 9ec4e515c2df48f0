from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.store.sqlite import SqliteStore


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[], SqliteStore]]:
    opened: list[SqliteStore] = []

    def opener() -> SqliteStore:
        opened.append(SqliteStore(tmp_path / "store.sqlite"))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()
