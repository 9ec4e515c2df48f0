"""A PostgreSQL server, or several of which one takes writes: a pool of connections, and transactions."""

from __future__ import annotations

import logging
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

import psycopg
from psycopg import conninfo, sql
from psycopg.pq import TransactionStatus

from index.postgresql.announcements import Announcement, Announcements
from index.postgresql.failures import is_absence, translate_error
from index.postgresql.formats import Admission, read_format
from index.postgresql.hosts import has_several_hosts, with_last
from index.postgresql.pools import GuardedPool, Limits, ServerAway
from index.postgresql.prepared import PreparedQueries
from index.postgresql.sessions import (
    ADAPTERS,
    SILENCE_SECONDS,
    WAIT_SECONDS,
    Heartbeats,
    Row,
    Session,
    complete,
    configure,
    last_row,
    script,
)
from index.postgresql.shared_session import SharedSession
from index.postgresql.single_statements import SingleStatements
from index.postgresql.transactions import Transaction

_TURN_SECONDS = 60
"""Seconds that a write waits for writes before it."""
_PAUSE_SECONDS = 20
"""Seconds that a write may pause before the server ends it: others wait for a process that stands still."""
_BRIEF_SECONDS = 30.0
_CLOSE_SECONDS = 5.0
_ANY = {"target_session_attrs": "prefer-standby", "connect_timeout": "2"}

T = TypeVar("T")

_log = logging.getLogger("loccit.store")

_servers: WeakValueDictionary[str, Server] = WeakValueDictionary()
_opening = threading.Lock()


def open_server(url: str) -> Server:
    """The server at an address: one object, and so one pool of connections, for all of this process."""
    with _opening:
        found = _servers.get(url)
        if found is None:
            found = _servers[url] = Server(url)
        return found


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections of a pool: in use, idle, the most there may be, and transactions that wait for one."""

    used: int
    idle: int
    most: int
    waiting: int


class Server:
    """A database at an address such as ``postgresql://user:password@host1,host2/name``. Thread-safe.

    Of several hosts the one that takes writes is used; what may be read from a ``standby`` is read from one
    while there is none. Connections are opened when they are needed, at most
    ``most`` for transactions; they are closed when they were idle for some time (seconds), all but one once
    tables are open, and when the object is no longer used. A transaction waits at most ``seconds`` for one,
    and for each statement of brief work at most ``brief_seconds``.
    A session that has heartbeats ends ``silence_seconds`` after the last one.
    """

    def __init__(
        self,
        url: str,
        *,
        most: int = 32,
        seconds: float = WAIT_SECONDS,
        brief_seconds: float = _BRIEF_SECONDS,
        idle_seconds: float = 60.0,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self.url = url
        self.admission = admission = Admission()
        self._conninfo = info = complete(url)
        self._seconds = seconds
        self.heartbeats = Heartbeats(silence_seconds)
        """For connections by which locks are held."""
        opener = weakref.WeakMethod(self.connect)
        self.shared_session = SharedSession(
            partial(_connect, opener), self.heartbeats, idle_seconds=silence_seconds / 2
        )
        """By which the process holds its leases."""
        weakref.finalize(self, self.shared_session.close)
        self._announcements = Announcements()

        leader, limits = _Address(), Limits(seconds, brief_seconds)

        def begin(connection: Session) -> None:  # no method: the pool is not to keep this object
            connection.hold_line()
            configure(connection)
            admission.announce(connection)

        def begin_leader(connection: Session) -> None:
            begin(connection)
            leader.note(connection)

        settings: dict[str, Any] = {
            "kwargs": {"autocommit": True, "context": ADAPTERS, "prepare_threshold": 2},
            "configure": begin,
            "max_size": most,
            "timeout": seconds,
            "max_idle": idle_seconds,
            "reconnect_timeout": seconds,
            "num_workers": 1,
            "open": True,
        }
        self._standbys: GuardedPool | None = None
        if several := has_several_hosts(conninfo.conninfo_to_dict(url)):
            others = conninfo.make_conninfo(self._conninfo, **_ANY)
            self._standbys = GuardedPool(
                "loccit-postgresql-standbys", lambda: leader.last_of(others), settings, limits=limits
            )
            weakref.finalize(self, self._standbys.close)
        self._leader = GuardedPool(
            "loccit-postgresql",
            lambda: info,
            {**settings, "configure": begin_leader},
            limits=limits,
            changed=partial(_tell, self._standbys),
            takes_writes=several,
        )
        # When nothing uses it any more, and at the end of the process.
        weakref.finalize(self, self._leader.close)
        self._prepared: WeakKeyDictionary[Session, PreparedQueries] = WeakKeyDictionary()

    def open_tables(self, schema: str, component: str, known: int) -> None:
        """Use a component of a schema from now on, with code whose newest format of it is ``known``.

        As long as the process uses it, others see that: one session at least stays open.
        """
        self.admission.open(schema, component, known)
        self._leader.keep(1)

    def close_tables(self, schema: str) -> None:
        """Note that tables of a schema were closed, as when they were deleted; others may have them open."""
        self.admission.close(schema)

    @contextmanager
    def read(
        self, schema: str, *, first: str = "", what: str = "the database", standby: bool = False
    ) -> Iterator[Transaction]:
        """Read one consistent state: tables are those of a schema. ``first`` is a query to begin with.

        ``what`` names in errors what is read. ``standby``: it may be read from one, whose state may be
        earlier, while no host takes writes. Raises :class:`index.errors.StoreUnavailable`,
        :class:`index.errors.CollectionBusy`, :class:`index.errors.StoreDamaged`, and
        :class:`index.errors.UnknownFormat` once this program cannot work with the tables any more.
        """
        statements = script("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", schema, first)
        try:
            connection, row = self._begin(schema, statements, standby=standby)
            try:
                yield Transaction(connection, row)
                with suppress(psycopg.Error):  # all that was read is there
                    connection.commit()  # after a rollback psycopg lets the session forget what is prepared
            finally:
                self._give_back(connection)
        except psycopg.Error as error:
            raise translate_error(error, what) from error

    @contextmanager
    def write(
        self,
        schema: str,
        *,
        lock: int | None = None,
        first: str = "",
        what: str = "the database",
        seconds: float | None = None,
    ) -> Iterator[Transaction]:
        """Write in one transaction: committed at the end, rolled back on any error. See :meth:`read`.

        ``lock``: one transaction at a time has this key (:func:`index.postgresql.lock_key`). ``seconds`` is
        how long statements wait for locks of others. Also raises :class:`index.errors.DiskFull`.
        """
        settings = [f"SET LOCAL idle_in_transaction_session_timeout TO '{_PAUSE_SECONDS}s'"]
        if lock is not None:
            settings += [
                f"SET LOCAL lock_timeout TO '{_TURN_SECONDS}s'",
                f"SELECT pg_advisory_xact_lock({lock})",
            ]
        if seconds is not None:
            settings.append(f"SET LOCAL lock_timeout TO '{round(1000 * seconds)}ms'")
        statements = script("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", schema, *settings, first)
        try:
            connection, row = self._begin(schema, statements)
            try:
                yield (transaction := Transaction(connection, row))
                if connection.info.transaction_status == TransactionStatus.INERROR:
                    raise psycopg.errors.InFailedSqlTransaction("a statement of the transaction failed")
                connection.commit()
            finally:
                self._give_back(connection)
            self._announcements.add(transaction.announced, self._send)
        except psycopg.Error as error:
            raise translate_error(error, what) from error

    def look(
        self,
        schema: str,
        query: str,
        *values: int | str,
        what: str = "the database",
        standby: bool = False,
    ) -> Row | None:
        """Return the first row of one short query, in one message to the server.

        Values take the places of ``{}``. ``standby`` and what it raises are as for :meth:`read`.
        """
        literals = [sql.Literal(value).as_string() for value in values]
        try:
            statements = script("", schema, query.format(*literals))
            return self._attempt(
                schema,
                lambda connection: last_row(connection.execute(statements)),
                standby=standby,
                is_brief=True,
            )
        except psycopg.Error as error:
            raise translate_error(error, what) from error

    @contextmanager
    def single_statements(
        self,
        schema: str,
        *,
        watched: str,
        width: int,
        check: Callable[[Row | None], None],
        what: str = "the database",
    ) -> Iterator[SingleStatements]:
        """Read without a transaction; see :class:`index.postgresql.SingleStatements`. May read a standby.

        ``width`` is the number of columns of ``watched``. Raises as :meth:`read`, and what ``check`` raises.
        """

        def run(query: str, parameters: Sequence[Any]) -> list[Row]:
            return self._attempt(
                schema,
                lambda connection: self._prepared.setdefault(connection, PreparedQueries()).rows(
                    connection, schema, query, parameters
                ),
                standby=True,
                is_brief=True,
            )

        try:
            yield SingleStatements(run, watched, width, check)
        except psycopg.Error as error:
            raise translate_error(error, what) from error

    def require_known_formats(self) -> None:
        """Raise :class:`index.errors.UnknownFormat` if tables that are open are of a later format than known.

        They can be used, but not copied: not all of their columns are known. Raises as :meth:`read`.
        """
        for schema, known in self.admission.known().items():
            with self.read(schema, what=f"the schema {schema!r}") as reading:
                for component, newest in known.items():
                    read_format(reading, schema, component).require_known(schema, component, newest)

    def connect(self, settings: Mapping[str, str] | None = None, *, is_watched: bool = True) -> Session:
        """Open a connection outside the pool, without a transaction; the caller closes it.

        ``settings`` are for this session. ``is_watched``: its statements are cut off while the server does
        not answer. Raises :class:`psycopg.Error`.
        """
        self._leader.require()
        with self._leader.queued():
            connection = Session.connect(self._conninfo, autocommit=True, context=ADAPTERS)
        try:
            connection.hold_line()
            if is_watched:
                connection.has_limit = "statement_timeout" not in (settings or {})
                self._leader.add(connection)
            configure(connection, settings or {})
        except BaseException:
            connection.close()
            raise
        return connection

    def require_leader(self) -> None:
        """Raise :class:`psycopg.Error` while no host takes writes; does not wait."""
        self._leader.require()

    def require_answers(self) -> None:
        """Raise :class:`index.errors.StoreUnavailable` while the server is away, and all standbys, too.

        Does not wait: it is what was found out.
        """
        try:
            self._leader.require()
        except ServerAway as error:
            if self._standbys is None or self._standbys.breaker.reason:
                raise translate_error(error, "the documents") from error

    def connections(self) -> Connections:
        """Count the connections of the pool now, and those that wait for one; asks the server nothing."""
        pool = self._leader.pool
        found = pool.get_stats()
        size, idle = found.get("pool_size", 0), found.get("pool_available", 0)
        return Connections(size - idle, idle, pool.max_size, found.get("requests_waiting", 0))

    def close(self) -> None:
        """Close all idle connections; one in use is closed when it is given back."""
        self._announcements.close(_CLOSE_SECONDS)
        self.shared_session.close()
        self._leader.close()
        if self._standbys is not None:
            self._standbys.close()

    def _send(self, announced: Collection[Announcement]) -> None:
        rows = ", ".join(["({}, {})"] * len(announced))
        values = [value for pair in sorted(announced) for value in pair]
        # They do not outlive a crash of the server anyway, so none waits until another is on the disk.
        self.look(
            "pg_catalog",
            "SET LOCAL synchronous_commit TO off;"
            f" SELECT pg_notify(channel, payload) FROM (VALUES {rows}) AS told (channel, payload)",
            *values,
        )

    def _begin(self, schema: str, statements: str, *, standby: bool = False) -> tuple[Session, Row | None]:
        """Begin a transaction; the caller gives the connection back."""
        return self._attempt(
            schema,
            lambda connection: (connection, last_row(connection.execute(statements))),
            standby=standby,
            keeps=True,
        )

    def _attempt(
        self,
        schema: str,
        attempt: Callable[[Session], T],
        *,
        standby: bool = False,
        is_brief: bool = False,
        keeps: bool = False,
    ) -> T:
        """Do what writes nothing in a schema, again while connections turn out to be broken.

        The connection is given back unless ``keeps``.
        """
        deadline = time.monotonic() + self._seconds
        while True:
            pool, connection = self._take(standby=standby, is_brief=is_brief or standby)
            try:
                self.admission.admit(connection, schema)
                done = attempt(connection)
            except psycopg.Error as error:
                if is_absence(error):
                    connection.close()
                self._give_back(connection)
                if not is_absence(error) or time.monotonic() > deadline:
                    raise
                pool.suspect()
            except BaseException:
                self._give_back(connection)
                raise
            else:
                if not keeps:
                    self._give_back(connection)
                return done

    def _take(self, *, standby: bool, is_brief: bool) -> tuple[GuardedPool, Session]:
        """Take a connection, to a standby if that will do and no host takes writes."""
        try:
            return self._leader, self._leader.take(is_brief=is_brief)
        except ServerAway:
            if not standby or self._standbys is None:
                raise
            return self._standbys, self._standbys.take(is_brief=is_brief)

    def _give_back(self, connection: Session) -> None:
        with suppress(psycopg.Error):  # a broken connection, of which the pool makes another
            if not connection.closed:
                connection.rollback()
        if not self._leader.give_back(connection) and self._standbys is not None:
            self._standbys.give_back(connection)


def _connect(opener: weakref.WeakMethod[Callable[..., Session]], settings: Mapping[str, str]) -> Session:
    connect = opener()
    if connect is None:
        raise psycopg.OperationalError("the server object is no longer used")
    return connect(settings)


class _Address:
    """The host that took writes last."""

    def __init__(self) -> None:
        self._known: tuple[str, int] | None = None

    def note(self, connection: Session) -> None:
        self._known = connection.info.host, connection.info.port

    def last_of(self, info: str) -> str:
        """An address by which it is tried last."""
        return info if self._known is None else with_last(info, *self._known)


def _tell(standbys: GuardedPool | None, why: str) -> None:
    """Tell that a server is away, or is back."""
    if not why:
        _log.info("PostgreSQL answers again.")
    elif standbys is None:
        _log.warning("PostgreSQL does not answer (%s): what needs it is refused until it does.", why)
    else:
        _log.warning("No host of PostgreSQL takes writes (%s). Reads go to a standby until one does.", why)
        standbys.renew()
