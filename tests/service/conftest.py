from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.library import Library
from tests.service.http_service import GatedEmbedder, served


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("LOCCIT_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def embedder() -> GatedEmbedder:
    return GatedEmbedder()


@pytest.fixture
def library(tmp_path: Path, embedder: GatedEmbedder, request: pytest.FixtureRequest) -> Iterator[Library]:
    """A library in a folder; in PostgreSQL where a test has this fixture with that parameter."""
    is_shared = getattr(request, "param", "") == "postgresql"
    store = request.getfixturevalue("postgresql_url") if is_shared else ""
    with Library(tmp_path, embedder=embedder, config=LibraryConfig(store=SecretStr(store))) as library:
        yield library
    # No thread may wait for a gate that a failed test left shut.
    embedder.gate.set()


@pytest.fixture(scope="module")
def shared_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library for the tests of a module that change nothing in it that another of them reads."""
    with Library(tmp_path_factory.mktemp("shared"), embedder=WordEmbedder()) as library:
        yield library


@pytest.fixture(scope="module")
def shared_client(shared_library: Library) -> Iterator[TestClient]:
    """A client of one service for such tests: to start a service takes longer than most of them."""
    with served(shared_library) as client:
        yield client


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with served(library) as client:
        yield client
