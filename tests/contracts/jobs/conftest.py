from collections.abc import Iterator
from pathlib import Path

import pytest

from service.jobs.protocols import JobStore
from tests.contracts.jobs.job_stores import OPENERS, Opener


@pytest.fixture(params=list(OPENERS))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens one and the same store, as often as it is called."""
    opened: list[JobStore] = []
    opener = OPENERS[request.param](tmp_path)

    def open_store() -> JobStore:
        opened.append(opener())
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Opener) -> JobStore:
    return open_store()
