"""Record store in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

from index.errors import DiskFull, DiskReadOnly, StoreDamaged
from index.file_leases import FileLeases
from index.records import Problem
from index.store.sqlite import migrations
from index.store.sqlite.database import Database, check_journal, check_size, is_whole_index, schemas
from index.store.sqlite.migrations import migrate
from index.store.sqlite.record import SqliteRecord
from index.store.sqlite.statements import SqliteStatements
from index.store.sqlite.upgrading import SqliteStaging


class SqliteStore(SqliteRecord):
    """Implements :class:`index.protocols.RecordStore`. Every write is one transaction with one change number.

    Leases are lock files beside the database, which the system releases when a process dies. Methods raise
    :class:`index.errors.StoreDamaged`, :class:`index.errors.CollectionBusy` and
    :class:`index.errors.UnknownFormat`.
    """

    def __init__(self, path: Path, *, create: bool = True) -> None:
        """``create``: make the file, or its tables, if there are none; otherwise that is damage."""
        check_journal(path)
        check_size(path)
        # Another process, of a newer version, may migrate the file while it is open here.
        self._database = Database(
            path, create=create, check=partial(migrations.require_known, path), is_mapped=True
        )
        super().__init__(self._database, FileLeases(path.parent))
        try:
            self._migrate(path, create=create)
        except BaseException:
            self.close()
            raise

    def _migrate(self, path: Path, *, create: bool) -> None:
        try:
            with self._database.write() as connection:
                migrations.migrate(connection, path, create=create)
        except (DiskFull, DiskReadOnly):
            with self._database.read() as connection:
                if not migrations.is_newest(connection):
                    raise

    def problems(
        self, dimension: int, progress: Callable[[int, int], None] = lambda *_: None
    ) -> Iterator[Problem]:
        """Check the file and every invariant; see :class:`index.protocols.RecordStore`."""
        try:
            yield from super().problems(dimension, progress)
        except StoreDamaged as error:
            yield Problem("store_damaged", "store", error.message)

    def _damage(self, statements: SqliteStatements) -> list[Problem]:
        return damage(statements.connection)

    def _make_indexes_anew(self, statements: SqliteStatements) -> None:
        make_indexes_anew(statements.connection)

    def staging(self) -> SqliteStaging:
        """The staging area of an upgrade."""
        return SqliteStaging(self._database, self._database.path)


# Check the pages, indexes and tables of a store file, and make its indexes anew.


_MOST = 100
"""Problems that SQLite's own check reports at most."""
_OF_AN_INDEX = ("missing from index", "wrong # of entries in index", "non-unique entry in index")
_RESTORE = "Restore a backup."


def damage(connection: sqlite3.Connection) -> list[Problem]:
    """Find the damage of the file and of its tables: no query can be trusted then."""
    return [*_of_the_file(connection), *_of_the_schema(connection)]


def make_indexes_anew(connection: sqlite3.Connection) -> None:
    """Make all indexes anew but those of whole rows: nobody knows which copy of a row is the right one."""
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'").fetchall()
    for (name,) in names:
        if not is_whole_index(name):
            connection.execute(f'REINDEX "{name}"')


def _of_the_schema(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Yield what differs from the tables of this format. A copy and an upgrade have tables beside them."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        migrate(new, Path("store.sqlite"), create=True)
        expected = schemas.described(new)
    try:
        found = {one for one in schemas.described(connection) if not _is_beside(str(one[1]))}
        wrong = schemas.sequence_damage(connection)
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        yield Problem("store_damaged", "store", f"{error}. {_RESTORE}")
        return
    if differing := sorted({" ".join(map(str, one[:3])) for one in found ^ expected}):
        wrong = f"its tables are not those of this program ({', '.join(differing[:3])})"
    if wrong:
        yield Problem("store_damaged", "store", f"{wrong}. {_RESTORE}")


def _is_beside(table: str) -> bool:
    return table == "copying" or table.startswith(("staged_", "replaced_"))


def _of_the_file(connection: sqlite3.Connection) -> Iterator[Problem]:
    """Yield the damage that SQLite finds in its pages and indexes."""
    try:
        found = [message for (message,) in connection.execute(f"PRAGMA integrity_check({_MOST})").fetchall()]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    for message in found:
        if message == "ok":
            continue
        if is_whole_index(message.rpartition(" ")[2]):
            yield Problem("store_damaged", "store", f"{message}: a row differs from its copy. {_RESTORE}")
        elif any(words in message for words in _OF_AN_INDEX):
            yield Problem("store_index_damaged", "store", f"{message}. Repair it.", is_repairable=True)
        else:
            yield Problem("store_damaged", "store", f"{message}. {_RESTORE}")
