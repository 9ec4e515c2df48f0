"""The store of limits in PostgreSQL."""

import time
from collections.abc import Sequence

from service.state.databases.postgresql import PostgresqlDatabase
from service.state.limits.counting import MOST_CALLERS, Due, Spent
from service.state.limits.protocols import KEPT_SECONDS

_LIMITS = """
    CREATE UNLOGGED TABLE limits (
        counter text NOT NULL,
        caller bytea NOT NULL,             -- a keyed hash: neither names nor addresses are here
        due double precision NOT NULL,     -- when the caller has its whole burst again, in seconds since 1970
        cost double precision NOT NULL,    -- seconds by which the last exchange moved it
        changed double precision NOT NULL,
        PRIMARY KEY (counter, caller)
    ) WITH (fillfactor = 50);
"""
_CHANGES = "CREATE INDEX limits_changed ON limits (changed)"
"""Each process asks every second for what has changed, which is a few rows of many."""
# Rows are locked in one order, so that no two processes wait for each other.
_ADD = """
    INSERT INTO limits AS known
    SELECT counter, caller, extract(epoch FROM now()) + due, cost, extract(epoch FROM now())
    FROM unnest(?::text[], ?::bytea[], ?::float8[], ?::float8[]) AS spent (counter, caller, due, cost)
    ORDER BY counter, caller
    ON CONFLICT (counter, caller) DO UPDATE SET
        due = greatest(EXCLUDED.due, known.due + EXCLUDED.cost),
        cost = EXCLUDED.cost,
        changed = EXCLUDED.changed
"""
_CHANGED = """
    SELECT counter, caller, due, extract(epoch FROM now())::float8 FROM limits
    WHERE changed >= least(?, extract(epoch FROM now()) - ?)
"""
_SET_BACK = """
    UPDATE limits SET due = due - changed + extract(epoch FROM now()), changed = extract(epoch FROM now())
    WHERE (counter, caller) IN (
        SELECT counter, caller FROM limits WHERE changed > extract(epoch FROM now()) + ?
        ORDER BY counter, caller FOR UPDATE SKIP LOCKED
    )
"""
"""Changes in the future were made before the clock of the server was set back: else their callers would have
to wait for as long."""
_FORGET = """
    DELETE FROM limits WHERE (counter, caller) IN (
        SELECT counter, caller FROM limits WHERE due < extract(epoch FROM now()) - ? FOR UPDATE SKIP LOCKED
    )
"""
_TRIM = """
    DELETE FROM limits WHERE (counter, caller) IN (
        SELECT counter, caller FROM limits JOIN (
            SELECT counter, (
                SELECT changed FROM limits AS one WHERE one.counter = named.counter
                ORDER BY changed DESC OFFSET ? LIMIT 1
            ) AS oldest FROM (SELECT DISTINCT counter FROM limits) AS named
        ) AS kept USING (counter)
        WHERE changed < oldest FOR UPDATE OF limits SKIP LOCKED
    )
"""
_OVERLAP_SECONDS = 5.0
"""How long an exchange may take from its beginning to its commit, for others not to miss it."""


class PostgresqlLimitStore:
    """Limits in the database at a URL. Raises :class:`index.errors.StoreUnavailable`.

    Implements :class:`service.state.limits.protocols.LimitStore`. The table is empty after a crash of the
    server and on a standby that takes over; processes then bring what they know. Of each counter the ``most``
    callers that asked last are kept, besides those that asked together with the last of them.
    """

    def __init__(self, url: str, *, most: int = MOST_CALLERS) -> None:
        from index.postgresql import Compatible

        self._database = PostgresqlDatabase(url, "limits", (_LIMITS, Compatible(_CHANGES)))
        self._most = most
        self._since = 0.0
        """Changes before this time of the server are known."""
        self._told: dict[tuple[str, bytes], float] = {}
        """The last answer of the database: most of it comes again."""

    def exchange(self, spent: Sequence[Spent]) -> list[Due]:
        with self._database.write() as connection:
            now = time.monotonic()  # the transaction, whose time the statements use, has just begun
            connection.execute(_SET_BACK, (_OVERLAP_SECONDS,))
            if spent:
                columns = [
                    [one.due.counter for one in spent],
                    [one.due.caller for one in spent],
                    [one.due.at - now for one in spent],
                    [one.cost for one in spent],
                ]
                connection.execute(_ADD, columns)
            rows = connection.execute(_CHANGED, (self._since, _OVERLAP_SECONDS)).fetchall()
        if not rows:
            return []
        at = rows[0][3]
        self._since = at - _OVERLAP_SECONDS
        before, self._told = self._told, {(counter, bytes(caller)): due for counter, caller, due, _ in rows}
        return [Due(*name, now + due - at) for name, due in self._told.items() if before.get(name) != due]

    def forget(self) -> None:
        with self._database.write() as connection:
            connection.execute(_FORGET, (KEPT_SECONDS,))
            connection.execute(_TRIM, (self._most,))

    def close(self) -> None:
        self._database.close()
