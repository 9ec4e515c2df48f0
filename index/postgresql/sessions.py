"""Sessions of PostgreSQL: the parameters and settings of a connection, and how a transaction begins."""

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


Row = tuple[Any, ...]
T = TypeVar("T")


class Session(psycopg.Connection[Row]):
    """A connection that says since when it waits for the server, and that another thread may cut."""

    waits_since: float | None = None
    """By :func:`time.monotonic`; None while it does not wait."""
    has_limit: bool = True
    """Whether a statement is cut off that the server does not end itself."""
    is_prompt: bool = False
    """Whether all of its statements are brief."""
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


SILENCE_SECONDS = 60.0
"""Seconds of silence after which the server ends a session that holds locks, and releases them."""
_BEATS = 6
"""Heartbeats in that time."""


class Heartbeats:
    """Shows, in each added connection, that this process still runs. Thread-safe.

    A process that is stopped, or whose machine is, may keep its connections for hours: their sessions have a
    timeout (``idle_session_timeout`` of PostgreSQL 14) that only such a process reaches. Each connection has
    a thread of its own, which waits for statements that run there: one that hangs delays no other.
    """

    def __init__(self, silence_seconds: float = SILENCE_SECONDS) -> None:
        self.settings = {"idle_session_timeout": str(round(1000 * silence_seconds))}
        """Settings of sessions with heartbeats."""
        self._interval = silence_seconds / _BEATS
        self._ends: dict[Session, tuple[threading.Event, threading.Lock]] = {}
        """For each connection what ends its thread, and a lock that is held during a heartbeat."""

    @property
    def is_running(self) -> bool:
        """Whether there are connections with heartbeats."""
        return bool(self._ends)

    def add(self, connection: Session) -> None:
        """Keep the session of a connection alive until :meth:`remove`."""
        self._ends[connection] = end = threading.Event(), threading.Lock()
        threading.Thread(
            target=self._run, args=(connection, *end), name="loccit-heartbeats", daemon=True
        ).start()

    def remove(self, connection: Session) -> None:
        """Leave a connection alone: call it before closing one, which must not happen during a statement."""
        ended, beating = self._ends.pop(connection, (None, None))
        if ended is not None and beating is not None:
            ended.set()
            with beating:  # until a heartbeat that has begun ends
                pass

    def _run(self, connection: Session, ended: threading.Event, beating: threading.Lock) -> None:
        while not ended.wait(self._interval):
            with beating:
                if not ended.is_set() and not _beat(connection):
                    return


def _beat(connection: Session) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:  # whoever uses it will notice that it is lost
        return False
    return True
