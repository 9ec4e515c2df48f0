"""Formats of database files: a number in the file, by which a later one is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from index.errors import UnknownFormat


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
