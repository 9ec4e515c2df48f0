from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.config import EngineConfig, LibraryConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine.milvus import MilvusEngine
from index.protocols import RecordStore
from index.store.memory import MemoryStore
from tests import milvus

EMBEDDER = WordEmbedder()
Opener = Callable[[], MilvusEngine]


@pytest.fixture
def store() -> Iterator[RecordStore]:
    store = MemoryStore()
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path: Path) -> EngineConfig:
    """Of an engine on milvus-lite."""
    return milvus.lite(tmp_path)


@pytest.fixture
def open_engine(store: RecordStore, settings: EngineConfig) -> Iterator[Opener]:
    """Opens an engine on the record, as often as it is called."""
    opened: list[MilvusEngine] = []
    config = LibraryConfig(engine=settings)

    def opener() -> MilvusEngine:
        opened.append(MilvusEngine("tests", store, Description.of_today(EMBEDDER, config), config))
        return opened[-1]

    yield opener
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_engine: Opener) -> MilvusEngine:
    return open_engine()
