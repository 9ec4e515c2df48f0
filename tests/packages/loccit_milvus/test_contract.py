"""The engine on Milvus keeps what every engine keeps: those on milvus-lite, and on a server without words."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.description import Description
from index.engine import open_engine
from index.protocols import Engine, RecordStore
from tests.contracts.conftest import open_store, store  # noqa: F401
from tests.contracts.test_engine import *  # noqa: F403
from tests.contracts.test_engine import EMBEDDER, Opener
from tests.packages.loccit_milvus import servers


@pytest.fixture(params=["milvus-lite", "milvus"])
def open_engine_(
    store: RecordStore,  # noqa: F811
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Iterator[Opener]:
    opened: list[Engine] = []
    is_lite = request.param == "milvus-lite"
    config = servers.library_config(servers.lite(tmp_path) if is_lite else servers.standalone())

    def opener() -> Engine:
        description = Description.of_today(EMBEDDER, config)
        opened.append(open_engine(tmp_path / "engine", store, description, config))
        return opened[-1]

    yield opener
    for engine in opened:
        engine.close()
