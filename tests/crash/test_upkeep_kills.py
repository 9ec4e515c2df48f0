"""Processes that are killed while they back up, restore, migrate or erase."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.history import Ledger
from index.library import ERASURE_LEDGER, Library
from index.store.sqlite import SqliteStore
from service.flows.upkeep import back_up, restore
from service.flows.upkeep.errors import BackupDamaged
from service.state.data_folder import RestoreUnfinished, require_complete
from tests.agreement import check_documents
from tests.crash.child import LONGER, Order, config, damage
from tests.crash.fault_points import (
    IN_A_BACKUP,
    IN_A_MIGRATION,
    IN_A_REPAIR,
    IN_A_RESTORE,
    IN_AN_ERASURE,
    IN_AN_UPGRADE,
    Point,
)
from tests.crash.test_kills import Start, check, killed, seed_of, some
from tests.crash.witness import Processes, Witness
from tests.index.store.sqlite.test_migrations import EARLIER, EXPECTED, answers, made_now, schema_of
from tests.model import Model
from tests.opening import collection_in, resolving, store_in

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.name != "posix", reason="forks and kills processes"),
]


@pytest.mark.parametrize("point", some(IN_A_BACKUP), ids=str)
def test_killed_in_a_backup(processes: Processes, start: Start, tmp_path: Path, point: Point) -> None:
    """Others write meanwhile. What has the backup's name is one moment; anything else is no backup."""
    folder, witness = start()
    data, backup = folder.parents[1], tmp_path / "backup"
    order = Order(str(folder), processes.pipe(), seed_of(point), point, does="back_up", backup=str(backup))
    killed(processes, order, witness)
    assert not backup.exists()
    for unfinished in tmp_path.glob("backup*"):
        if point != IN_A_BACKUP[-1]:  # it is complete there, and only has no name
            with pytest.raises(BackupDamaged):
                restore(tmp_path / "never", unfinished, ledger=None)
    check(witness, folder, tmp_path)
    back_up(data, backup)
    restore(tmp_path / "again", backup, ledger=None)
    check(witness, tmp_path / "again" / "collections" / "default", tmp_path)


def test_a_backup_while_others_write_is_one_moment(
    processes: Processes, start: Start, tmp_path: Path
) -> None:
    folder, witness = start()
    backup = tmp_path / "backup"
    order = Order(str(folder), processes.pipe(), 1, does="back_up", backup=str(backup), operations=25)
    told, status = processes.run(order)
    assert status == 0
    assert {"backed_up": True} in told
    witness.hear(told)
    restore(tmp_path / "again", backup, ledger=None)
    with opened(tmp_path / "again" / "collections" / "default") as collection:
        assert any(agrees(collection, model) for model in witness.past)


@pytest.mark.parametrize("point", some(IN_A_RESTORE), ids=str)
def test_killed_in_a_restore(processes: Processes, start: Start, tmp_path: Path, point: Point) -> None:
    """The data folder is as before, or as restored, or refuses to be opened; restoring again succeeds."""
    folder, witness = start()
    data, backup = folder.parents[1], tmp_path / "backup"
    back_up(data, backup)
    kept = deepcopy(witness)
    told, _ = processes.run(Order(str(folder), processes.pipe(), 2), kill_after=(12, 0.0))
    witness.hear(told)
    ledger = data / ERASURE_LEDGER
    ledger.unlink(missing_ok=True)  # what was erased since comes back, then
    order = Order(str(folder), processes.pipe(), 0, point, does="restore", backup=str(backup))
    killed(processes, order, Witness())
    try:
        require_complete(data)
    except RestoreUnfinished:
        assert point in IN_A_RESTORE[2:5]
    else:
        with opened(folder) as collection:
            assert any(agrees(collection, model) for model in (kept.model, *witness.past))
    restore(data, backup, ledger=None, replace=True)
    assert not list(data.glob(".re*"))
    check(kept, folder, tmp_path)


@pytest.mark.parametrize("point", some(IN_A_REPAIR), ids=str)
def test_killed_in_a_repair(processes: Processes, start: Start, tmp_path: Path, point: Point) -> None:
    folder, witness = start()
    damage(folder / "vectors")
    with closing(sqlite3.connect(folder / "store.sqlite", isolation_level=None)) as connection:
        connection.execute("DELETE FROM attributes")
    order = Order(str(folder), processes.pipe(), 0, point, does="repair")
    killed(processes, order, witness)
    processes.run(replace(order, events=processes.pipe(), point=None))
    check(witness, folder, tmp_path, is_damaged=True)


@pytest.mark.parametrize("point", some(IN_AN_UPGRADE), ids=str)
def test_killed_in_an_upgrade(processes: Processes, start: Start, tmp_path: Path, point: Point) -> None:
    """While it is written and asked. The old or the new is in use, whole; another process goes on."""
    folder, witness = start()
    order = Order(str(folder), processes.pipe(), seed_of(point), point, does="upgrade", operations=200)
    killed(processes, order, witness)
    check(witness, folder, tmp_path)
    with Library(folder.parents[1], embedder=WordEmbedder(), config=config("flat", tokens=LONGER)) as library:
        with library.upgrade(folder.name) as upgrade:
            assert upgrade.run(upgrade.plan())
        assert library.open(folder.name).description.chunking.max_tokens == LONGER
    check(witness, folder, tmp_path)


@pytest.mark.parametrize("point", some(IN_AN_ERASURE), ids=str)
def test_killed_while_the_ledger_is_written(
    processes: Processes, start: Start, tmp_path: Path, point: Point
) -> None:
    folder, witness = start()
    data, backup = folder.parents[1], tmp_path / "backup"
    back_up(data, backup)
    before = texts(witness.model)
    killed(processes, Order(str(folder), processes.pipe(), seed_of(point), point), witness)
    check(witness, folder, tmp_path)
    restore(data, backup, ledger=Ledger(data / ERASURE_LEDGER), replace=True)
    with opened(folder) as collection:
        archive = collection.archive
        versions = [version for one in archive.documents() for version in archive.versions(one.id)]
        found = {archive.text(one.document_id, one.number)[1] for one in versions}
    assert found == before & texts(witness.model)


@pytest.mark.parametrize("point", some(IN_A_MIGRATION), ids=str)
def test_killed_in_a_migration(processes: Processes, tmp_path: Path, point: Point) -> None:
    """The file is of the format before, or of the newest, and the next process brings it there."""
    folder = tmp_path / "data" / "collections" / "default"
    folder.mkdir(parents=True)
    (folder / "collection.json").write_text((EARLIER / "collection.json").read_text())
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        connection.executescript((EARLIER / "format-3.sql").read_text())
    killed(processes, Order(str(folder), processes.pipe(), 0, point, does="migrate"), Witness())
    with closing(sqlite3.connect(folder / "store.sqlite")) as connection:
        assert connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone() == (3,)
    store_in(folder).close()
    SqliteStore(tmp_path / "new.sqlite").close()
    assert schema_of(folder / "store.sqlite") == schema_of(tmp_path / "new.sqlite")
    with collection_in(folder, embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        for locator, quote in EXPECTED["locators"].items():
            assert resolving(collection).cite(locator).quote == quote
        with made_now(tmp_path / "now") as new:
            assert answers(collection) == answers(new)


def opened(folder: Path) -> Collection:
    return collection_in(folder, embedder=WordEmbedder(), config=config("flat"))


def agrees(collection: Collection, model: Model) -> bool:
    with suppress(AssertionError):
        check_documents(collection, model)
        return True
    return False


def texts(model: Model) -> set[str]:
    return {text for one in model.documents.values() for _, text in one.versions}
