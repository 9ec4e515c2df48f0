"""The state of a record: one row, which is read with the beginning of each transaction; and its changes.

Change numbers repeat when an older copy of the database is put back and written again. Each change therefore
has a random token, the record a random store id, and an epoch that is renewed when a backup is restored.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from index.errors import StoreDamaged
from index.postgresql import Row, Transaction
from index.records import Mark

CHANNEL = "loccit_changes"
"""Notified of each change, and when a collection is made, deleted or renamed, with its schema."""
_TOKEN_BYTES = 8
# By the index, for the table has a hundred pages of dead rows after many writes.
QUERY = (
    "SELECT change, store, epoch, generation, documents, passages, waiting, characters, original_bytes,"
    " erased, pg_is_in_recovery() FROM state WHERE is_only"
)
WATCHED = "SELECT change, erased, generation, pg_is_in_recovery() FROM state WHERE is_only"
"""The query that is read with each statement outside a transaction."""
WATCHED_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class State:
    """The last change, what names the record, its totals, and the last change that erased something.

    ``is_standby``: it was read from one, whose last change may be an earlier one.
    """

    change: int
    store: str
    epoch: str
    generation: int
    documents: int
    passages: int
    waiting: int
    characters: int
    original_bytes: int
    erased: int
    is_standby: bool

    @classmethod
    def of(cls, row: Row | None) -> State:
        """Make it of the row of :data:`QUERY`."""
        if row is None:
            raise StoreDamaged("The state of the record is missing. Restore a backup.")
        return cls(*row)


def begin_change(transaction: Transaction) -> int:
    """Begin the next change; returns its number. All who follow are told when the transaction commits."""
    row = transaction.row(
        "WITH next AS (UPDATE state SET change = change + 1 RETURNING change)"
        " INSERT INTO changes SELECT change, %s FROM next"
        " RETURNING number, pg_notify(%s, current_schema())",
        (os.urandom(_TOKEN_BYTES), CHANNEL),
    )
    return int(row[0]) if row else 0


def begin_epoch(transaction: Transaction) -> None:
    """Begin an epoch, so that everything derived from the record before is invalid."""
    transaction.execute("UPDATE state SET epoch = %s", (os.urandom(16).hex(),))


class Marks:
    """The marks of changes as one snapshot sees them; reads each token once."""

    def __init__(self, transaction: Transaction, state: State) -> None:
        self._transaction = transaction
        self._state = state
        self._tokens: dict[int, str] = {}

    def of(self, change: int) -> Mark:
        """Return the mark of a change that was committed."""
        if change not in self._tokens:
            # Whoever asks about an earlier change wants that of the snapshot next.
            wanted = [change, self._state.change]
            rows = self._transaction.rows(
                "SELECT number, token FROM changes WHERE number = ANY(%s)", (wanted,)
            )
            self._tokens |= dict.fromkeys(wanted, "") | {number: token.hex() for number, token in rows}
        return Mark(change, self._state.store, self._state.epoch, self._tokens[change])

    def include(self, derived: Mark) -> bool:
        """Whether the change that a mark identifies is in the history of this record."""
        if derived.change == 0:
            return True
        return derived.change <= self._state.change and self.of(derived.change) == derived
