"""Staging in one SQLite file."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from index.store.rows.cache import Memory
from index.store.sql import staging, totals as counted
from index.store.sql.snapshots import SqlSnapshot
from index.store.sql.staging import EXCHANGED, STAGED
from index.store.sql.statements import Statements
from index.store.sql.upgrading import SqlStaging, StagedSnapshot
from index.store.sqlite import totals
from index.store.sqlite.database import Database
from index.store.sqlite.statements import SqliteStatements

_DESCRIPTION = "description"
_VIEWS = "".join(f"CREATE TEMP VIEW {name} AS SELECT * FROM main.{STAGED}{name};" for name in EXCHANGED)
"""A connection with these reads the staged passages and vectors where others read those in use."""
_VERSIONS = "CREATE TABLE staged_versions (version INTEGER PRIMARY KEY, latest INTEGER NOT NULL)"
_TABLE = re.compile(r'CREATE TABLE "?(\w+)"?')
_INDEX = re.compile(r'CREATE INDEX "?(\w+?)(?:_\d+)?"? ON "?(\w+)"?')


def description(statements: Statements) -> dict[str, Any] | None:
    """Return the description of the passages in use, which is stored from the first upgrade on."""
    stored = statements.value(_DESCRIPTION)
    return None if stored is None else json.loads(stored)


class SqliteStaging(SqlStaging):
    """Implements :class:`index.protocols.Staging`."""

    def __init__(self, database: Database, path: Path) -> None:
        """Use :meth:`index.store.sqlite.SqliteStore.staging`."""
        self._database = database
        self._path = path

    @contextmanager
    def _read(self) -> Iterator[SqliteStatements]:
        with self._database.read(lasting=True) as connection:
            yield SqliteStatements(connection)

    @contextmanager
    def _write(self) -> Iterator[SqliteStatements]:
        with self._database.write() as connection:
            yield SqliteStatements(connection)

    def _create(self, statements: Statements, current: Mapping[str, Any]) -> None:
        _describe(statements, current)
        for statement in _like_those_in_use(statements):
            statements.execute(statement)
        statements.execute(_VERSIONS)
        # Ids are not used again: jobs remember the last one that was theirs.
        statements.execute(
            "INSERT INTO sqlite_sequence (name, seq) VALUES ('staged_passages', ?)",
            (statements.last_passage(),),
        )

    def _exchange(self, statements: Statements, wanted: Mapping[str, Any]) -> None:
        totals.unwatch(statements, "passages")
        staging.rename(statements)
        totals.watch(statements, "passages")
        counted.restore(statements)
        _describe(statements, wanted)

    @contextmanager
    def _staged(self) -> Iterator[SqlSnapshot]:
        views = Database(self._path, create=False, views=_VIEWS, is_mapped=True)
        with closing(views) as staged, staged.read(lasting=True) as connection:
            yield StagedSnapshot(SqliteStatements(connection), Memory())


def _describe(statements: Statements, description: Mapping[str, Any]) -> None:
    statements.put_value(_DESCRIPTION, json.dumps(dict(description)))


def _like_those_in_use(statements: Statements) -> list[str]:
    """Return statements that make empty tables and indexes like those in use, of whatever format."""
    made = []
    number = statements.read_state().generation + 1
    for name in EXCHANGED:
        rows = statements.rows(
            "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type IN ('table', 'index')"
            " AND sql IS NOT NULL ORDER BY type DESC",
            (name,),
        )
        for (sql,) in rows:
            table = _TABLE.sub(rf"CREATE TABLE {STAGED}\1", sql, count=1)
            made.append(_INDEX.sub(rf"CREATE INDEX \1_{number} ON {STAGED}\2", table, count=1))
    return made
