"""The marks of changes.

Change numbers repeat when an older copy of the database is put back and written again. Each change therefore
has a random token, the record a random store id, and an epoch that is renewed when a backup is restored: what
is derived from the record can tell whether it belongs to the changes that the record has.
"""

from index.records import Mark
from index.store.sql.state import State, random_name
from index.store.sql.statements import Statements


def begin_epoch(statements: Statements) -> None:
    """Begin an epoch, so that everything derived from the record before is invalid."""
    statements.put_value("epoch", random_name())


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
