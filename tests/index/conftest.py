from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from tests.opening import collection_in

Opener = Callable[..., Collection]


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def open_collection(tmp_path: Path, embedder: WordEmbedder) -> Iterator[Opener]:
    """Opens one folder as often as wanted: each time as another process would."""
    opened: list[Collection] = []

    def opener(config: LibraryConfig | None = None, model: WordEmbedder | None = None) -> Collection:
        folder = tmp_path / "default"
        opened.append(collection_in(folder, embedder=model or embedder, config=config or LibraryConfig()))
        return opened[-1]

    yield opener
    for collection in opened:
        collection.close()


@pytest.fixture
def collection(open_collection: Opener) -> Collection:
    return open_collection()
