"""A pool of connections behind a circuit breaker: nobody waits for a server that is away or hangs."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout

from index.postgresql.breaker import STEP_SECONDS, Breaker
from index.postgresql.failures import is_absence, reason
from index.postgresql.sessions import STATEMENT_SECONDS, Session

_log = logging.getLogger("loccit.store")

_SUSPICIOUS_SECONDS = 0.2
"""Seconds of waiting, for the server or for a connection, after which a probe asks whether it answers."""
_LASTING_SECONDS = 5.0
"""Seconds after which work that is costly to begin again is cut off while the breaker is open."""
_MORE_SECONDS = 30.0
"""Seconds for which a statement is waited for beyond what the server allows it."""
_REST_SECONDS = 1.0
"""Seconds without any work after which nothing is watched."""
_PROBE_CONNECT_SECONDS = 2
_CLOSE_SECONDS = 5.0
_NO_WRITES = "no host takes writes"
_SAYS = ":  "
"""Behind the severity of what a server says, in every language; libpq does not write so itself."""


class ServerAway(psycopg.OperationalError):
    """The breaker is open."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds that a connection is waited for, and each statement of brief work."""

    wait: float
    brief: float


@dataclass(frozen=True, slots=True)
class _Use:
    """A connection in use: the pool it is from, if any, and whether its work is brief, as a question's is."""

    pool: ConnectionPool[Session] | None
    is_brief: bool


class GuardedPool:
    """Hands out connections while the server answers. Thread-safe.

    Once it does not, whoever waits for a connection or for an answer gets an error, brief work at once and
    other work some seconds later, and everybody else gets :class:`ServerAway` until it answers again. A
    statement that takes too long, because its session alone hangs, is cut off, too. A thread sees to all that
    while there is work.
    """

    def __init__(
        self,
        name: str,
        info: Callable[[], str],
        settings: dict[str, Any],
        *,
        limits: Limits,
        changed: Callable[[str], object] = lambda _: None,
        takes_writes: bool = False,
    ) -> None:
        """``info`` is the address, asked for when the server has come back, too.

        ``changed`` is called, in the thread, with the reason when the breaker opens, and with nothing when it
        closes. ``takes_writes``: a server that only answers counts as away.
        """
        self._name = name
        self._info = info
        self._settings = settings
        self._limits = limits
        self._tell = changed
        self._probe = SessionProbe(info, takes_writes=takes_writes, is_served=self._is_served)
        self.breaker = Breaker(self._probe, self._follow)
        self._least = 0
        self._pool = self._new_pool()
        self._changing = threading.Lock()
        self._in_use: dict[Session, _Use] = {}
        self._queue: dict[object, float] = {}
        """Those who wait for a connection, and since when."""
        self._is_ended = False
        self._is_resting = True
        self._worked = time.monotonic()
        self._wake = threading.Event()
        threading.Thread(target=self._watch, name=f"{name}-watch", daemon=True).start()

    @property
    def pool(self) -> ConnectionPool[Session]:
        """The connections, until the breaker opens the next time."""
        return self._pool

    def keep(self, least: int) -> None:
        """Keep so many connections from now on, at least."""
        if least > self._least:
            self._least = least
            self._pool.resize(least, self._pool.max_size)

    def require(self) -> None:
        """Raise :class:`ServerAway` while the server does not answer."""
        if self.breaker.reason:
            raise ServerAway(self.breaker.reason)

    def take(self, *, is_brief: bool) -> Session:
        """Take a connection. Raises :class:`ServerAway`, and :class:`PoolTimeout` if all are in use."""
        deadline = time.monotonic() + self._limits.wait
        while True:
            self.require()
            pool = self._pool
            try:
                with self.queued():
                    connection = pool.getconn(deadline - time.monotonic())
            except PoolClosed:
                if self._is_ended:
                    raise
                continue  # the breaker has opened, or has closed again
            except PoolTimeout:
                self.suspect()
                self.breaker.wait(self._limits.wait)
                self.require()
                raise
            self._note_use(connection, _Use(pool, is_brief))
            return connection

    @contextmanager
    def queued(self) -> Iterator[None]:
        """Note that somebody waits for a connection, until the ``with`` block ends."""
        place = object()
        self._queue[place] = time.monotonic()
        self._awaken()
        try:
            yield
        finally:
            del self._queue[place]

    def give_back(self, connection: Session) -> bool:
        """Take a connection back, without a transaction, if it is from here; whether it is."""
        with self._changing:
            use = self._in_use.pop(connection, None)
        if use is None:
            return False
        connection.has_limit = True
        if connection.closed:
            connection.close()
        else:
            self.breaker.note_answer()
        if use.pool is not None:
            use.pool.putconn(connection)
        return True

    def add(self, connection: Session) -> None:
        """Watch a connection that is not from the pool, until :meth:`give_back`, or until it is closed."""
        self._note_use(connection, _Use(None, is_brief=False))

    def suspect(self) -> None:
        """Find out whether the server answers, after a connection to it broke or could not be made."""
        self.breaker.suspect()
        self._wake.set()

    def renew(self) -> None:
        """Use other connections from now on, as to another address."""
        before, self._pool = self._pool, self._new_pool()
        before.close(0)

    def close(self) -> None:
        """Close the connections, those in use when they are given back, and end the thread."""
        self._is_ended = True
        self._wake.set()
        with suppress(RuntimeError):  # it is a thread of the pool, which cannot wait for itself
            self._pool.close(_CLOSE_SECONDS)

    def _new_pool(self) -> ConnectionPool[Session]:
        settings = {**self._settings, "min_size": self._least}
        return ConnectionPool(self._info(), connection_class=Session, name=self._name, **settings)

    def _note_use(self, connection: Session, use: _Use) -> None:
        with self._changing:
            self._in_use[connection] = use
        self._awaken()

    def _awaken(self) -> None:
        if self._is_resting:
            self._wake.set()

    def _follow(self) -> None:
        """Follow the breaker: whoever waits for a connection of a server that is away is told."""
        if self.breaker.reason:
            self._pool.close(0)
        elif not self._is_ended:
            self._pool = self._new_pool()
        self._tell(self.breaker.reason)

    def _watch(self) -> None:
        while not self._is_ended:
            self._is_resting = self._may_rest()
            if self._is_resting and self._may_rest():  # nobody came in between
                self._probe.rest()
                self._wake.wait()
                self._is_resting, self._worked = False, time.monotonic()
            self._wake.clear()
            try:
                self._look()
                self.breaker.step()
            except Exception:  # as when this machine has no thread or file left for now
                _log.exception("The thread that watches PostgreSQL failed, and goes on.")
                time.sleep(_REST_SECONDS)
            self._wake.wait(STEP_SECONDS)
        self._probe.close()

    def _may_rest(self) -> bool:
        if self._in_use or self._queue or not self.breaker.is_settled:
            self._worked = time.monotonic()
        return time.monotonic() > self._worked + _REST_SECONDS

    def _look(self) -> None:
        """Look who waits for how long."""
        now = time.monotonic()
        with self._changing:
            for closed in [one for one in self._in_use if one.closed and self._in_use[one].pool is None]:
                del self._in_use[closed]
            in_use = list(self._in_use.items())
        waiting = list(self._queue.copy().values())
        for connection, use in in_use:
            if (since := connection.waits_since) is None:
                continue
            waiting.append(since)
            is_brief = use.is_brief or connection.is_prompt
            limit = self._limits.brief if is_brief else STATEMENT_SECONDS + _MORE_SECONDS
            if self._is_to_end(use) or (connection.has_limit and now > since + limit):
                connection.cut()
        if min(waiting, default=now) < now - _SUSPICIOUS_SECONDS:
            self.breaker.suspect()

    def _is_served(self) -> bool:
        """Tell whether a statement is under way: whoever waits for one would know that the server is gone."""
        with self._changing:
            return any(one.waits_since is not None and not one.closed for one in self._in_use)

    def _is_to_end(self, use: _Use) -> bool:
        """Whether work is cut off because the server does not answer."""
        return bool(self.breaker.reason) and (use.is_brief or self.breaker.open_seconds > _LASTING_SECONDS)


class SessionProbe:
    """Implements :class:`index.postgresql.breaker.Probe` by a session of its own, while there is work."""

    def __init__(
        self, info: Callable[[], str], *, takes_writes: bool, is_served: Callable[[], bool] = lambda: False
    ) -> None:
        """``is_served``: a server that refuses another session, for it has too many, is well."""
        self._info = info
        self._takes_writes = takes_writes
        self._is_served = is_served
        self._session: Session | None = None
        self._is_closed = False
        self._outcome: str | None = ""
        """None while a thread asks."""

    def begin(self) -> None:
        if self._outcome is not None:
            asking = threading.Thread(target=self._ask, name="loccit-postgresql-probe", daemon=True)
            before, self._outcome = self._outcome, None
            try:
                asking.start()
            except RuntimeError:  # there is no thread left for now
                self._outcome = before
                raise

    def outcome(self) -> str | None:
        return self._outcome

    def abandon(self) -> None:
        if self._session is not None:
            self._session.cut()

    def rest(self) -> None:
        """Close the session until the next probe."""
        if self._outcome is not None:
            self._leave()

    def close(self) -> None:
        """Close the session; a probe that is under way does so itself."""
        self._is_closed = True
        self.rest()

    def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _ask(self) -> None:
        try:
            found = self._found()
        except Exception as error:
            self._leave()
            found = self._failure(error)
        self._outcome = found
        if self._is_closed:
            self._leave()

    def _found(self) -> str:
        if self._session is not None:
            with suppress(psycopg.Error):  # of this session alone: another one says more
                return self._result()
        self._leave()
        return self._result()

    def _failure(self, error: Exception) -> str:
        """Why there is no answer; empty where the failure itself shows that the server is there."""
        if not isinstance(error, psycopg.Error):  # of this machine, as when no file is left for now
            _log.warning("PostgreSQL could not be asked whether it answers.", exc_info=error)
            return "" if self._is_served() else f"it could not be asked: {type(error).__name__}"
        is_refused = _SAYS in str(error) and self._is_served()
        return reason(error) if is_absence(error) and not is_refused else ""

    def _result(self) -> str:
        if self._session is None:
            self._session = Session.connect(
                self._info(), autocommit=True, connect_timeout=_PROBE_CONNECT_SECONDS
            )
            self._session.hold_line()
        is_standby = self._session.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        if is_standby and self._takes_writes:
            self._leave()
            return _NO_WRITES
        return ""
