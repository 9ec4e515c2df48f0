"""The job store in one SQLite file."""

from __future__ import annotations

import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from index.disks import translating_disk_errors
from index.errors import UnknownFormat
from index.records import Problem
from index.store.sqlite import (
    Database,
    PinnedDatabase,
    cover,
    file_damage,
    pin_database,
    prepare_database,
    reading,
)
from service.errors import JobNotFound
from service.state.databases import Connection
from service.state.databases.announcing import Unannounced
from service.state.jobs import sql
from service.state.jobs.checksums import ENDING, copy_spooled
from service.state.jobs.protocols import JobStore, Spool
from service.state.jobs.records import CLAIM_WINDOW, FINISHED, Item, choose_claimable
from service.state.jobs.sql import SqlJobStore

# The sessions of those who run the jobs of a store, where all of them are in one process.


class LocalSession(ABC):
    """Implements the claims of :class:`service.state.jobs.protocols.Session`. They are in memory.

    ``claims`` has the session that has claimed an item, by the id of its job and its number; the sessions of
    a store share it.
    """

    def __init__(
        self, store: JobStore, claims: dict[tuple[str, int], LocalSession], lock: threading.RLock
    ) -> None:
        self._store = store
        self._claims = claims
        self._lock = lock

    @abstractmethod
    def is_held(self) -> bool:
        """See :meth:`service.state.jobs.protocols.Session.is_held`."""

    def claim(self, job_id: str, *, limit: int, max_bytes: int, fetches: bool = False) -> list[Item]:
        with self._lock:
            if not self.is_held():
                return []
            claimed = {number for job, number in self._claims if job == job_id}
            window = min(CLAIM_WINDOW, 2 * limit + len(claimed))
            waiting = self._store.items(job_id, limit=window, outcomes=("waiting",))
            chosen = choose_claimable(waiting, claimed, limit=limit, max_bytes=max_bytes, fetches=fetches)
            self._claims.update(((job_id, number), self) for number in chosen)
            return [item for item in waiting if item.number in chosen]

    def has_claimed(self, job_id: str, numbers: Collection[int]) -> bool:
        with self._lock, suppress(JobNotFound):
            is_own = all(self._claims.get((job_id, number)) is self for number in numbers)
            return is_own and self._store.job(job_id).state not in FINISHED
        return False

    def others_claim(self, job_id: str) -> bool:
        with self._lock:
            return any(job == job_id and one is not self for (job, _), one in self._claims.items())

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> list[Item]:
        with self._lock:
            own = [item for item in items if self._claims.get((job_id, item.number)) is self]
            try:
                if own:
                    self._store.settle(job_id, own, last_passage=last_passage)
            except JobNotFound:
                own = []
            for item in own:
                del self._claims[job_id, item.number]
            return own

    def give_back(self) -> None:
        with self._lock:
            for key in [key for key, holder in self._claims.items() if holder is self]:
                del self._claims[key]


class SqliteJobStore(Unannounced, SqlJobStore):
    """Jobs in a file. The process that runs them locks ``.lock`` beside it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock_path = path.with_suffix(".lock")
        database = Database(path)
        prepare_database(database, lambda connection: prepare(connection, path))
        super().__init__(database)

    def open_session(self) -> FileSession | None:
        return FileSession.open(self, self._lock_path)

    def _serialize_upgrades(self, connection: Connection) -> None:
        """Nothing is to be done: one transaction writes at a time."""


# The session of whoever runs jobs, as a file lock: the system frees it when its process ends.


class FileSession(LocalSession):
    """Implements :class:`service.state.jobs.protocols.Session`: it has all leases, for it is the only one."""

    def __init__(self, store: JobStore, lock: FileLock) -> None:
        """Use :meth:`open`."""
        super().__init__(store, {}, threading.RLock())
        self._file = lock

    @classmethod
    def open(cls, store: JobStore, path: Path) -> FileSession | None:
        """Lock a file, without waiting; None while another holds it.

        Raises :class:`index.errors.DiskReadOnly`.
        """
        # A lock object of its own for each session: one that is locked already would be granted again.
        lock = FileLock(path, thread_local=False)
        try:
            with translating_disk_errors("the record of jobs"):
                lock.acquire(timeout=0)
        except Timeout:
            return None
        return cls(store, lock)

    def is_held(self) -> bool:
        return self._file.is_locked

    def acquire(self, lease: str) -> bool:
        return self.is_held()

    def release(self, lease: str) -> None: ...

    def close(self) -> None:
        self.give_back()
        self._file.release()


# Check a job store in a file, and its spool.


def problems(path: Path, spool: Spool) -> Iterator[Problem]:
    """Yield what is wrong with the jobs in a file and with the files that they wait for."""
    if not path.exists():
        return
    if damage := file_damage(path, lambda connection: prepare(connection, path)):
        yield Problem("jobs_damaged", path.name, f"{damage}. Restore a backup, or move the file away.")
        return
    with reading(path) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'counts'").fetchone():
            return
    yield from sql.problems(lambda: reading(path), spool)


# Copy jobs and their spooled files while others add and run them.


_FILES = (
    "SELECT j.id, i.spooled, MAX(i.outcome = 'waiting') FROM items i JOIN jobs j ON j.number = i.job"
    " WHERE i.spooled <> '' GROUP BY j.number, i.spooled ORDER BY j.number, MIN(i.number)"
)


class PinnedJobs:
    """The jobs of a data folder as they are at one moment."""

    def __init__(self, database: PinnedDatabase | None, spool: Spool) -> None:
        """Use :func:`pinned_jobs`."""
        self._database = database
        self._spool = spool

    def copy(self, path: Path, spool: Path) -> frozenset[tuple[str, str]]:
        """Write the jobs to ``path`` and the files that they need into the folder ``spool``.

        Returns the files, as job and name, that wait and are not there. One that was removed because it was
        ingested waits in no later state: that is the state to copy. What a call before has copied is not
        copied again.
        """
        path.unlink(missing_ok=True)
        if self._database is None:
            return frozenset()
        self._database.copy(path)
        with closing(sqlite3.connect(path)) as copy:
            is_new = not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'items'").fetchone()
            files = [] if is_new else copy.execute(_FILES).fetchall()
        missing = set()
        for job, name, is_waiting in files:
            target = spool / job / name
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileNotFoundError):
                    copy_spooled(self._spool, job, name, target)
            if is_waiting and not target.exists():
                missing.add((job, name))
        self._remove_others(spool, {(job, name) for job, name, _ in files})
        return frozenset(missing)

    @staticmethod
    def _remove_others(spool: Path, named: set[tuple[str, str]]) -> None:
        for path in list(spool.glob("*/*")):
            if (path.parent.name, path.name.removesuffix(ENDING)) not in named:
                path.unlink()


@contextmanager
def pinned_jobs(path: Path, spool: Spool) -> Iterator[PinnedJobs]:
    """Keep the state of a job store, if there is one. Raises :class:`index.errors.StoreDamaged`."""
    if not path.exists():
        yield PinnedJobs(None, spool)
        return
    with pin_database(path) as database:
        yield PinnedJobs(database, spool)


# Tables of the job store, and the migration of older files.


FORMAT = 5
_JOBS = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    collection TEXT NOT NULL,
    state TEXT NOT NULL,
    created REAL NOT NULL,
    started REAL,
    finished REAL,
    cancelling INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '',
    mark INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 1,
    age REAL NOT NULL DEFAULT 0, -- seconds since it finished, as the runner has measured them
    groups TEXT NOT NULL DEFAULT '[]', -- JSON: those that its documents get
    sender TEXT,                       -- JSON: groups of the caller that sent it; NULL for all
    kind TEXT NOT NULL DEFAULT 'ingest',
    details TEXT NOT NULL DEFAULT '{}' -- JSON: of an upgrade the model asked for, plan, progress and result
)
"""
_ITEMS = """
CREATE TABLE items (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    spooled TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    request TEXT NOT NULL,             -- JSON
    outcome TEXT NOT NULL DEFAULT 'waiting',
    code TEXT NOT NULL DEFAULT '',
    message TEXT NOT NULL DEFAULT '',
    passages INTEGER NOT NULL DEFAULT 0,
    document TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (job, number)
) WITHOUT ROWID
"""
_COUNTS = """
CREATE TABLE counts (
    job INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    items INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    passages INTEGER NOT NULL,
    PRIMARY KEY (job, outcome)
) WITHOUT ROWID
"""
_COUNT_NEW = """
    INSERT INTO counts VALUES (new.job, new.outcome, 1, new.bytes, new.passages)
    ON CONFLICT (job, outcome) DO UPDATE SET
        items = items + 1, bytes = bytes + excluded.bytes, passages = passages + excluded.passages;
"""
_UNCOUNT_OLD = """
    UPDATE counts SET items = items - 1, bytes = bytes - old.bytes, passages = passages - old.passages
    WHERE job = old.job AND outcome = old.outcome;
"""
# Triggers, so that no statement that changes an item can forget to count.
_CREATE_COUNTS = (
    _COUNTS,
    f"CREATE TRIGGER item_added AFTER INSERT ON items BEGIN {_COUNT_NEW} END",
    f"CREATE TRIGGER item_removed AFTER DELETE ON items BEGIN {_UNCOUNT_OLD} END",
    "CREATE TRIGGER item_changed AFTER UPDATE OF outcome, bytes, passages ON items"
    f" BEGIN {_UNCOUNT_OLD} {_COUNT_NEW} END",
)
_ADDED = {
    # In format 2 the system clock said when a job was to be deleted.
    3: ("ALTER TABLE jobs ADD COLUMN age REAL NOT NULL DEFAULT 0",),
    4: (
        "ALTER TABLE jobs ADD COLUMN groups TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE jobs ADD COLUMN sender TEXT",
    ),
    5: (
        "ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'ingest'",
        "ALTER TABLE jobs ADD COLUMN details TEXT NOT NULL DEFAULT '{}'",
    ),
}
"""Statements that bring a file from each format to the next."""
_CREATE_ALL = (
    _JOBS,
    _ITEMS,
    "CREATE INDEX items_outcome ON items (job, outcome)",
    "CREATE UNIQUE INDEX items_name ON items (job, kind, name, spooled)",
    *_CREATE_COUNTS,
)

_WHOLE = {
    "jobs": "id, collection, state, created, started, finished, cancelling, problem, mark, revision, age, "
    "groups, sender, kind, details",
    "items": "job, number, bytes, request, code, message, passages, document",
}
"""Columns of each table that are there twice, here or in another index, so that a check notices damage."""


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file or migrate those of an older one.

    The connection must be inside a write transaction. Raises :class:`index.errors.UnknownFormat` for a file
    of a later format.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > FORMAT:
        raise UnknownFormat(
            f"{path} is of format {found}, and this program writes format {FORMAT}. Start the version of "
            "Loccit that wrote it, or move the file away: the jobs in it are then forgotten."
        )
    if found == 0:
        for statement in _CREATE_ALL:
            connection.execute(statement)
    else:
        if found < 2:
            _add_counts(connection)
        for statement in (one for number in _ADDED if found < number for one in _ADDED[number]):
            connection.execute(statement)
    if found != FORMAT:
        connection.execute(f"PRAGMA user_version = {FORMAT}")
    cover(connection, _WHOLE)


def _add_counts(connection: sqlite3.Connection) -> None:
    """Migrate format 1, in which the items of a job were counted on each request."""
    for statement in _CREATE_COUNTS:
        connection.execute(statement)
    connection.execute(
        "INSERT INTO counts SELECT job, outcome, COUNT(*), SUM(bytes), SUM(passages) FROM items"
        " GROUP BY job, outcome"
    )
