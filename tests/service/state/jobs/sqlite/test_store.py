from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from index.errors import UnknownFormat
from service.state.jobs.records import ItemCounts, NewItem
from service.state.jobs.sqlite import SqliteJobStore

QUOTED = 'se"same'
FORMAT_1 = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, collection TEXT NOT NULL,
    state TEXT NOT NULL, created REAL NOT NULL, started REAL, finished REAL,
    cancelling INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '', mark INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE items (
    job INTEGER NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    spooled TEXT NOT NULL, bytes INTEGER NOT NULL, request TEXT NOT NULL,
    outcome TEXT NOT NULL DEFAULT 'waiting', code TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',
    passages INTEGER NOT NULL DEFAULT 0, document TEXT NOT NULL DEFAULT '', PRIMARY KEY (job, number)
) WITHOUT ROWID;
CREATE INDEX items_outcome ON items (job, outcome);
CREATE UNIQUE INDEX items_name ON items (job, kind, name, spooled);
INSERT INTO jobs (id, collection, state, created) VALUES
    ('job', 'lamps', 'running', 1), ('none', 'x', 'done', 1);
INSERT INTO items (job, number, kind, name, spooled, bytes, request, outcome, passages) VALUES
    (1, 1, 'file', 'a', '000001', 10, '{}', 'added', 3), (1, 2, 'file', 'b', '000002', 5, '{}', 'waiting', 0),
    (1, 3, 'file', 'c', '000003', 1, '{}', 'added', 4);
PRAGMA user_version = 1;
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.sqlite"


def execute(path: Path, script: str) -> list[tuple[object, ...]]:
    """Run SQL on the file itself, past the store."""
    with closing(sqlite3.connect(path)) as connection:
        if ";" in script:
            connection.executescript(script)
            return []
        rows = connection.execute(script).fetchall()
        connection.commit()
        return rows


def test_erased_requests_leave_no_trace_in_the_file(path: Path) -> None:
    store = SqliteJobStore(path)
    request = {"password": "secret"}
    kinds = [NewItem("file", "a", "1", 1, request), NewItem("file", "b", "2", 1, request)]
    store.add("job", "lamps", [*kinds, NewItem("archive", "z", "3", 1, request)])
    added, encrypted, _ = store.items("job", limit=9)
    store.settle("job", [replace(added, outcome="added")])
    store.settle("job", [replace(encrypted, outcome="refused", code="encrypted_document")])
    store.expand("job", 3, [NewItem("member", "z/1", "3", 1, request)])
    store.settle("job", [replace(store.items("job", limit=9)[3], outcome="unchanged")])
    store.close()
    assert b"secret" not in path.read_bytes()
    assert {file.name for file in path.parent.iterdir()} == {"jobs.sqlite"}


def test_replaced_password_leaves_no_trace_in_the_file(path: Path) -> None:
    store = SqliteJobStore(path)
    store.add("job", "lamps", [NewItem("file", "a", "1", 1, {"password": "wrong"})])
    (item,) = store.items("job", limit=9)
    store.settle("job", [replace(item, outcome="refused", code="encrypted_document")])
    store.move("job", "done")
    store.retry("job", password=QUOTED)
    store.settle("job", [replace(item, outcome="added")])
    store.close()
    assert b"wrong" not in path.read_bytes()
    assert b"same" not in path.read_bytes()


def test_deleted_job_leaves_no_rows(path: Path) -> None:
    store = SqliteJobStore(path)
    store.add("job", "lamps", [NewItem("file", "a")])
    store.move("job", "done")
    store.delete("job")
    for table in ("jobs", "items", "counts"):
        assert execute(path, f"SELECT * FROM {table}") == []  # noqa: S608 -- names from this line
    store.close()


def test_counts_are_read_without_the_items(path: Path) -> None:
    store = SqliteJobStore(path)
    store.add("job", "lamps", [NewItem("file", str(number), bytes=2) for number in range(50)])
    execute(path, "ALTER TABLE items RENAME TO hidden")
    assert store.job("job").counts == ItemCounts({"waiting": 50}, 100, 0)
    assert store.in_state("queued")[0].counts.total == store.jobs(limit=1)[0].counts.total == 50
    store.close()


def test_failed_transaction_leaves_the_counts_as_they_were(path: Path) -> None:
    store = SqliteJobStore(path)
    before = store.add("job", "lamps", [NewItem("archive", "z")])
    with pytest.raises(OverflowError):
        store.expand("job", 1, [NewItem("file", "g"), NewItem("file", "h", bytes=2**70)])
    assert store.job("job") == before
    store.close()


def test_file_of_format_1_is_migrated(path: Path) -> None:
    execute(path, FORMAT_1)
    for _ in range(2):
        store = SqliteJobStore(path)
        assert store.job("job").counts == ItemCounts({"added": 2, "waiting": 1}, 16, 7)
        assert store.job("none").counts == ItemCounts({}, 0, 0)
        assert (store.job("none").kind, store.job("none").details) == ("ingest", {})
        store.close()
    store = SqliteJobStore(path)
    assert store.age(1, until=0) == []
    store.move("none", "done")
    assert store.age(1, until=1) == ["none"]
    store.settle("job", [replace(store.items("job", limit=9)[1], outcome="refused")])
    assert store.job("job").counts == ItemCounts({"added": 2, "refused": 1}, 16, 7)
    store.close()


def test_file_of_a_later_format_is_refused_and_not_changed(path: Path) -> None:
    SqliteJobStore(path).close()
    execute(path, "PRAGMA user_version = 99")
    with pytest.raises(UnknownFormat, match="format 99"):
        SqliteJobStore(path)
    assert execute(path, "PRAGMA user_version") == [(99,)]
