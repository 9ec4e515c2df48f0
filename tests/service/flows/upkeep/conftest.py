from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.ingest.preparation import Source
from index.library import Library

Opener = Callable[..., Library]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def open_library(data: Path) -> Iterator[Opener]:
    """Opens a data folder as often as wanted, each time as another process would."""
    opened: list[Library] = []

    def opener(folder: Path = data, ledger: Path | None = None) -> Library:
        config = LibraryConfig(erasure_ledger=ledger)
        opened.append(Library(folder, embedder=WordEmbedder(), config=config))
        return opened[-1]

    yield opener
    for library in opened:
        library.close()


def put(library: Library, name: str, text: str, collection: str = "notes") -> str:
    """Put a text; returns a locator of it."""
    opened = library.open(collection, create=True)
    opened.put(Source(name, text.encode()))
    opened.embed_pending()
    return opened.ask(text, k=1).hits[0].citation.locator


def answers(library: Library, *questions: str, collection: str = "notes") -> list[list[str]]:
    """The locators of what is found."""
    opened = library.open(collection)
    return [[hit.citation.locator for hit in opened.ask(one, k=5).hits] for one in questions]


def files(folder: Path) -> dict[str, bytes]:
    """Everything in a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def names(folder: Path) -> list[str]:
    """The names in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())
