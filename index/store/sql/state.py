"""The state of a record, and the marks of its changes.

Change numbers repeat when an older copy of the database is put back and written again. Each change therefore
has a random token, the record a random store id, and an epoch that is renewed when a backup is restored: what
is derived from the record can tell whether it belongs to the changes that the record has.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.records import Mark, Notice

if TYPE_CHECKING:
    from index.store.sql.statements import Statements

TOKEN_BYTES = 8
ACCESS = "access"
"""The value that marks those who may read the record."""
OBJECTS = "objects"
"""The value that names the folder of a copy in a place for originals."""


@dataclass(frozen=True, slots=True)
class State:
    """The last change, what names the record, its totals, and the last change that erased something.

    ``generation`` counts the exchanges by upgrades, ``original_bytes`` the bytes of originals that are kept.
    ``is_standby``: it was read from one, whose last change may be an earlier one.
    """

    change: int
    store: str
    epoch: str
    generation: int
    erased: int
    original_bytes: int
    documents: int
    passages: int
    waiting: int
    characters: int
    is_standby: bool = False

    def notice(self, since: int) -> Notice:
        """Report what was committed after change ``since``."""
        return Notice(self.change, self.erased > since, self.generation)


def begin_epoch(statements: Statements) -> None:
    """Begin an epoch, so that everything derived from the record before is invalid."""
    statements.put_value("epoch", random_name())


def random_name() -> str:
    """A name that nothing has: 32 hexadecimal digits."""
    return os.urandom(16).hex()


class Marks:
    """The marks of changes as one snapshot sees them; reads each token once."""

    def __init__(self, statements: Statements, state: State) -> None:
        self._statements = statements
        self._state = state
        self._tokens: dict[int, str] = {}

    def of(self, change: int) -> Mark:
        """Return the mark of a change that was committed."""
        if change not in self._tokens:
            # Whoever asks about an earlier change wants that of the snapshot next.
            wanted = (change, self._state.change)
            rows = self._statements.rows("SELECT number, token FROM changes WHERE number IN (?, ?)", wanted)
            self._tokens |= dict.fromkeys(wanted, "") | {number: token.hex() for number, token in rows}
        return Mark(change, self._state.store, self._state.epoch, self._tokens[change])

    def include(self, derived: Mark) -> bool:
        """Whether the change that a mark identifies is in the history of this record.

        A mark without a store is of an index made before format 4 of SQLite's files. It is believed when its
        change is from before the file got that format, too: such changes have no token.
        """
        if derived.change == 0:
            return True
        if derived.change > self._state.change:
            return False
        own = self.of(derived.change)
        return own == derived or (not derived.store and not own.token)
