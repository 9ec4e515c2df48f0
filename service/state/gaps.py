"""Questions that documents do not answer well, kept where an administrator turned that on by hand.

What people ask is personal data: nothing is kept of a collection before, and nothing for longer than
:data:`KEEP_DAYS`.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from index.errors import LoccitError
from index.store.sqlite import Database as SqliteDatabase
from index.store.sqlite import cover, create_tables, prepare_database
from service.state.databases import Database
from service.state.databases.postgresql import PostgresqlDatabase

log = logging.getLogger("loccit.service")

FILE = "gaps.db"
"""In the data folder. It does not end in ``.sqlite``, because it is no part of a backup."""
KEEP_DAYS = 30
UNCERTAIN = 0.5
"""Questions are kept whose passages answer with a smaller probability, and those that somebody judged."""
MOST = 10_000
"""Questions that are kept of all collections, the newest."""
Verdict = Literal["", "up", "down"]
_FORMAT = 1
_TABLES = (
    """
    CREATE TABLE gaps (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        asked REAL NOT NULL,
        collection TEXT NOT NULL,
        question TEXT NOT NULL,
        probability REAL NOT NULL,
        verdict TEXT NOT NULL,
        reason TEXT NOT NULL,
        groups TEXT                        -- JSON: those of who asked; NULL for all
    )
    """,
    "CREATE INDEX gaps_asked ON gaps (collection, asked)",
    "CREATE TABLE kept (collection TEXT PRIMARY KEY, since REAL NOT NULL)",
)
_MIGRATIONS = (
    """
    CREATE TABLE gaps (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        asked double precision NOT NULL,
        collection text NOT NULL,
        question text NOT NULL,
        probability double precision NOT NULL,
        verdict text NOT NULL,
        reason text NOT NULL,
        groups text
    );
    CREATE INDEX gaps_asked ON gaps (collection, asked);
    CREATE TABLE kept (collection text PRIMARY KEY, since double precision NOT NULL);
    """,
)
_DELETIONS = ("DELETE FROM kept WHERE collection = ?", "DELETE FROM gaps WHERE collection = ?")
_DAY = 86_400.0
_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 5.0
_UPKEEP_SECONDS = 600.0
_MOST_WAITING = 1000
_STOP_SECONDS = 10.0
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class AskedQuestion:
    """A question that was asked, in seconds since the epoch, by somebody in ``groups`` (None for all)."""

    asked: float
    collection: str
    question: str
    probability: float
    verdict: Verdict = ""
    reason: str = ""
    groups: frozenset[str] | None = None

    def is_visible_to(self, groups: Collection[str] | None) -> bool:
        """Tell whether somebody in these groups may read all that who asked may read."""
        return groups is None or (self.groups is not None and self.groups <= set(groups))


class GapStore:
    """Questions in a database that has their tables. Safe to use from several threads and processes."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, questions: Sequence[AskedQuestion]) -> None:
        """Record questions of collections for which they are kept."""
        kept = self.kept()
        rows = [
            (
                *(one.asked, one.collection, one.question, one.probability, one.verdict, one.reason),
                None if one.groups is None else json.dumps(sorted(one.groups), ensure_ascii=False),
            )
            for one in questions
            if one.collection in kept
        ]
        with self.database.write() as connection:
            connection.executemany(
                "INSERT INTO gaps (asked, collection, question, probability, verdict, reason, groups)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def asked(self, collection: str, since: float, until: float, *, limit: int) -> list[AskedQuestion]:
        """The newest questions of a collection in a time."""
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT asked, collection, question, probability, verdict, reason, groups FROM gaps"
                " WHERE collection = ? AND asked >= ? AND asked < ? ORDER BY number DESC LIMIT ?",
                (collection, since, until, limit),
            ).fetchall()
        return [
            AskedQuestion(
                asked,
                name,
                question,
                probability,
                verdict,
                reason,
                None if listed is None else _groups(listed),
            )
            for asked, name, question, probability, verdict, reason, listed in rows
        ]

    def kept(self) -> Mapping[str, float]:
        """The collections whose questions are kept, and since when."""
        with self.database.read() as connection:
            return dict(connection.execute("SELECT collection, since FROM kept").fetchall())

    def keep(self, collection: str) -> None:
        """Keep the questions of a collection from now on."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO kept VALUES (?, ?) ON CONFLICT (collection) DO NOTHING",
                (collection, time.time()),
            )

    def stop(self, collection: str) -> None:
        """Keep no more questions of a collection, and erase those that were kept, also from the file."""
        with self.database.write() as connection:
            for statement in _DELETIONS:
                connection.execute(statement, (collection,))
        self.database.cleanse()

    def prune(self, *, before: float, existing: Collection[str]) -> None:
        """Erase what was asked before a time, beyond the most, or of collections that are no more."""
        with self.database.write() as connection:
            old = connection.execute(
                "DELETE FROM gaps WHERE asked < ? OR number <= (SELECT MAX(number) FROM gaps) - ?",
                (before, MOST),
            ).rowcount
            for (name,) in connection.execute("SELECT collection FROM kept").fetchall():
                if name not in existing:
                    old += sum(connection.execute(one, (name,)).rowcount for one in _DELETIONS)
        if old:
            self.database.cleanse()

    def close(self) -> None:
        """Close the database."""
        self.database.close()


def _groups(listed: str) -> frozenset[str]:
    return frozenset(json.loads(listed))


class Gaps:
    """Keeps questions of the collections that are turned on. A thread writes: no question waits for the disk.

    Without any such collection there is no file. ``collections`` returns the names of those that there are.
    """

    def __init__(self, data: Path, *, store: str, collections: Callable[[], list[str]]) -> None:
        self._data = data
        self._url = store
        self._collections = collections
        self._lock = threading.Lock()
        self._opened: GapStore | None = None
        self._kept: frozenset[str] = frozenset()
        self._waiting: deque[AskedQuestion] = deque(maxlen=_MOST_WAITING)
        self._looked = self._upkept = float("-inf")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loccit-gaps", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Write what was added, stop the thread, and close the store."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)
        if self._opened is not None:
            self._opened.close()

    def is_kept(self, collection: str) -> bool:
        """Tell whether questions of a collection are kept, as of some seconds ago; does not block."""
        return collection in self._kept

    def note(self, question: AskedQuestion) -> bool:
        """Keep a question that is not answered well, or was judged; returns whether. Never waits."""
        is_wanted = question.probability < UNCERTAIN or bool(question.verdict)
        if is_wanted and self.is_kept(question.collection):
            self._waiting.append(question)
            return True
        return False

    def keep(self, collection: str) -> None:
        """Keep the questions of a collection from now on; blocks."""
        self._store().keep(collection)
        self._look()

    def stop(self, collection: str) -> None:
        """Keep no more questions of a collection, and erase those that were kept; blocks."""
        if (store := self._existing()) is not None:
            store.stop(collection)
            self._look()

    def since(self, collection: str) -> float | None:
        """When questions of a collection began to be kept; None where they are not. Blocks."""
        store = self._existing()
        return None if store is None else store.kept().get(collection)

    def asked(self, collection: str, since: float, until: float, *, limit: int) -> list[AskedQuestion]:
        """The newest questions of a collection in a time; blocks."""
        self._write()
        store = self._existing()
        return [] if store is None else store.asked(collection, since, until, limit=limit)

    def _existing(self) -> GapStore | None:
        """The store; None where nothing was ever kept."""
        return self._store() if self._opened or has_gaps(self._data, store=self._url) else None

    def _store(self) -> GapStore:
        with self._lock:
            if self._opened is None:
                self._opened = open_gap_store(self._data, store=self._url)
            return self._opened

    def _look(self) -> None:
        store = self._existing()
        self._kept = frozenset() if store is None else frozenset(store.kept())
        self._looked = time.monotonic()

    def _write(self) -> None:
        some = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if some and (store := self._existing()) is not None:
            store.add(some)

    def _run(self) -> None:
        while True:
            with suppress(IndexError):  # another thread has taken what waited
                self._try_upkeep()
            if self._stopped.wait(_PAUSE_SECONDS):
                break
        self._try_upkeep()

    def _try_upkeep(self) -> None:
        try:
            self._write()
            now = time.monotonic()
            if now > self._looked + _LOOK_SECONDS:
                self._look()
            if now > self._upkept + _UPKEEP_SECONDS and (store := self._existing()) is not None:
                store.prune(before=time.time() - KEEP_DAYS * _DAY, existing=self._collections())
                self._upkept = now
        except LoccitError as error:
            log.warning("Questions could not be kept: %s", error.message)


def open_gap_store(data: Path, *, store: str = "") -> GapStore:
    """The store of a data folder, a file that only its owner can read, or of the database at a URL."""
    if store:
        return GapStore(PostgresqlDatabase(store, "gaps", _MIGRATIONS))
    path = data / FILE
    if not path.exists():
        path.touch(_OWNER_ONLY)
    database = SqliteDatabase(path)
    prepare_database(database, lambda connection: prepare(connection, path))
    return GapStore(database)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, in a write transaction."""
    create_tables(connection, path, _TABLES, number=_FORMAT)
    listed = "asked, collection, question, probability, verdict, reason, groups"
    cover(connection, {"gaps": listed, "kept": "since"})


def has_gaps(data: Path, *, store: str = "") -> bool:
    """Tell whether there may be questions, so that none need a store to be made."""
    return bool(store) or (data / FILE).exists()
