"""Questions that found no answer, kept for a while where the operator wants to read them.

What people ask is personal data: nothing is kept unless a setting says for how many days.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from index.errors import LoccitError
from index.store.sqlite import Database as SqliteDatabase
from index.store.sqlite import cover, create_tables, prepare_database
from service.state.databases import Database
from service.state.databases.postgresql import PostgresqlDatabase

log = logging.getLogger("loccit.service")

FILE = "unanswered.db"
"""In the data folder. It does not end in ``.sqlite``, because it is no part of a backup."""
LEAST = 0.2
"""Questions are kept whose passages answer with a smaller probability."""
MOST = 10_000
"""Questions that are kept, the newest."""
_FORMAT = 1
_TABLES = (
    """
    CREATE TABLE questions (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        asked REAL NOT NULL,
        collection TEXT NOT NULL,
        question TEXT NOT NULL,
        probability REAL NOT NULL
    )
    """,
    "CREATE INDEX questions_asked ON questions (asked)",
)
_MIGRATIONS = (
    """
    CREATE TABLE questions (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        asked double precision NOT NULL,
        collection text NOT NULL,
        question text NOT NULL,
        probability double precision NOT NULL
    );
    CREATE INDEX questions_asked ON questions (asked);
    """,
)
_DAY = 86_400.0
_PAUSE_SECONDS = 1.0
_UPKEEP_SECONDS = 600.0
_MOST_WAITING = 1000
_STOP_SECONDS = 10.0
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class UnansweredQuestion:
    """A question that found no answer. ``asked`` is in seconds since the epoch."""

    number: int
    asked: float
    collection: str
    question: str
    probability: float


class UnansweredStore:
    """At most ``most`` questions in a database that has their table.

    Safe to use from several threads and processes.
    """

    def __init__(self, database: Database, *, most: int = MOST) -> None:
        self._most = most
        self._database = database

    @property
    def database(self) -> Database:
        """The database with the table."""
        return self._database

    def add(self, questions: Collection[tuple[float, str, str, float]]) -> None:
        """Record questions: when they were asked, their collections, texts and probabilities."""
        with self._database.write() as connection:
            connection.executemany(
                "INSERT INTO questions (asked, collection, question, probability) VALUES (?, ?, ?, ?)",
                questions,
            )

    def newest(
        self, *, limit: int, before: int | None = None, collections: Collection[str] | None = None
    ) -> list[UnansweredQuestion]:
        """The newest questions, before one with a number, of some collections; None for all."""
        with self._database.read() as connection:
            rows = connection.execute(
                "SELECT number, asked, collection, question, probability FROM questions"
                f" {'' if before is None else 'WHERE number < ?'} ORDER BY number DESC",
                () if before is None else (before,),
            )
            found: list[UnansweredQuestion] = []
            for row in rows:
                if len(found) == limit:
                    break
                if collections is None or row[2] in collections:
                    found.append(UnansweredQuestion(*row))
            return found

    def clear(self, collections: Collection[str] | None = None) -> int:
        """Erase the questions of some collections, None for all, also from the file; returns how many."""
        with self._database.write() as connection:
            names = connection.execute("SELECT DISTINCT collection FROM questions").fetchall()
            erased = 0
            for (name,) in names:
                if collections is None or name in collections:
                    done = connection.execute("DELETE FROM questions WHERE collection = ?", (name,))
                    erased += done.rowcount
        self._database.cleanse()
        return erased

    def prune(self, *, before: float, existing: Collection[str]) -> int:
        """Erase what was asked before a time, beyond the most, or of collections that are no more."""
        with self._database.write() as connection:
            old = connection.execute(
                "DELETE FROM questions WHERE asked < ? OR number <= (SELECT MAX(number) FROM questions) - ?",
                (before, self._most),
            ).rowcount
            names = connection.execute("SELECT DISTINCT collection FROM questions").fetchall()
            for (name,) in names:
                if name not in existing:
                    old += connection.execute("DELETE FROM questions WHERE collection = ?", (name,)).rowcount
        if old:
            self._database.cleanse()
        return old

    def close(self) -> None:
        """Close the database."""
        self._database.close()


class UnansweredQuestions:
    """Keeps questions for some days. A thread writes them, so that no question waits for the disk.

    ``collections`` returns the names of those that there are.
    """

    def __init__(
        self, store: UnansweredStore, *, keep_days: float, collections: Callable[[], list[str]]
    ) -> None:
        self.store = store
        self.keep_days = keep_days
        self._collections = collections
        self._waiting: deque[tuple[float, str, str, float]] = deque(maxlen=_MOST_WAITING)
        self._upkept = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loccit-unanswered", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Write what was added, stop the thread, and close the store."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)
        self.store.close()

    def note(self, collection: str, question: str, probability: float) -> None:
        """Keep a question if its probability is small. Never waits."""
        if probability < LEAST:
            self._waiting.append((time.time(), collection, question, probability))

    def upkeep(self) -> None:
        """Write what waits, and erase what is kept no longer."""
        some = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if some:
            self.store.add(some)
        self._upkept = time.monotonic()
        self.store.prune(before=time.time() - self.keep_days * _DAY, existing=self._collections())

    def _run(self) -> None:
        while not self._stopped.wait(_PAUSE_SECONDS):
            if self._waiting or time.monotonic() > self._upkept + _UPKEEP_SECONDS:
                self._try_upkeep()
        self._try_upkeep()

    def _try_upkeep(self) -> None:
        try:
            self.upkeep()
        except LoccitError as error:
            log.warning("Questions without an answer could not be kept: %s", error.message)


def open_unanswered(
    data: Path, *, store: str = "", keep_days: float, collections: Callable[[], list[str]]
) -> UnansweredQuestions | None:
    """The questions of a data folder, or of the database at a URL; None where none are kept."""
    if keep_days <= 0:
        return None
    questions = open_unanswered_store(data, store=store)
    return UnansweredQuestions(questions, keep_days=keep_days, collections=collections)


def open_unanswered_store(data: Path, *, store: str = "", most: int = MOST) -> UnansweredStore:
    """The store of a data folder, a file that only its owner can read, or of the database at a URL."""
    if store:
        return UnansweredStore(PostgresqlDatabase(store, "questions", _MIGRATIONS), most=most)
    path = data / FILE
    if not path.exists():
        path.touch(_OWNER_ONLY)
    database = SqliteDatabase(path)
    prepare_database(database, lambda connection: prepare(connection, path))
    return UnansweredStore(database, most=most)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the table of a new file, or what one of an earlier version lacks, in a write transaction."""
    create_tables(connection, path, _TABLES, number=_FORMAT)
    cover(connection, {"questions": "asked, collection, question, probability"})


def has_unanswered(data: Path, *, store: str = "") -> bool:
    """Whether there may be questions, so that a command need not make a store to find none."""
    return bool(store) or (data / FILE).exists()
