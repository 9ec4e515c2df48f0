"""Two services of one PostgreSQL record, as on two machines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.testclient import TestClient

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.library import Library
from tests.service.http_service import served


@contextmanager
def two_services(folder: Path, url: str, **settings: Any) -> Iterator[tuple[TestClient, TestClient]]:
    """Clients of both, which have data folders of their own below ``folder``."""
    config = LibraryConfig(store=SecretStr(url))
    with ExitStack() as stack:
        clients = []
        for name in ("one", "two"):
            (folder / name).mkdir()
            library = stack.enter_context(Library(folder / name, embedder=WordEmbedder(), config=config))
            clients.append(stack.enter_context(served(library, **settings)))
        yield clients[0], clients[1]
