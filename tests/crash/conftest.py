import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from copy import deepcopy
from pathlib import Path

import pytest

from index.description import Description
from index.embedding import WordEmbedder
from index.engine.embedded import EmbeddedEngine
from tests.crash.child import config, library_of, perform, written
from tests.crash.witness import Processes, Witness
from tests.opening import store_in


@pytest.fixture(scope="session")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    processes = Processes(tmp_path_factory.mktemp("processes"))
    yield processes
    processes.close()


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Witness]:
    """A collection of some documents with vectors, all of them in a base on disk."""
    draw = random.Random(0)
    folder, witness = tmp_path_factory.mktemp("filled") / "collections" / "default", Witness()
    folder.parent.mkdir()
    documents = [written(draw) for _ in range(8)]
    with library_of(folder, config("flat")) as library:
        collection = library.open(folder.name, create=True)
        perform(collection, "put", documents)
        collection.embed_pending()
    witness.hear([{"begun": ["put", documents]}, {"done": True}])
    with closing(store_in(folder)) as store:
        settings = config("flat")
        description = Description.of_today(WordEmbedder(), settings)
        engine = EmbeddedEngine(folder, store, description, settings)
        engine.update()
        engine.dense.compact()
        engine.close()
    return folder, witness


@pytest.fixture
def start(filled: tuple[Path, Witness], tmp_path: Path) -> Callable[[], tuple[Path, Witness]]:
    """Makes copies of that collection."""
    folder, witness = filled

    def copied() -> tuple[Path, Witness]:
        shutil.copytree(folder.parents[1], tmp_path / "data")
        return tmp_path / "data" / "collections" / "default", deepcopy(witness)

    return copied
