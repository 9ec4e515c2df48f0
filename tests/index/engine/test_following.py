"""Updates at the same time: with an older snapshot than another has, or while another process writes."""

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
from index.engine.generations import FILES_LEASE
from index.file_leases import FileLeases
from index.store.sql.snapshots import SqlSnapshot
from index.store.sqlite import SqliteStore
from tests.contracts.documents import document
from tests.log_lines import lines
from tests.patience import PATIENCE, eventually

CONFIG = LibraryConfig()
DESCRIPTION = Description.of_today(WordEmbedder(), CONFIG)


class Interrupted(SqliteStore):
    """Does something once, when a snapshot was taken and not used yet."""

    meanwhile: Callable[[], object] | None = None

    @contextmanager
    def snapshot(self, *, lasting: bool = False) -> Iterator[SqlSnapshot]:
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
        assert not lines(caplog, least=logging.WARNING)
        assert engine.lexical.name == name
        assert len(engine.search_words("bittern", 5)) == 2


def test_an_index_follows_while_another_process_writes_the_record(tmp_path: Path) -> None:
    with (
        closing(SqliteStore(tmp_path / "store.sqlite")) as store,
        closing(SqliteStore(tmp_path / "store.sqlite")) as writer,
        closing(EmbeddedEngine(tmp_path / "engine", store, DESCRIPTION, CONFIG)) as engine,
    ):
        writer.put([document("a", "Aardvark here. Aardvark there.")])
        engine.update()
        with writer.lease("write"):
            writer.put([document("b", "Bittern here. Bittern there.")])
            engine.update()
            assert len(engine.search_words("bittern", 5)) == 2


def test_an_index_waits_for_another_process_that_updates_the_same_files(tmp_path: Path) -> None:
    with (
        closing(SqliteStore(tmp_path / "store.sqlite")) as store,
        closing(EmbeddedEngine(tmp_path / "engine", store, DESCRIPTION, CONFIG)) as engine,
        ThreadPoolExecutor(1) as thread,
    ):
        store.put([document("a", "Aardvark here. Aardvark there.")])
        with FileLeases(tmp_path / "engine").hold(FILES_LEASE, PATIENCE):
            updating = thread.submit(engine.update)
            eventually(updating.running)
            assert engine.lexical.change == 0
        assert updating.result()
        assert engine.change == 1
