"""A catalogue in a database of each test."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from index.postgresql import Server, open_server
from index.store.postgresql import PostgresqlCatalogue
from tests.postgresql import database


@pytest.fixture
def server() -> Iterator[Server]:
    with database() as url, closing(open_server(url)) as opened:
        yield opened


@pytest.fixture
def catalogue(server: Server, tmp_path: Path) -> PostgresqlCatalogue:
    return PostgresqlCatalogue(server, tmp_path / "collections")
