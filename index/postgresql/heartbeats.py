"""Heartbeats of connections that hold locks: the server ends those of a process that stands still."""

from __future__ import annotations

import logging
import threading
from typing import Any

import psycopg

_log = logging.getLogger("loccit.store")

Connection = psycopg.Connection[Any]

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
        self._connections: dict[Connection, threading.Lock] = {}
        """Each with a lock that is held during its heartbeats."""
        self._changing = threading.Lock()
        self.is_running = False
        """Whether there is a thread."""

    def add(self, connection: Connection) -> None:
        """Keep the session of a connection alive until :meth:`remove`."""
        with self._changing:
            self._connections[connection] = threading.Lock()
            if not self.is_running:
                self.is_running = True
                threading.Thread(target=self._run, name="loccit-heartbeats", daemon=True).start()

    def remove(self, connection: Connection) -> None:
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

    def _live_connections(self) -> list[tuple[Connection, threading.Lock]]:
        """The connections in use; with none, the thread ends."""
        with self._changing:
            self.is_running = bool(self._connections)
            return list(self._connections.items())

    def _beat(self, connection: Connection) -> None:
        try:
            if connection in self._connections:
                connection.execute("SELECT 1")
        except psycopg.Error:
            pass  # whoever uses it will notice that it is lost
        except Exception:
            _log.exception("A heartbeat failed; the others go on.")
