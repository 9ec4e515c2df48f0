"""Make the tables, indexes and triggers of a file, and compare those it has with them.

Their definitions are text in the file, which SQLite reads again with each connection. A definition that was
damaged may still be one, of something else.
"""

import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from index.errors import DiskFull, DiskReadOnly, LoccitError, UnknownFormat
from index.store.sqlite.database.connections import Database

Prepare = Callable[[sqlite3.Connection], object]
"""Makes the tables of a new file, and brings those of an older one up to date."""

BESIDE = "inventory"
"""A table that any file may have: by what the data folder that it belongs to knows it."""
_DEFINED = "FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
_NUMBERED = re.compile(r"_\d+$")
"""End of the name of an index of a table that an upgrade made."""


def create_tables(
    connection: sqlite3.Connection, path: Path, statements: Iterable[str], *, number: int
) -> None:
    """Create the tables of a new file, of the format with this number, in a write transaction.

    Raises :class:`index.errors.UnknownFormat` for a file of a later format.
    """
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > number:
        raise UnknownFormat(
            f"{path} is of format {found}, and this program knows format {number}. Start the version of "
            "Loccit that wrote it."
        )
    if found == 0:
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")


def prepare_database(database: Database, prepare: Prepare) -> None:
    """Prepare the tables of a file. On a disk that is full or read-only they must be there already.

    Otherwise raises :class:`index.errors.DiskFull`, :class:`index.errors.DiskReadOnly`.
    """
    try:
        with database.write() as connection:
            prepare(connection)
    except (DiskFull, DiskReadOnly):
        with database.read() as connection:
            if schema_damage(connection, prepare) or _differs(connection, prepare):
                raise


def _differs(connection: sqlite3.Connection, prepare: Prepare) -> bool:
    """True if a file needs a migration: it is of an earlier version, or has no tables."""
    with _in_memory() as new:
        prepare(new)
        return described(connection) != described(new)


def schema_damage(connection: sqlite3.Connection, prepare: Prepare) -> str:
    """Describe the damage of the definitions in a file, perhaps of an earlier format; empty if none."""
    (number,) = connection.execute("PRAGMA user_version").fetchone()
    try:
        with _in_memory() as copy, _in_memory() as new:
            for (statement,) in connection.execute(f"SELECT sql {_DEFINED} ORDER BY rowid").fetchall():
                copy.execute(statement)
            copy.execute(f"PRAGMA user_version = {int(number)}")
            found, told = _objects(connection), _objects(copy)
            prepare(copy)
            prepare(new)
            differing = (found ^ told) or (described(copy) ^ described(new))
    except (sqlite3.Error, UnicodeDecodeError, LoccitError) as error:
        return f"its tables are not those of this program ({error})"
    return f"its tables are not those of this program ({_names(differing)})" if differing else ""


def sequence_damage(connection: sqlite3.Connection) -> str:
    """Describe the damage of the last numbers that a file remembers; empty if none.

    Nothing can be compared with one that is too high. It does no harm: some numbers are never given.
    """
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone():
        return ""
    for name, last in connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall():
        try:
            (highest,) = connection.execute(f"SELECT COALESCE(MAX(rowid), 0) FROM {_quoted(name)}").fetchone()
        except sqlite3.Error:
            return f"it remembers the last number of {name!r}, which it does not have"
        if not isinstance(last, int) or last < highest:
            return f"it remembers {last!r} as the last number of {name!r}, which is {highest}"
    return ""


def described(connection: sqlite3.Connection) -> set[tuple[object, ...]]:
    """The columns, indexes and triggers of all tables, without the comments and spaces in their text."""
    found: set[tuple[object, ...]] = set()
    for _, name, kind, _, without_rowid, strict in connection.execute("PRAGMA main.table_list").fetchall():
        if kind != "table" or name.startswith("sqlite_") or name == BESIDE:
            continue
        found.add(("table", name, without_rowid, strict))
        columns = connection.execute(f"PRAGMA main.table_xinfo({_quoted(name)})").fetchall()
        found |= {("column", name, *column[1:]) for column in columns}
        for _, index, unique, origin, partial in connection.execute(
            f"PRAGMA main.index_list({_quoted(name)})"
        ).fetchall():
            keys = connection.execute(f"PRAGMA main.index_xinfo({_quoted(index)})").fetchall()
            own = _NUMBERED.sub("", index)
            found.add(("index", name, own, unique, origin, partial, *(tuple(key[2:]) for key in keys)))
    triggers = connection.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'")
    return found | {("trigger", name, table, " ".join(sql.split())) for name, table, sql in triggers}


def _objects(connection: sqlite3.Connection) -> set[tuple[object, ...]]:
    rows = connection.execute(
        "SELECT type, name, tbl_name, sql IS NULL FROM sqlite_master WHERE name <> 'sqlite_sequence'"
    )
    return set(rows.fetchall())


def _names(differing: set[tuple[object, ...]]) -> str:
    return ", ".join(sorted({" ".join(map(str, one[:3])) for one in differing})[:3])


def _quoted(name: object) -> str:
    return '"' + str(name).replace('"', '""') + '"'


def _in_memory() -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(":memory:", isolation_level=None))
