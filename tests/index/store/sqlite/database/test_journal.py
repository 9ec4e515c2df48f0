"""A copy of a record put back beside the log of the file that was there before."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import StoreDamaged
from index.store.sqlite import SqliteStore
from index.store.sqlite.database import check_journal, check_size
from tests.contracts.documents import document, now, put


def write(store: SqliteStore, name: str, count: int) -> None:
    for number in range(count):
        put(store, [document(f"{name}-{number}")])


def checkpoint(path: Path) -> None:
    """Write the log into the file, and begin it again."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "live" / "store.sqlite"


@pytest.fixture
def killed(path: Path, tmp_path: Path) -> Path:
    """What a killed process leaves: a file that has reached change 14, and a log from there to 20."""
    path.parent.mkdir()
    left = tmp_path / "left"
    with closing(SqliteStore(path)) as store:
        write(store, "early", 10)
        checkpoint(path)
        shutil.copy(path, tmp_path / "backup.sqlite")
        write(store, "middle", 4)
        checkpoint(path)
        write(store, "late", 6)
        shutil.copytree(path.parent, left)
    return left / "store.sqlite"


def test_the_log_of_a_killed_process_is_applied(killed: Path) -> None:
    assert beside(killed, "-wal").stat().st_size > 0
    with closing(SqliteStore(killed)) as store:
        assert now(store).change() == 20


def test_a_backup_is_not_mixed_with_a_later_log(killed: Path, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "backup.sqlite", killed)
    before = {one: one.read_bytes() for one in (killed, beside(killed, "-wal"))}
    with pytest.raises(StoreDamaged, match=r"begins with change 15, the file has reached 10.*delete"):
        SqliteStore(killed)
    assert {one: one.read_bytes() for one in before} == before
    for suffix in ("-wal", "-shm"):
        beside(killed, suffix).unlink(missing_ok=True)
    assert sorted(one.name for one in killed.parent.glob("store.sqlite*")) == ["store.sqlite"]
    with closing(SqliteStore(killed)) as store:
        assert now(store).change() == now(store).counts().documents == 10


def test_a_file_is_not_mixed_with_the_log_of_another(killed: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite"
    with closing(SqliteStore(other)) as store:
        write(store, "other", 30)
    shutil.copy(other, killed)
    with pytest.raises(StoreDamaged, match="does not continue"):
        SqliteStore(killed)


def test_other_processes_that_write_are_no_damage(path: Path) -> None:
    path.parent.mkdir()
    with closing(SqliteStore(path)) as store:
        for number in range(300):  # the log is written into the file, and begun again, on the way
            put(store, [document(f"one-{number}", text=f"Number {number}. {'Some more words. ' * 40}")])
            check_journal(path)
            if number % 100 == 0:
                SqliteStore(path).close()
        assert now(store).change() == 300


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 5000, b"x" * 5000])
def test_a_log_that_says_nothing_is_left_to_sqlite(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    with closing(SqliteStore(path)) as store:
        write(store, "early", 3)
    beside(path, "-wal").write_bytes(content)
    with closing(SqliteStore(path)) as store:
        assert now(store).change() == 3


@pytest.mark.parametrize("left", [0.2, 0.5, 0.9, 0.999])
def test_a_file_that_is_cut_off_is_refused(path: Path, left: float) -> None:
    path.parent.mkdir()
    with closing(SqliteStore(path)) as store:
        write(store, "early", 30)
    check_size(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(left * len(whole))])
    with pytest.raises(StoreDamaged, match=r"cut off.*Restore a backup"):
        SqliteStore(path)
    path.write_bytes(whole + bytes(4096))  # a file that has grown is whole
    check_size(path)


@pytest.mark.processes
def test_a_look_at_the_size_leaves_the_locks_of_who_has_the_file_open(path: Path) -> None:
    path.parent.mkdir()
    with closing(SqliteStore(path)) as store:
        write(store, "early", 3)
    with closing(SqliteStore(path)) as store:
        assert now(store).change() == 3
        check_size(path)
        # Another process that opens and closes the file is not the last one that has it open.
        other = "import sqlite3; c = sqlite3.connect({!r}); c.execute('SELECT * FROM meta'); c.close()"
        subprocess.run([sys.executable, "-c", other.format(str(path))], check=True)
        assert beside(path, "-wal").exists()
        write(store, "late", 1)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT value FROM meta WHERE key = 'change'").fetchone() == (4,)
