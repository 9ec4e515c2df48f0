"""A PostgreSQL server, or several of which one takes writes: a pool of connections, and transactions."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary, WeakValueDictionary

import psycopg
from psycopg import conninfo, sql
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool, PoolTimeout

from index.postgresql.announcements import Announcement, Announcements
from index.postgresql.failures import is_absence, translate_error
from index.postgresql.formats import Admission, read_format
from index.postgresql.prepared import PreparedQueries
from index.postgresql.sessions import (
    ADAPTERS,
    SILENCE_SECONDS,
    WAIT_SECONDS,
    Heartbeats,
    complete,
    configure,
    last_row,
    script,
)
from index.postgresql.single_statements import SingleStatements
from index.postgresql.standbys import Standbys, has_several_hosts
from index.postgresql.transactions import Row, Transaction

_PROMPT_SECONDS = 1.0
"""Seconds that a read waits for a connection before it checks whether there is a leader."""
_TURN_SECONDS = 60
"""Seconds that a write waits for writes before it, and that one may pause before the server ends it."""
_CLOSE_SECONDS = 5.0

T = TypeVar("T")
Connection = psycopg.Connection[Row]

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
    tables are open, and when the object is no longer used. A transaction waits at most ``seconds`` for one.
    A session that has heartbeats ends ``silence_seconds`` after the last one.
    """

    def __init__(
        self,
        url: str,
        *,
        most: int = 32,
        seconds: float = WAIT_SECONDS,
        idle_seconds: float = 60.0,
        silence_seconds: float = SILENCE_SECONDS,
    ) -> None:
        self.url = url
        self.admission = admission = Admission()
        self._conninfo = complete(url)
        self._seconds = seconds
        self.heartbeats = Heartbeats(silence_seconds)
        """For connections by which locks are held."""
        self._announcements = Announcements()

        def begin(connection: Connection) -> None:  # no method: the pool is not to keep this object
            configure(connection)
            admission.announce(connection)

        settings: dict[str, Any] = {
            "kwargs": {"autocommit": True, "context": ADAPTERS, "prepare_threshold": 2},
            "configure": begin,
            "min_size": 0,
            "max_size": most,
            "timeout": seconds,
            "max_idle": idle_seconds,
            "reconnect_timeout": seconds,
            "num_workers": 1,
            "open": True,
        }
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            self._conninfo, name="loccit-postgresql", **settings
        )
        self._standbys: Standbys | None = None
        if has_several_hosts(conninfo.conninfo_to_dict(url)):
            leader = weakref.WeakMethod(self.connect)
            self._standbys = Standbys(self._conninfo, lambda: _try_connection(leader()), **settings)
            weakref.finalize(self, _close, self._standbys)
        self._prepared: WeakKeyDictionary[Connection, PreparedQueries] = WeakKeyDictionary()
        # When nothing uses it any more, and at the end of the process.
        weakref.finalize(self, _close, self._pool)

    def open_tables(self, schema: str, component: str, known: int) -> None:
        """Use a component of a schema from now on, with code whose newest format of it is ``known``.

        As long as the process uses it, others see that: one session at least stays open.
        """
        self.admission.open(schema, component, known)
        if self._pool.min_size == 0:
            self._pool.resize(1, self._pool.max_size)

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
        settings = [f"SET LOCAL idle_in_transaction_session_timeout TO '{_TURN_SECONDS}s'"]
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
            connection, row = self._begin(schema, statements, standby=standby)
            self._give_back(connection)
        except psycopg.Error as error:
            raise translate_error(error, what) from error
        return row

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

    def connect(self, settings: Mapping[str, str] | None = None) -> Connection:
        """Open a connection outside the pool, without a transaction; the caller closes it.

        ``settings`` are for this session. Raises :class:`psycopg.Error`.
        """
        connection = psycopg.connect(self._conninfo, autocommit=True, context=ADAPTERS)
        try:
            configure(connection, settings or {})
        except BaseException:
            connection.close()
            raise
        return connection

    def connections(self) -> Connections:
        """Count the connections of the pool now, and those that wait for one; asks the server nothing."""
        found = self._pool.get_stats()
        size, idle = found.get("pool_size", 0), found.get("pool_available", 0)
        return Connections(size - idle, idle, self._pool.max_size, found.get("requests_waiting", 0))

    def close(self) -> None:
        """Close all idle connections; one in use is closed when it is given back."""
        self._announcements.close(_CLOSE_SECONDS)
        self._pool.close(_CLOSE_SECONDS)
        if self._standbys is not None:
            self._standbys.close(_CLOSE_SECONDS)

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

    def _begin(self, schema: str, statements: str, *, standby: bool = False) -> tuple[Connection, Row | None]:
        """Begin a transaction; the caller gives the connection back."""
        return self._attempt(
            schema,
            lambda connection: (connection, last_row(connection.execute(statements))),
            standby=standby,
            keeps=True,
        )

    def _attempt(
        self, schema: str, attempt: Callable[[Connection], T], *, standby: bool = False, keeps: bool = False
    ) -> T:
        """Do what writes nothing in a schema, again while connections turn out to be broken.

        The connection is given back unless ``keeps``.
        """
        deadline = time.monotonic() + self._seconds
        standbys = self._standbys if standby else None
        while True:
            connection = self._connection(standbys)
            try:
                self.admission.admit(connection, schema)
                done = attempt(connection)
            except psycopg.Error as error:
                if is_absence(error):
                    connection.close()
                self._give_back(connection)
                if not is_absence(error) or time.monotonic() > deadline:
                    raise
                if standbys is not None:
                    standbys.look()
            except BaseException:
                self._give_back(connection)
                raise
            else:
                if not keeps:
                    self._give_back(connection)
                return done

    def _connection(self, standbys: Standbys | None) -> Connection:
        """Take a connection, to a standby if there may be no leader."""
        if standbys is None:
            return self._pool.getconn()
        if not standbys.are_used():
            try:
                return self._pool.getconn(_PROMPT_SECONDS)
            except PoolTimeout:
                if not standbys.look():  # all are in use
                    return self._pool.getconn()
        return standbys.take()

    def _give_back(self, connection: Connection) -> None:
        with suppress(psycopg.Error):  # a broken connection, of which the pool makes another
            if not connection.closed:
                connection.rollback()
        if self._standbys is None or not self._standbys.give_back(connection):
            self._pool.putconn(connection)


def _close(pool: ConnectionPool[Connection] | Standbys) -> None:
    """Close the connections of an object that is no longer used, in whatever thread that is found."""
    with suppress(RuntimeError):  # it is a thread of the pool, which cannot wait for itself
        pool.close(_CLOSE_SECONDS)


def _try_connection(connect: Callable[[], Connection] | None) -> None:
    if connect is not None:
        connect().close()
