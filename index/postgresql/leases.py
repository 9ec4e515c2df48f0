"""Leases as advisory locks of a session, which the server releases when its holder's connection ends.

It ends the session of a holder that stands still: see :mod:`index.postgresql.sessions`.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import psycopg

from index.errors import CollectionBusy
from index.postgresql.failures import translate_error
from index.postgresql.locks import lock_key
from index.postgresql.server import Server
from index.postgresql.sessions import Session

_log = logging.getLogger("loccit.store")


@dataclass(frozen=True, slots=True)
class AdvisoryLease:
    """A lease that is held, by the connection that holds it. Implements :class:`index.protocols.Lease`."""

    name: str
    key: int
    """Of the advisory lock."""
    thread: int
    """The identifier of the thread that holds it."""
    _require: Callable[[], object]

    def check(self) -> None:
        """Raise :class:`index.errors.CollectionBusy` if the connection is lost, and the lease with it.

        Where a transaction has its turn already, whoever takes the lease after this check begins after it.
        """
        try:
            self._require()
        except psycopg.Error as error:
            raise CollectionBusy(
                f"The connection to PostgreSQL that held the lease {self.name!r} is lost: another process "
                "may hold it now. Begin again."
            ) from error


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

    def own(self, name: str) -> AdvisoryLease | None:
        """The lease with this name if this thread holds it."""
        _, held = self._turns.get(name, (None, []))
        return next((lease for lease in held[-1:] if lease.thread == threading.get_ident()), None)

    @contextmanager
    def hold(self, name: str, seconds: float) -> Iterator[AdvisoryLease]:
        """Hold a lease; waits at most ``seconds``, then raises :class:`index.errors.CollectionBusy`.

        One thread may hold it more than once. Raises :class:`index.errors.StoreUnavailable`.
        """
        try:
            self._server.require_leader()
        except psycopg.Error as error:
            raise translate_error(error, self._what) from error
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
        key, shared = self.key(name), self._server.shared_session
        try:
            session = shared.try_lock(key)
        except psycopg.Error as error:
            raise translate_error(error, self._what) from error
        if session is None:
            with self._wait_for_lock(name, seconds) as lease:
                yield lease
            return
        try:
            yield AdvisoryLease(name, key, threading.get_ident(), partial(shared.require, session))
        finally:
            if session.closed:
                self._warn(name)
            shared.unlock(key, session)

    @contextmanager
    def _wait_for_lock(self, name: str, seconds: float) -> Iterator[AdvisoryLease]:
        """Hold a lock that others have now: by a session of its own, which waits in their order."""
        if seconds <= 0:
            raise self._busy(name)
        try:
            limits = {"lock_timeout": str(max(1, round(1000 * seconds)))}
            connection = self._server.connect({**self._server.heartbeats.settings, **limits})
        except psycopg.Error as error:
            raise translate_error(error, self._what) from error
        try:
            self._take(connection, name)
            self._server.heartbeats.add(connection)
            require = partial(connection.execute, "SELECT 1")
            yield AdvisoryLease(name, self.key(name), threading.get_ident(), require)
        finally:
            self._server.heartbeats.remove(connection)
            self._end(connection, name)

    def _take(self, connection: Session, name: str) -> None:
        try:
            connection.execute("SELECT pg_advisory_lock(%s)", [self.key(name)])
        except psycopg.errors.LockNotAvailable:
            raise self._busy(name) from None
        except psycopg.Error as error:
            raise translate_error(error, self._what) from error

    def _end(self, connection: Session, name: str) -> None:
        if connection.broken:
            self._warn(name)
        # Closing alone ends it a moment later: whoever waits for its end would still find it held.
        with suppress(psycopg.Error):
            connection.execute("SELECT pg_advisory_unlock_all()")
        connection.close()

    def _warn(self, name: str) -> None:
        _log.warning("The connection that held the lease %r of %s was lost.", name, self._what)

    def _busy(self, name: str) -> CollectionBusy:
        return CollectionBusy(
            f"{self._what} is busy: another process holds its {name!r} lease. Try again in a moment."
        )
