from collections.abc import Iterator
from pathlib import Path

import pytest

from service.state.jobs.protocols import JobStore
from tests.contracts.jobs.job_stores import OPENERS, Opener
from tests.contracts.reopening import reopening


@pytest.fixture(params=list(OPENERS))
def open_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens one and the same store, as often as it is called."""
    with OPENERS[request.param](tmp_path) as opener:
        yield from reopening(opener)


@pytest.fixture
def store(open_store: Opener) -> JobStore:
    return open_store()
