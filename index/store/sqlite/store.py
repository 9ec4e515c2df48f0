"""Record store in one SQLite file."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from index.errors import DiskFull, DiskReadOnly, StoreDamaged
from index.file_leases import FileLeases
from index.records import Problem
from index.store.sqlite import checking, migrations
from index.store.sqlite.database import Database, check_journal, check_size
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
        return checking.damage(statements.connection)

    def _make_indexes_anew(self, statements: SqliteStatements) -> None:
        checking.make_indexes_anew(statements.connection)

    def staging(self) -> SqliteStaging:
        """The staging area of an upgrade."""
        return SqliteStaging(self._database, self._database.path)
