"""Formats of tables, and admission of sessions to those that their process can use.

Each schema has a table ``formats``: the format of each of its components, and the oldest format whose code
can work with the tables. A session shares an advisory lock for each component that it uses, whose key has the
newest format that its process knows. A migration after which older code cannot work takes the locks of the
older formats for itself: no session of an older process is there then, and none begins until it is
committed. The server releases a session's locks however it ends.
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from index.errors import UnknownFormat
from index.postgresql.locks import HELD, lock_key
from index.postgresql.sessions import Session
from index.postgresql.transactions import Transaction

_HOLDERS = f"""
SELECT DISTINCT application_name, client_addr FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE mode = 'ShareLock'
    AND EXISTS (SELECT FROM unnest(%s::bigint[]) AS wanted WHERE {HELD.format(key="wanted")})
ORDER BY application_name
"""


@dataclass(frozen=True, slots=True)
class TableFormat:
    """The format of a component's tables (0: there are none), and the oldest that can work with them."""

    number: int
    oldest: int

    def require_usable(self, schema: str, component: str, known: int) -> None:
        """Raise :class:`index.errors.UnknownFormat` unless code of the format ``known`` can work with it."""
        if self.oldest > known:
            reach = (
                "" if self.oldest == self.number else f", which code of formats from {self.oldest} on can use"
            )
            raise UnknownFormat(
                f"The tables of {component!r} in the schema {schema!r} have format {self.number}{reach}, and "
                f"this program reads formats up to {known}. Start the version of the program that wrote "
                "them, or a newer one, or restore a backup made before they were upgraded."
            )

    def require_known(self, schema: str, component: str, known: int) -> None:
        """Raise :class:`index.errors.UnknownFormat` if it is later than the format ``known``."""
        if self.number > known:
            raise UnknownFormat(
                f"The tables of {component!r} in the schema {schema!r} have format {self.number}, and this "
                f"program knows formats up to {known}: it would leave out what came later. Use the version "
                "of the program that wrote them, or a newer one."
            )


def read_format(transaction: Transaction, schema: str, component: str) -> TableFormat:
    """Return the format of a component's tables."""
    row = transaction.row(
        "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = %s AND tablename = 'formats')", (schema,)
    )
    if row is not None and row[0]:
        row = transaction.row(
            # Tables that an early version made have no column for the oldest.
            "SELECT format, COALESCE((to_jsonb(f) ->> 'oldest')::integer, format)"
            f' FROM "{schema}".formats f WHERE component = %s',
            (component,),
        )
        if row is not None:
            return TableFormat(*row)
    return TableFormat(0, 0)


def lock_of(component: str, known: int) -> int:
    """Return the key of the lock that sessions share whose process knows this format of a component."""
    return lock_key("formats", f"{component}/{known}")


def holders(transaction: Transaction, keys: Collection[int]) -> list[str]:
    """Return the names of the processes that share one of these locks."""
    return [str(name) for name, _ in transaction.rows(_HOLDERS, (list(keys),))]


@dataclass(slots=True)
class _Session:
    """The locks that a session shares, and the schemas to which it was admitted."""

    locks: set[int] = field(default_factory=set)
    admitted: dict[str, Mapping[str, int]] = field(default_factory=dict)


class Admission:
    """Admits sessions to tables that the process has open, while its code can work with them. Thread-safe."""

    def __init__(self) -> None:
        self._opening = threading.Lock()
        self._known: dict[str, Mapping[str, int]] = {}
        """By schema, the newest format that the process knows of each component that it has open."""
        self._locks: frozenset[int] = frozenset()
        """Of all of these: a session shares them whatever it uses."""
        self._sessions: WeakKeyDictionary[Session, _Session] = WeakKeyDictionary()
        self._usable: dict[str, bool] = {}
        """By schema that sessions were admitted to, whether the last one was."""

    @property
    def has_lost_tables(self) -> bool:
        """Whether a newer version has changed open tables so that this process cannot use them.

        Known once a session was refused; sessions that were there before a change do not allow it.
        """
        return not all(self._usable.copy().values())

    def known(self) -> Mapping[str, Mapping[str, int]]:
        """The newest format that the process knows of each component, by schema, that it has open."""
        with self._opening:
            return dict(self._known)

    def open(self, schema: str, component: str, known: int) -> None:
        """Let sessions use a component whose newest known format is this: each is admitted before it does."""
        with self._opening:
            before = self._known.get(schema, {})
            if before.get(component) != known:
                self._locks |= {lock_of(component, known)}
                self._known[schema] = {**before, component: known}

    def announce(self, connection: Session) -> None:
        """Let a new session share the locks that nobody has for itself now. Raises what psycopg raises."""
        if locks := sorted(self._locks):
            calls = ", ".join(f"pg_try_advisory_lock_shared({lock})" for lock in locks)
            shared = connection.execute(f"SELECT {calls}").fetchone() or ()
            self._session(connection).locks.update(
                lock for lock, is_shared in zip(locks, shared, strict=True) if is_shared
            )

    def admit(self, connection: Session, schema: str) -> None:
        """Share the locks of all that is open; call it before the session uses a schema.

        Outside a transaction. Raises :class:`index.errors.UnknownFormat`, and what psycopg raises.
        """
        known = self._known.get(schema)
        if known is None:
            return
        session = self._session(connection)
        if session.admitted.get(schema) is known:
            return
        if missing := self._locks - session.locks:
            calls = ", ".join(f"pg_advisory_lock_shared({lock})" for lock in sorted(missing))
            connection.execute(f"SELECT {calls}")
            session.locks |= missing
        # After the locks: whoever migrated before has committed, and nobody does now.
        reading, is_there = Transaction(connection, None), True
        for component, newest in known.items():
            found = read_format(reading, schema, component)
            try:
                found.require_usable(schema, component, newest)
            except UnknownFormat:
                if schema in self._usable:
                    self._usable[schema] = False
                raise
            is_there = is_there and found.number > 0
        if is_there:
            session.admitted[schema] = known
            self._usable[schema] = True

    def close(self, schema: str) -> None:
        """Note that the process has closed tables: a later change of them is no loss."""
        if schema in self._usable:
            self._usable[schema] = True

    def _session(self, connection: Session) -> _Session:
        return self._sessions.setdefault(connection, _Session())
