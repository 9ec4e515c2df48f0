"""The state of a record: rows of ``meta``, read by one statement at the beginning of each snapshot."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from index.records import Notice
from index.store.rows.damage import undecodable

_QUERY = """
SELECT (SELECT value FROM meta WHERE key = 'change'),
       (SELECT value FROM meta WHERE key = 'store'),
       (SELECT value FROM meta WHERE key = 'epoch'),
       COALESCE((SELECT value FROM meta WHERE key = 'generation'), 0),
       (SELECT value FROM meta WHERE key = 'erased'),
       (SELECT value FROM meta WHERE key = 'original_bytes')
"""


@dataclass(frozen=True, slots=True)
class State:
    """The last change, what names the record, and the last change that erased something.

    ``generation`` counts the exchanges by upgrades, ``original_bytes`` the bytes of originals that are kept.
    """

    change: int
    store: str
    epoch: str
    generation: int
    erased: int
    original_bytes: int

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> State:
        """Read it. Raises :class:`index.errors.StoreDamaged`."""
        row = connection.execute(_QUERY).fetchone()
        if None in row:
            raise undecodable("rows of the state")
        change, store, epoch, generation, erased, original_bytes = row
        return cls(int(change), str(store), str(epoch), int(generation), int(erased), int(original_bytes))

    def notice(self, since: int) -> Notice:
        """Report what was committed after change ``since``."""
        return Notice(self.change, self.erased > since, self.generation)
