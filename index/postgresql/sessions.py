"""Sessions of PostgreSQL: the parameters and settings of a connection, and how a transaction begins."""

from __future__ import annotations

import logging
import os
import socket
import struct
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import numpy as np
import psycopg
from psycopg import conninfo, postgres, sql
from psycopg.abc import PQGen
from psycopg.adapt import AdaptersMap, Buffer, Dumper, Loader
from psycopg.pq import Format
from psycopg.types.numeric import Int8BinaryDumper, Int8Dumper

from index.postgresql.hosts import has_several_hosts
from index.postgresql.transactions import Row
from index.types import Ids

WAIT_SECONDS = 10.0
"""Seconds that a transaction waits for a lock, for a connection, or for the server to come back."""
STATEMENT_SECONDS = 300
"""Seconds after which the server ends a statement."""
_PROGRAM = "loccit"
_MOST_CHARACTERS = 63
"""Of a name of PostgreSQL."""
_DEFAULTS: Mapping[str, str] = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
"""Defaults that an address may override; the server, too, notices within seconds that a client is gone."""
_SESSION: Mapping[str, str] = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "statement_timeout": str(1000 * STATEMENT_SECONDS),
    "lock_timeout": str(round(1000 * WAIT_SECONDS)),
    "client_min_messages": "warning",
    "standard_conforming_strings": "on",
}
"""Settings of each session; times are milliseconds."""


T = TypeVar("T")


class Session(psycopg.Connection[Row]):
    """A connection that says since when it waits for the server, and that another thread may cut."""

    waits_since: float | None = None
    """By :func:`time.monotonic`; None while it does not wait."""
    has_limit: bool = True
    """Whether a statement is cut off that the server does not end itself."""
    _line: socket.socket | None = None

    def hold_line(self) -> None:
        """Let :meth:`cut` work: by a descriptor of its own, for libpq may close the other one at any time."""
        self._line = socket.socket(fileno=os.dup(self.pgconn.socket))
        weakref.finalize(self, self._line.close)

    def cut(self) -> None:
        """Break the connection, so that whoever waits for the server gets an error at once. Thread-safe."""
        if self._line is not None:
            with suppress(OSError):  # it is broken, or closed
                self._line.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Note that it waits for the server, until the ``with`` block ends."""
        self.waits_since = time.monotonic()
        try:
            yield
        finally:
            self.waits_since = None

    def wait(self, gen: PQGen[T], *args: Any, **options: Any) -> T:
        """Wait as :class:`psycopg.Connection` does, for all that is sent by its methods."""
        with self.waiting():
            return super().wait(gen, *args, **options)

    def close(self) -> None:
        """Close it."""
        super().close()
        if self._line is not None and self.closed:
            self._line.close()


def complete(url: str) -> str:
    """Return an address with what it leaves open."""
    given: dict[str, Any] = conninfo.conninfo_to_dict(url)
    own = {**_DEFAULTS, "application_name": process_name()}
    if has_several_hosts(given):
        own["target_session_attrs"] = "read-write"
    return conninfo.make_conninfo("", **{**own, **given, "client_encoding": "utf8"})


def process_name() -> str:
    """Return the name by which the server shows this process, unless its address has another one."""
    return f"{_PROGRAM} {os.getpid()}@{socket.gethostname()}"[:_MOST_CHARACTERS]


def configure(connection: Session, settings: Mapping[str, str] | None = None) -> None:
    """Give a session its settings, and others for it alone."""
    own = {**_SESSION, **(settings or {})}
    calls = sql.SQL(", ").join(
        sql.SQL("set_config({}, {}, false)").format(name, value) for name, value in own.items()
    )
    connection.execute(sql.SQL("SELECT ") + calls)


def script(*statements: str) -> str:
    """Join how a transaction begins, its schema, and further statements, into one message."""
    begin, schema, *others = statements
    # Single statements over the same connection leave other settings.
    local = f'SET LOCAL search_path TO "{schema}"; SET LOCAL plan_cache_mode TO auto'
    return "; ".join(filter(None, [begin, local, *others]))


def last_row(cursor: psycopg.Cursor[Row]) -> Row | None:
    """Return the first row of the last statement, if it was a query."""
    while cursor.nextset():
        pass
    return cursor.fetchone() if cursor.description else None


# Adapters of Python's values: whole numbers as bigint, and texts with any character, even U+0000.
#
# PostgreSQL's ``text`` has no U+0000, which titles and metadata may have. U+0000 is stored as U+0001 U+0001
# and U+0001 as U+0001 U+0002, in every text and by every connection. The order of texts by their code points,
# and which text begins with which, stay as they are.


_ESCAPE, _NUL = "\x01", "\x00"
_NUMBER = postgres.types["int8"]
_ARRAY = struct.Struct(">iiIii")
_ELEMENT = np.dtype([("bytes", ">i4"), ("value", ">i8")])


def escape(text: str) -> str:
    """Encode a text for storage."""
    if _NUL in text or _ESCAPE in text:
        return text.replace(_ESCAPE, "\x01\x02").replace(_NUL, "\x01\x01")
    return text


def unescape(stored: str) -> str:
    """Decode a text that :func:`escape` encoded."""
    if _ESCAPE in stored:
        return stored.replace("\x01\x01", _NUL).replace("\x01\x02", _ESCAPE)
    return stored


class _TextDumper(Dumper):
    oid = postgres.types["text"].oid

    def dump(self, obj: str) -> bytes:
        return escape(obj).encode()


class _BinaryTextDumper(_TextDumper):
    format = Format.BINARY


class _TextLoader(Loader):
    def load(self, data: Buffer) -> str:
        return unescape(str(data, "utf-8"))


class _BinaryTextLoader(_TextLoader):
    format = Format.BINARY


class _NumbersDumper(Dumper):
    """Rows of int64 as bigint[], at once; of a list each element would be looked at by itself.

    Raises :class:`TypeError` for other arrays, whose numbers could change.
    """

    format = Format.BINARY
    oid = _NUMBER.array_oid

    def dump(self, obj: Ids) -> bytes:
        if obj.dtype != np.int64 or obj.ndim != 1:
            raise TypeError(f"only rows of int64 can be sent, not {obj.dtype} in {obj.ndim} dimensions")
        elements = np.empty(len(obj), _ELEMENT)
        elements["bytes"] = _ELEMENT["value"].itemsize
        elements["value"] = obj
        return _ARRAY.pack(1, 0, _NUMBER.oid, len(obj), 1) + elements.tobytes()


def _adapters() -> AdaptersMap:
    adapters = AdaptersMap(psycopg.adapters)
    for number in (Int8Dumper, Int8BinaryDumper):
        adapters.register_dumper(int, number)
    for dumper in (_TextDumper, _BinaryTextDumper):
        adapters.register_dumper(str, dumper)
    adapters.register_dumper(np.ndarray, _NumbersDumper)
    for loader in (_TextLoader, _BinaryTextLoader):
        adapters.register_loader("text", loader)
    return adapters


ADAPTERS = _adapters()
"""The adapters of every connection."""


# Heartbeats of connections that hold locks: the server ends those of a process that stands still.


_log = logging.getLogger("loccit.store")

SILENCE_SECONDS = 60.0
"""Seconds of silence after which the server ends a session that holds locks, and releases them."""
_BEATS = 6
"""Heartbeats in that time."""


class Heartbeats:
    """A thread that shows, in each added connection, that this process still runs. Thread-safe.

    A process that is stopped, or whose machine is, may keep its connections for hours: their sessions have a
    timeout (``idle_session_timeout`` of PostgreSQL 14) that only such a process reaches. The thread waits for
    statements that run in its connections, which are to be short, and ends when it has no connections left.
    """

    def __init__(self, silence_seconds: float = SILENCE_SECONDS) -> None:
        self.settings = {"idle_session_timeout": str(round(1000 * silence_seconds))}
        """Settings of sessions with heartbeats."""
        self._interval = silence_seconds / _BEATS
        self._connections: dict[Session, threading.Lock] = {}
        """Each with a lock that is held during its heartbeats."""
        self._changing = threading.Lock()
        self.is_running = False
        """Whether there is a thread."""

    def add(self, connection: Session) -> None:
        """Keep the session of a connection alive until :meth:`remove`."""
        with self._changing:
            self._connections[connection] = threading.Lock()
            if not self.is_running:
                self.is_running = True
                threading.Thread(target=self._run, name="loccit-heartbeats", daemon=True).start()

    def remove(self, connection: Session) -> None:
        """Leave a connection alone: call it before closing one, which must not happen during a statement."""
        with self._changing:
            beating = self._connections.pop(connection, None)
        if beating is not None:
            with beating:  # until a heartbeat that has begun ends
                pass

    def _run(self) -> None:
        pause = threading.Event()
        while connections := self._live_connections():
            for connection, beating in connections:
                with beating:
                    self._beat(connection)
            pause.wait(self._interval)

    def _live_connections(self) -> list[tuple[Session, threading.Lock]]:
        """The connections in use; with none, the thread ends."""
        with self._changing:
            self.is_running = bool(self._connections)
            return list(self._connections.items())

    def _beat(self, connection: Session) -> None:
        try:
            if connection in self._connections:
                connection.execute("SELECT 1")
        except psycopg.Error:
            pass  # whoever uses it will notice that it is lost
        except Exception:
            _log.exception("A heartbeat failed; the others go on.")
