"""Updates at the same time: one has an older snapshot of the record than another has followed already."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.description import Description
from index.embedding import WordEmbedder
from index.engine.embedded import EmbeddedEngine
from index.store.sqlite import SqliteStore
from index.store.sqlite.snapshots import SqliteSnapshot
from tests.contracts.documents import document

CONFIG = LibraryConfig()
DESCRIPTION = Description.of_today(WordEmbedder(), CONFIG)


class Interrupted(SqliteStore):
    """Does something once, when a snapshot was taken and not used yet."""

    meanwhile: Callable[[], object] | None = None

    @contextmanager
    def snapshot(self, *, lasting: bool = False) -> Iterator[SqliteSnapshot]:
        with super().snapshot(lasting=lasting) as moment:
            assert moment.change >= 0  # a read transaction sees the state of its first read
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile:
                meanwhile()
            yield moment


def test_an_index_that_is_further_than_a_snapshot_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        closing(Interrupted(tmp_path / "store.sqlite")) as store,
        closing(EmbeddedEngine(tmp_path / "engine", store, DESCRIPTION, CONFIG)) as engine,
        ThreadPoolExecutor(1) as another_thread,
    ):
        store.put([document("a", "Aardvark here. Aardvark there.")])
        engine.update()
        name = engine.lexical.name

        def commit() -> None:
            store.put([document("b", "Bittern here. Bittern there.")])
            assert another_thread.submit(engine.update).result()

        store.meanwhile = commit
        engine.update()
        assert not [one for one in caplog.records if one.levelno >= logging.WARNING]
        assert engine.lexical.name == name
        assert len(engine.search_words("bittern", 5)) == 2
