"""The job store in one SQLite file."""

from __future__ import annotations

from pathlib import Path

from index.store.sqlite import Database, prepare_database
from service.state.databases import Connection
from service.state.databases.announcing import Unannounced
from service.state.jobs.sql import SqlJobStore
from service.state.jobs.sqlite import schema
from service.state.jobs.sqlite.session import FileSession


class SqliteJobStore(Unannounced, SqlJobStore):
    """Jobs in a file. The process that runs them locks ``.lock`` beside it."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock_path = path.with_suffix(".lock")
        database = Database(path)
        prepare_database(database, lambda connection: schema.prepare(connection, path))
        super().__init__(database)

    def open_session(self) -> FileSession | None:
        return FileSession.open(self, self._lock_path)

    def _serialize_upgrades(self, connection: Connection) -> None:
        """Nothing is to be done: one transaction writes at a time."""
