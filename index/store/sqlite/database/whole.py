"""Indexes that hold whole rows, so that damage of a row is noticed.

SQLite has checksums for nothing but its log. A check compares each index with its table, column for column:
whatever an index has of a row is there twice, and two copies that differ tell of damage. Rows that nothing
else can be compared with therefore have an index of all their columns.
"""

import re
import sqlite3
from collections.abc import Mapping

_END = "_whole"


def whole_index(table: str, columns: str) -> str:
    """The statement that makes the index of a table, if there is none.

    Columns that another index of the table has, or its primary key, may be left out.
    """
    return f"CREATE INDEX IF NOT EXISTS {table}{_END} ON {table} ({columns})"


def is_whole_index(name: str) -> bool:
    """Whether this names such an index; that of a table that an upgrade made has a number at its end."""
    return re.sub(r"_\d+$", "", name).endswith(_END)


def cover(connection: sqlite3.Connection, columns: Mapping[str, str]) -> None:
    """Make the indexes of tables, where there are none: the columns of each, by its name."""
    for table, listed in columns.items():
        connection.execute(whole_index(table, listed))
