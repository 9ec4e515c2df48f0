"""A server object for a database of each test."""

from collections.abc import Iterator

import pytest

from index.postgresql import Server
from tests.postgresql import database


@pytest.fixture
def url() -> Iterator[str]:
    with database() as address:
        yield address


@pytest.fixture
def server(url: str) -> Iterator[Server]:
    opened = Server(url)
    yield opened
    opened.close()
