"""Leases as advisory locks of a session, which the server releases when its holder's connection ends.

It ends the session of a holder that stands still: see :mod:`index.postgresql.sessions`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from index.errors import CollectionBusy
from index.postgresql.failures import translate_error
from index.postgresql.locks import HELD, IS_HELD, lock_key
from index.postgresql.server import Server
from index.postgresql.transactions import Row, Transaction

_log = logging.getLogger("loccit.store")


@dataclass(frozen=True, slots=True)
class AdvisoryLease:
    """A lease that is held, by the connection that holds it. Implements :class:`index.protocols.Lease`."""

    name: str
    key: int
    """Of the advisory lock."""
    thread: int
    """The identifier of the thread that holds it."""
    _connection: psycopg.Connection[Row]

    def check(self) -> None:
        """Raise :class:`index.errors.CollectionBusy` if the connection is lost, and the lease with it."""
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error as error:
            raise self._loss_error() from error

    def check_in(self, transaction: Transaction) -> None:
        """Check it as the server sees it now, in a transaction over another connection."""
        query = f"SELECT FROM pg_locks WHERE {HELD.format(key='%s::bigint')} AND pid = %s"
        if transaction.row(query, [self.key, self.key, self._connection.info.backend_pid]) is None:
            raise self._loss_error()

    def _loss_error(self) -> CollectionBusy:
        return CollectionBusy(
            f"The connection to PostgreSQL that held the lease {self.name!r} is lost: another process "
            "may hold it now. Begin again."
        )


class AdvisoryLeases:
    """The leases of a scope, such as a collection. Safe to use from several threads and processes."""

    def __init__(self, server: Server, scope: str, *, what: str) -> None:
        """``what`` names the owner of the leases in errors."""
        self._server = server
        self._scope = scope
        self._what = what
        self._opening = threading.Lock()
        self._turns: dict[str, tuple[threading.RLock, list[AdvisoryLease]]] = {}

    def key(self, name: str) -> int:
        """The key of the advisory lock of a lease."""
        return lock_key(self._scope, name)

    def is_held(self, transaction: Transaction, name: str) -> bool:
        """Whether any process holds a lease."""
        row = transaction.row(f"SELECT {IS_HELD.format(key='%s::bigint')}", [self.key(name)] * 2)
        return bool(row and row[0])

    def own(self, name: str) -> AdvisoryLease | None:
        """The lease with this name if this thread holds it."""
        _, held = self._turns.get(name, (None, []))
        return next((lease for lease in held[-1:] if lease.thread == threading.get_ident()), None)

    @contextmanager
    def hold(self, name: str, seconds: float) -> Iterator[AdvisoryLease]:
        """Hold a lease; waits at most ``seconds``, then raises :class:`index.errors.CollectionBusy`.

        One thread may hold it more than once. Raises :class:`index.errors.StoreUnavailable`.
        """
        with self._opening:
            turn, held = self._turns.setdefault(name, (threading.RLock(), []))
        if not turn.acquire(timeout=max(0.0, seconds)):
            raise self._busy(name)
        try:
            if held:  # by this thread
                yield held[-1]
                return
            with self._hold_lock(name, seconds) as lease:
                held.append(lease)
                try:
                    yield lease
                finally:
                    held.pop()
        finally:
            turn.release()

    @contextmanager
    def _hold_lock(self, name: str, seconds: float) -> Iterator[AdvisoryLease]:
        try:
            limits = {"lock_timeout": str(max(1, round(1000 * seconds)))}
            connection = self._server.connect({**self._server.heartbeats.settings, **limits})
        except psycopg.Error as error:
            raise translate_error(error, self._what) from error
        try:
            self._take(connection, name, seconds)
            self._server.heartbeats.add(connection)
            yield AdvisoryLease(name, self.key(name), threading.get_ident(), connection)
        finally:
            self._server.heartbeats.remove(connection)
            self._end(connection, name)

    def _take(self, connection: psycopg.Connection[Row], name: str, seconds: float) -> None:
        call = "pg_advisory_lock(%s)" if seconds > 0 else "pg_try_advisory_lock(%s)"
        try:
            row = connection.execute(f"SELECT {call}", [self.key(name)]).fetchone()
        except psycopg.errors.LockNotAvailable:
            raise self._busy(name) from None
        except psycopg.Error as error:
            raise translate_error(error, self._what) from error
        if row is None or row[0] is False:
            raise self._busy(name)

    def _end(self, connection: psycopg.Connection[Row], name: str) -> None:
        if connection.broken:
            _log.warning("The connection that held the lease %r of %s was lost.", name, self._what)
        # Closing alone ends it a moment later: whoever waits for its end would still find it held.
        with suppress(psycopg.Error):
            connection.execute("SELECT pg_advisory_unlock_all()")
        connection.close()

    def _busy(self, name: str) -> CollectionBusy:
        return CollectionBusy(
            f"{self._what} is busy: another process holds its {name!r} lease. Try again in a moment."
        )
