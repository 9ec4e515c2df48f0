"""The inventory of a data folder: what it notices, and what it does not mistake for a loss."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from service.monitoring.audit import AuditLog, append
from service.state.inventory import AUDIT, UNREADABLE, Inventory
from service.state.jobs import open_job_store
from tests.log_lines import lines


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    """That of a folder with jobs and an audit log of some length."""
    open_job_store(tmp_path).close()
    for number in range(20):
        append(tmp_path / AUDIT, {"number": number})
    found = Inventory(tmp_path)
    found.take_stock("a name")
    return found


def states(inventory: Inventory) -> dict[str, str]:
    return {one.file: one.state for one in inventory.lost()}


def test_what_is_used_is_not_lost(inventory: Inventory, tmp_path: Path) -> None:
    assert states(inventory) == {}
    append(tmp_path / AUDIT, {"number": 20})
    with closing(open_job_store(tmp_path)):
        assert states(inventory) == {}
    assert inventory.owner() == "a name"


CHANGES: dict[str, tuple[Callable[[Path], object], dict[str, str]]] = {
    "missing": (lambda data: (data / AUDIT).unlink(), {AUDIT: "missing"}),
    "empty": (lambda data: (data / AUDIT).write_bytes(b""), {AUDIT: "empty"}),
    "cut": (lambda data: (data / AUDIT).write_bytes((data / AUDIT).read_bytes()[:900]), {AUDIT: "cut off"}),
    "cut to less than its head": (lambda data: (data / AUDIT).write_bytes(b"{"), {AUDIT: "cut off"}),
    "other": (lambda data: (data / AUDIT).write_bytes(b"x" * 9000), {AUDIT: "of another installation"}),
    "jobs missing": (lambda data: (data / "jobs.sqlite").unlink(), {"jobs.sqlite": "missing"}),
    "jobs damaged": (
        lambda data: (data / "jobs.sqlite").write_bytes(b"x" * 9000),
        {"jobs.sqlite": "damaged"},
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_lost_is_named(inventory: Inventory, tmp_path: Path, change: str) -> None:
    do, expected = CHANGES[change]
    do(tmp_path)
    assert states(inventory) == expected


def test_a_log_that_was_put_aside_is_not_lost(inventory: Inventory, tmp_path: Path) -> None:
    log = AuditLog(tmp_path / AUDIT, max_bytes=2000, keep=2, put_aside=lambda: inventory.forget_log(AUDIT))
    log.start()
    for number in range(400):
        log.add({"number": number})
    log.stop()
    assert sorted(path.name for path in tmp_path.glob(f"{AUDIT}.*")) == [f"{AUDIT}.1", f"{AUDIT}.2"]
    assert states(inventory) == {}
    inventory.take_stock()
    assert inventory.losses() == {}


def test_a_log_that_is_lost_while_it_is_written_is_told(
    inventory: Inventory, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / AUDIT).unlink()
    append(tmp_path / AUDIT, {"number": 0})
    inventory.take_stock()
    assert list(inventory.losses()) == [AUDIT]
    assert "cut off since it was looked at" in caplog.text
    assert states(inventory) == {}


def test_databases_of_other_folders_are_told_apart(tmp_path: Path) -> None:
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        open_job_store(folder).close()
        Inventory(folder).take_stock()
    (folders[0] / "jobs.sqlite").write_bytes((folders[1] / "jobs.sqlite").read_bytes())
    assert states(Inventory(folders[0])) == {"jobs.sqlite": "of another installation"}
    assert states(Inventory(folders[1])) == {}


def test_a_database_that_was_made_anew_may_be_put_back(inventory: Inventory, tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    own = path.read_bytes()
    path.unlink()
    inventory.note_losses(inventory.lost())
    open_job_store(tmp_path).close()
    inventory.take_stock()
    assert list(inventory.losses()) == ["jobs.sqlite"]
    assert states(inventory) == {}
    path.write_bytes(own)
    assert states(inventory) == {}
    inventory.take_stock()
    assert (states(inventory), inventory.losses()) == ({}, {})


def test_a_database_that_is_being_written_is_not_damaged(inventory: Inventory, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "jobs.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert states(inventory) == {}


def test_the_mark_is_in_the_databases_too(inventory: Inventory, tmp_path: Path) -> None:
    assert inventory.marks() == {}
    inventory.set_access("mark")
    assert inventory.marks() == {"inventory.json": "mark", "jobs.sqlite": "mark", "owner.sqlite": "mark"}
    inventory.path.unlink()
    assert Inventory(tmp_path).marks() == {"jobs.sqlite": "mark", "owner.sqlite": "mark"}
    assert inventory.is_forgotten()


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": 2}', '{"format": 1}', '{"format": 1, "logs": 3}']
)
def test_an_inventory_that_cannot_be_read_may_have_said_anything(
    inventory: Inventory, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    inventory.path.write_text(content)
    assert inventory.access() == UNREADABLE
    assert inventory.is_unreadable()
    assert (states(inventory), inventory.losses(), inventory.owner()) == ({}, {}, None)
    with caplog.at_level(logging.WARNING):
        inventory.set_access("mark")
    assert len(lines(caplog)) == 1
    assert inventory.access() == "mark"


def test_a_database_whose_names_are_no_characters_is_damaged(inventory: Inventory, tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as jobs:
        jobs.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    for word in (b"TABLE inventory", inventory_id(path).encode()):
        damaged = bytearray(whole)
        damaged[whole.index(word)] ^= 0x80
        path.write_bytes(damaged)
        assert states(inventory) == {"jobs.sqlite": "damaged"}
        inventory.set_access("mark")
        assert "jobs.sqlite" not in inventory.marks()
    path.write_bytes(whole)
    assert states(inventory) == {}


def test_a_bit_that_flips_in_what_a_database_says_of_itself_is_noticed(
    inventory: Inventory, tmp_path: Path
) -> None:
    inventory.set_access("a mark")
    path = tmp_path / "jobs.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as jobs:
        jobs.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole, id_ = path.read_bytes(), inventory_id(path).encode()
    for word in (b"id" + id_, b"accessa mark", b"checksum"):
        for at in range(whole.rindex(word), whole.rindex(word) + len(word)):
            damaged = bytearray(whole)
            damaged[at] ^= 1
            path.write_bytes(damaged)
            assert states(inventory) == {"jobs.sqlite": "damaged"}, (word, at)


def inventory_id(path: Path) -> str:
    with closing(sqlite3.connect(path)) as jobs:
        return str(jobs.execute("SELECT value FROM inventory WHERE key = 'id'").fetchone()[0])


def test_a_bit_that_flips_anywhere_is_noticed(inventory: Inventory) -> None:
    whole = inventory.path.read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1
        inventory.path.write_bytes(damaged)
        assert inventory.is_unreadable(), damaged[at - 9 : at + 9]
    inventory.path.write_bytes(whole)
    assert not inventory.is_unreadable()


def test_a_new_folder_has_nothing_to_tell(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    inventory = Inventory(tmp_path)
    assert not inventory.is_forgotten()
    assert (inventory.access(), inventory.lost(), inventory.losses()) == ("", [], {})
    open_job_store(tmp_path).close()
    inventory.take_stock()
    assert lines(caplog) == []
