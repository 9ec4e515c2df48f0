from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loccit_milvus import MilvusConfig
from loccit_milvus.engine import MilvusEngine

from index.description import Description
from index.embedding import WordEmbedder
from index.protocols import RecordStore
from index.store import open_memory_store
from tests.packages.loccit_milvus import servers as milvus

EMBEDDER = WordEmbedder()
Opener = Callable[[], MilvusEngine]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what Milvus cannot do, and let it follow one record: what it does depends on none."""
    items[:] = [item for item in items if _is_for_milvus(item)]


def _is_for_milvus(item: pytest.Item) -> bool:
    if item.path.parent != Path(__file__).parent:
        return True
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if item.get_closest_marker("counts_terms"):
        return False  # it has only hashes of terms
    if parameters.get("open_engine_") != "milvus":
        return True
    return parameters.get("open_store") == "sqlite" and not item.get_closest_marker("by_words")


@pytest.fixture
def store() -> Iterator[RecordStore]:
    store = open_memory_store()
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path: Path) -> MilvusConfig:
    """Of an engine on milvus-lite."""
    return milvus.lite(tmp_path)


@pytest.fixture
def open_engine(store: RecordStore, settings: MilvusConfig) -> Iterator[Opener]:
    """Opens an engine on the record, as often as it is called."""
    opened: list[MilvusEngine] = []
    config = milvus.library_config(settings)

    def opener() -> MilvusEngine:
        opened.append(MilvusEngine("tests", store, Description.of_today(EMBEDDER, config), config))
        return opened[-1]

    yield opener
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(open_engine: Opener) -> MilvusEngine:
    return open_engine()
