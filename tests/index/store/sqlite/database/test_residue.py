"""What deleted rows leave in an SQLite file, and its removal."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import CollectionBusy
from index.store.sqlite import Database
from tests.residue import residue

GONE = [f"gone-{n:03d}-words" for n in range(200)]
KEPT = [f"kept-{n:03d}-words" for n in range(200)]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Rows of many lengths, put in an order that makes SQLite balance its trees, then deleted."""
    opened = Database(tmp_path / "store.sqlite")
    draw = random.Random(2)
    keys = [*GONE, *KEPT]
    draw.shuffle(keys)
    with opened.write() as connection:
        connection.execute("CREATE TABLE words (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        connection.execute("CREATE INDEX by_value ON words (value)")
        connection.executemany(
            "INSERT INTO words VALUES (?, ?)", [(key, "." * draw.randrange(1500) + key) for key in keys]
        )
    draw.shuffle(keys)
    for key in keys:
        if key in GONE:
            with opened.write() as connection:
                connection.execute("DELETE FROM words WHERE key = ?", (key,))
    yield opened
    opened.close()


def rows(database: Database) -> list[str]:
    with database.read() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [key for (key,) in connection.execute("SELECT key FROM words ORDER BY key")]


def test_deleted_rows_leave_nothing(database: Database, tmp_path: Path) -> None:
    assert residue(tmp_path, GONE), "the write-ahead log should still have them: nothing would be tested"
    assert database.cleanse()
    assert residue(tmp_path, GONE) == []
    assert rows(database) == KEPT
    assert (tmp_path / "store.sqlite-wal").stat().st_size == 0


def test_copies_that_balancing_left_in_pages_are_overwritten(database: Database, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "store.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert residue(tmp_path, GONE), "SQLite left no copies: nothing would be tested"
    assert database.cleanse()
    assert residue(tmp_path, GONE) == []
    assert rows(database) == KEPT


def test_a_reader_delays_the_end_and_writers_go_on(database: Database, tmp_path: Path) -> None:
    with database.read() as connection:
        before = connection.execute("SELECT COUNT(*) FROM words").fetchone()
        with database.write() as writer:
            writer.execute("DELETE FROM words WHERE key = ?", (KEPT[0],))
        assert not database.cleanse()
        with database.write() as writer:
            writer.execute("DELETE FROM words WHERE key = ?", (KEPT[1],))
        assert connection.execute("SELECT COUNT(*) FROM words").fetchone() == before
    assert database.cleanse()
    assert residue(tmp_path, [*GONE, *KEPT[:2]]) == []
    assert rows(database) == KEPT[2:]


@pytest.mark.processes
def test_a_reader_in_another_process_delays_the_end(database: Database, tmp_path: Path) -> None:
    reading = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN');"
        " c.execute('SELECT COUNT(*) FROM words').fetchone(); print('reading', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", reading, str(tmp_path / "store.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdin is not None
        assert reader.stdout.readline() == "reading\n"
        with database.write() as connection:
            connection.execute("DELETE FROM words WHERE key = ?", (KEPT[0],))
        assert not database.cleanse()
        reader.stdin.close()
        reader.wait()
    assert database.cleanse()
    assert residue(tmp_path, [*GONE, KEPT[0]]) == []


def test_a_read_that_lasts_too_long_is_ended_unless_it_may_last(database: Database) -> None:
    def read(connection: sqlite3.Connection) -> None:
        assert connection.execute("SELECT 1").fetchone() == (1,)

    with pytest.raises(CollectionBusy, match="erased while they were being read"):  # noqa: SIM117, PT012
        with database.read() as connection:
            database.end_reads(older_than=3600)
            read(connection)
            database.end_reads(older_than=0)
            read(connection)
    with database.read(lasting=True) as connection:
        database.end_reads(older_than=0)
        read(connection)
    assert rows(database) == KEPT


def test_a_statement_that_runs_too_long_is_ended(database: Database) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    with pytest.raises(CollectionBusy):  # noqa: SIM117, PT012
        with database.read() as connection:
            for (number,) in connection.execute(endless):
                if number == 1:
                    database.end_reads(older_than=0)
    assert rows(database) == KEPT
