"""Questions that documents do not answer well, and the documents that answer others, kept for some days.

What people ask is personal data: nothing is kept of a collection unless a setting says for how many days, or
one of its administrators has turned that on by hand.
"""

import json
import logging
import sqlite3
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from index.errors import LoccitError
from index.store.sqlite import Database as SqliteDatabase, cover, create_tables, prepare_database
from service.background import BackgroundThread
from service.state.databases import Database
from service.state.databases.postgresql import PostgresqlDatabase

Item = TypeVar("Item")
log = logging.getLogger("loccit.service")

FILE = "unanswered.db"
"""In the data folder. It does not end in ``.sqlite``, because it is no part of a backup."""
_FORMER_FILE = "gaps.db"
"""Where an earlier version kept the questions of collections that were turned on by hand."""
KEEP_DAYS = 30.0
"""Days for which questions are kept where the setting does not say otherwise."""
UNCERTAIN = 0.5
"""Questions are kept whose passages answer with a smaller probability, and those that somebody judged."""
MOST = 10_000
"""Questions that are kept of all collections, the newest."""
Verdict = Literal["", "up", "down"]
_FORMAT = 1
"""It stays the same when columns with a default are added, so that earlier versions can open the file."""
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
_LATER_COLUMNS = (
    "ALTER TABLE questions ADD COLUMN verdict TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE questions ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE questions ADD COLUMN groups TEXT",  # JSON: those of who asked; NULL for all
    "DROP INDEX IF EXISTS questions_whole",  # which has the columns before
)
_LATER_TABLES = (
    "CREATE TABLE IF NOT EXISTS kept (collection TEXT PRIMARY KEY, since REAL NOT NULL)",
    """
    CREATE TABLE IF NOT EXISTS answered (
        collection TEXT NOT NULL,
        document TEXT NOT NULL,
        day INTEGER NOT NULL,              -- since the epoch
        count INTEGER NOT NULL,
        PRIMARY KEY (collection, document, day)
    )
    """,
)
_WHOLE = {
    "questions": "asked, collection, question, probability, verdict, reason, groups",
    "kept": "since",
    "answered": "count",
}
_FIRST_MIGRATION = """
    CREATE TABLE questions (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        asked double precision NOT NULL,
        collection text NOT NULL,
        question text NOT NULL,
        probability double precision NOT NULL
    );
    CREATE INDEX questions_asked ON questions (asked);
"""
_SECOND_MIGRATION = """
    ALTER TABLE questions
        ADD COLUMN verdict text NOT NULL DEFAULT '',
        ADD COLUMN reason text NOT NULL DEFAULT '',
        ADD COLUMN groups text;
    -- An earlier version had these two tables as a component of their own.
    CREATE TABLE IF NOT EXISTS kept (collection text PRIMARY KEY, since double precision NOT NULL);
    CREATE TABLE IF NOT EXISTS gaps (
        asked double precision, collection text, question text, probability double precision,
        verdict text, reason text, groups text
    );
    INSERT INTO questions (asked, collection, question, probability, verdict, reason, groups)
        SELECT asked, collection, question, probability, verdict, reason, groups FROM gaps ORDER BY asked;
    DROP TABLE gaps;
    CREATE TABLE answered (
        collection text NOT NULL,
        document text NOT NULL,
        day bigint NOT NULL,
        count bigint NOT NULL,
        PRIMARY KEY (collection, document, day)
    );
"""
_INSERT = (
    "INSERT INTO questions (asked, collection, question, probability, verdict, reason, groups)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_COLLECTIONS = (
    "SELECT collection FROM questions UNION SELECT collection FROM answered UNION SELECT collection FROM kept"
)
_DELETIONS = (
    "DELETE FROM questions WHERE collection = ?",
    "DELETE FROM answered WHERE collection = ?",
    "DELETE FROM kept WHERE collection = ?",
)
_DAY = 86_400.0
_PAUSE_SECONDS = 1.0
_LOOK_SECONDS = 5.0
_UPKEEP_SECONDS = 600.0
_MOST_WAITING = 1000
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


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer, to a question of seconds since the epoch, and the document that matches best."""

    asked: float
    collection: str
    document: str


class QuestionStore:
    """Questions and counts of answers in a database that has their tables.

    Safe to use from several threads and processes.
    """

    def __init__(self, database: Database, *, most: int = MOST) -> None:
        self.database = database
        self._most = most

    def add(self, questions: Sequence[AskedQuestion]) -> None:
        """Record questions."""
        rows = [
            (
                *(one.asked, one.collection, one.question, one.probability, one.verdict, one.reason),
                None if one.groups is None else json.dumps(sorted(one.groups), ensure_ascii=False),
            )
            for one in questions
        ]
        with self.database.write() as connection:
            connection.executemany(_INSERT, rows)

    def count(self, answers: Sequence[GivenAnswer]) -> None:
        """Count answers of documents, by the day."""
        days = Counter((one.collection, one.document, int(one.asked // _DAY)) for one in answers)
        with self.database.write() as connection:
            connection.executemany(
                "INSERT INTO answered (collection, document, day, count) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (collection, document, day)"
                " DO UPDATE SET count = answered.count + excluded.count",
                [(*key, count) for key, count in sorted(days.items())],
            )

    def asked(self, collection: str, since: float, until: float, *, limit: int = MOST) -> list[AskedQuestion]:
        """The newest questions of a collection in a time."""
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT asked, collection, question, probability, verdict, reason, groups FROM questions"
                " WHERE collection = ? AND asked >= ? AND asked < ? ORDER BY number DESC LIMIT ?",
                (collection, since, until, limit),
            ).fetchall()
        return [
            AskedQuestion(*(*told, None if groups is None else frozenset(json.loads(groups))))
            for *told, groups in rows
        ]

    def answered(self, collection: str) -> list[tuple[str, int]]:
        """The documents of a collection that answered questions, and how many, the most first."""
        with self.database.read() as connection:
            return connection.execute(
                "SELECT document, CAST(SUM(count) AS bigint) FROM answered WHERE collection = ?"
                " GROUP BY document ORDER BY 2 DESC, document",
                (collection,),
            ).fetchall()

    def kept(self) -> Mapping[str, float]:
        """The collections whose administrators have turned it on, and since when."""
        with self.database.read() as connection:
            return dict(connection.execute("SELECT collection, since FROM kept").fetchall())

    def keep(self, collection: str) -> None:
        """Keep the questions of a collection from now on."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO kept VALUES (?, ?) ON CONFLICT (collection) DO NOTHING",
                (collection, time.time()),
            )

    def clear(self, collections: Collection[str] | None = None) -> int:
        """Erase what is kept of collections, None for all, also from the file; returns how many questions."""
        return self._erase(lambda name: collections is None or name in collections)

    def prune(self, *, before: float, existing: Collection[str]) -> int:
        """Erase what is of a time before, beyond the most, or of collections that are no more.

        Returns how many questions were erased.
        """
        with self.database.write() as connection:
            old = connection.execute(
                "DELETE FROM questions WHERE asked < ? OR number <= (SELECT MAX(number) FROM questions) - ?",
                (before, self._most),
            ).rowcount
            connection.execute("DELETE FROM answered WHERE day < ?", (int(before // _DAY),))
        gone = self._erase(lambda name: name not in existing)
        if old and not gone:
            self.database.cleanse()
        return old + gone

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def _erase(self, is_erased: Callable[[str], bool]) -> int:
        """Erase all of the collections of whose names this is true; returns how many questions."""
        erased = rows = 0
        with self.database.write() as connection:
            for (name,) in connection.execute(_COLLECTIONS).fetchall():
                if is_erased(name):
                    done = [connection.execute(one, (name,)).rowcount for one in _DELETIONS]
                    erased, rows = erased + done[0], rows + sum(done)
        if rows:
            self.database.cleanse()
        return erased


class KeptQuestions(BackgroundThread):
    """Keeps questions and counts of answers. A thread writes, so that no question waits for the disk.

    They are kept for ``keep_days`` of all collections, or, where that is 0, for :data:`KEEP_DAYS` of those
    that are turned on: without any there is no file. ``collections`` returns the names of all that there are.
    """

    thread_name = "loccit-unanswered"

    def __init__(
        self, data: Path, *, store: str, keep_days: float, collections: Callable[[], list[str]]
    ) -> None:
        super().__init__()
        self._data = data
        self._url = store
        self.is_for_all = keep_days > 0
        self.days = keep_days or KEEP_DAYS
        self._collections = collections
        self._lock = threading.Lock()
        self._opened: QuestionStore | None = None
        self._kept: frozenset[str] = frozenset()
        self._waiting: deque[AskedQuestion] = deque(maxlen=_MOST_WAITING)
        self._answers: deque[GivenAnswer] = deque(maxlen=_MOST_WAITING)
        self._looked = self._upkept = float("-inf")

    def close(self) -> None:
        """Write what was added, stop the thread, and close the store."""
        self.stop()
        if self._opened is not None:
            self._opened.close()

    def is_kept(self, collection: str) -> bool:
        """Tell whether questions of a collection are kept, as of some seconds ago; does not block."""
        return self.is_for_all or collection in self._kept

    def note(self, question: AskedQuestion) -> bool:
        """Keep a question that is not answered well, or was judged; returns whether. Never waits."""
        is_wanted = question.probability < UNCERTAIN or bool(question.verdict)
        if is_wanted and self.is_kept(question.collection):
            self._waiting.append(question)
            return True
        return False

    def note_answer(self, answer: GivenAnswer) -> None:
        """Count an answer of a document. Never waits."""
        if self.is_kept(answer.collection):
            self._answers.append(answer)

    def keep(self, collection: str) -> None:
        """Keep the questions of a collection from now on; blocks."""
        self._store().keep(collection)
        self._look()

    def forget(self, collection: str) -> None:
        """Keep no more questions of a collection, and erase those that were kept; blocks."""
        if (store := self.store()) is not None:
            self.write()
            store.clear([collection])
            self._look()

    def store(self) -> QuestionStore | None:
        """The store; None where nothing was ever kept. Blocks."""
        is_there = self._opened or self.is_for_all or has_questions(self._data, store=self._url)
        return self._store() if is_there else None

    def upkeep(self) -> None:
        """Write what waits, and erase what is kept no longer; blocks."""
        self.write()
        if (store := self.store()) is not None:
            store.prune(before=time.time() - self.days * _DAY, existing=self._collections())
        self._upkept = time.monotonic()

    def _store(self) -> QuestionStore:
        with self._lock:
            if self._opened is None:
                self._opened = open_question_store(self._data, store=self._url)
            return self._opened

    def _look(self) -> None:
        store = self.store()
        self._kept = frozenset() if store is None else frozenset(store.kept())
        self._looked = time.monotonic()

    def write(self) -> None:
        """Write what waits, so that the store has it; blocks."""
        questions, answers = _taken(self._waiting), _taken(self._answers)
        if not (questions or answers) or (store := self.store()) is None:
            return
        kept = store.kept()  # another process may have turned it off
        if questions := [one for one in questions if self.is_for_all or one.collection in kept]:
            store.add(questions)
        if answers := [one for one in answers if self.is_for_all or one.collection in kept]:
            store.count(answers)

    def _run(self) -> None:
        while True:
            self._try_upkeep()
            if self._stopped.wait(_PAUSE_SECONDS):
                break
        self._try_upkeep()

    def _try_upkeep(self) -> None:
        try:
            self.write()
            now = time.monotonic()
            if now > self._looked + _LOOK_SECONDS:
                self._look()
            if now > self._upkept + _UPKEEP_SECONDS:
                self.upkeep()
        except LoccitError as error:
            log.warning("Questions could not be kept: %s", error.message)


def _taken(waiting: deque[Item]) -> list[Item]:
    """Take what waits; another thread may take of it, too."""
    some = []
    with suppress(IndexError):
        while True:
            some.append(waiting.popleft())
    return some


def open_question_store(data: Path, *, store: str = "", most: int = MOST) -> QuestionStore:
    """The store of a data folder, a file that only its owner can read, or of the database at a URL."""
    if store:
        from index.postgresql import Compatible

        migrations = (_FIRST_MIGRATION, Compatible(_SECOND_MIGRATION))
        return QuestionStore(PostgresqlDatabase(store, "questions", migrations), most=most)
    path = data / FILE
    if not path.exists():
        path.touch(_OWNER_ONLY)
    database = SqliteDatabase(path)
    prepare_database(database, lambda connection: prepare(connection, path))
    _take_over(data / _FORMER_FILE, database)
    return QuestionStore(database, most=most)


def _take_over(former: Path, database: SqliteDatabase) -> None:
    """Move what the file of an earlier version has: what people ask is kept for no longer than is said."""
    if not former.exists():
        return
    questions, kept = [], []
    with suppress(sqlite3.Error), closing(sqlite3.connect(former)) as connection:  # damaged: it is removed
        questions = connection.execute(
            "SELECT asked, collection, question, probability, verdict, reason, groups FROM gaps"
            " ORDER BY number"
        ).fetchall()
        kept = connection.execute("SELECT collection, since FROM kept").fetchall()
    with database.write() as connection:
        if former.exists():  # else another process was faster
            connection.executemany(_INSERT, questions)
            connection.executemany("INSERT INTO kept VALUES (?, ?) ON CONFLICT DO NOTHING", kept)
            for ending in ("-wal", "-shm", ""):
                former.with_name(f"{former.name}{ending}").unlink(missing_ok=True)


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables of a new file, or what one of an earlier version lacks, in a write transaction."""
    create_tables(connection, path, _TABLES, number=_FORMAT)
    columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(questions)")}
    for statement in (*(() if "verdict" in columns else _LATER_COLUMNS), *_LATER_TABLES):
        connection.execute(statement)
    cover(connection, _WHOLE)


def has_questions(data: Path, *, store: str = "") -> bool:
    """True if there may be questions. Creates no store."""
    return bool(store) or any((data / name).exists() for name in (FILE, _FORMER_FILE))
