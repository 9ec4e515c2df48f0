"""Number the changes of a record, and identify each.

Change numbers repeat when an older copy of the file is put back and written again. Each change therefore has
a random token, the file a random store id, and an epoch that is renewed when a backup is restored: what is
derived from the file can tell whether it belongs to the changes that the file has.
"""

from __future__ import annotations

import os
import sqlite3

from index.records import Mark
from index.store.sqlite.state import State

_TOKEN_BYTES = 8
_ACCESS = "access"
"""The key in ``meta`` of the access mark."""
TABLE = "CREATE TABLE changes (number INTEGER PRIMARY KEY, token BLOB NOT NULL)"
"""One row for each change since the file has format 4."""


def begin(connection: sqlite3.Connection) -> int:
    """Begin the next change, inside a write transaction; returns its number."""
    (change,) = connection.execute(
        "UPDATE meta SET value = value + 1 WHERE key = 'change' RETURNING value"
    ).fetchone()
    connection.execute("INSERT INTO changes VALUES (?, ?)", (change, os.urandom(_TOKEN_BYTES)))
    return int(change)


def name_store(connection: sqlite3.Connection) -> None:
    """Give the file its store id and its first epoch."""
    connection.execute("INSERT INTO meta VALUES ('store', ?), ('epoch', ?)", (_random(), _random()))


def begin_epoch(connection: sqlite3.Connection) -> None:
    """Begin an epoch, so that everything derived from the file before is invalid."""
    connection.execute("UPDATE meta SET value = ? WHERE key = 'epoch'", (_random(),))


class Marks:
    """The marks of changes as one snapshot sees them; reads each token once."""

    def __init__(self, connection: sqlite3.Connection, state: State) -> None:
        self._connection = connection
        self._state = state
        self._tokens: dict[int, str] = {}

    def of(self, change: int) -> Mark:
        """Return the mark of a change that was committed."""
        if change not in self._tokens:
            # Whoever asks about an earlier change wants that of the snapshot next.
            wanted = (change, self._state.change)
            query = "SELECT number, token FROM changes WHERE number IN (?, ?)"
            found = {number: token.hex() for number, token in self._connection.execute(query, wanted)}
            self._tokens |= dict.fromkeys(wanted, "") | found
        return Mark(change, self._state.store, self._state.epoch, self._tokens[change])

    def include(self, derived: Mark) -> bool:
        """Whether the change that a mark identifies is in the history of this file.

        A mark without a store is of an index made before format 4. It is believed when its change is from
        before the file got that format, too: such changes have no token.
        """
        if derived.change == 0:
            return True
        if derived.change > self._state.change:
            return False
        own = self.of(derived.change)
        return own == derived or (not derived.store and not own.token)


def access_mark(connection: sqlite3.Connection) -> str:
    """Return the mark of those who may read the file; empty if it has none."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_ACCESS,)).fetchone()
    return str(row[0]) if row else ""


def set_access_mark(connection: sqlite3.Connection, mark: str) -> None:
    """Replace it, inside a write transaction."""
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_ACCESS, mark))


def _random() -> str:
    return os.urandom(16).hex()
