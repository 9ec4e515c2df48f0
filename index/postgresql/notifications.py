"""Notifications, received by a thread that wakes waiters."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from index.postgresql.locks import HELD
from index.postgresql.server import Server

_log = logging.getLogger("loccit.store")

_LOOK_SECONDS = 0.5
"""Seconds between two checks whether the thread must end."""
_PAUSE_SECONDS = 1.0
"""Seconds before it connects again."""


@contextmanager
def listening(
    server: Server, channel: str, told: Callable[[str], object], *, key: int | None = None
) -> Iterator[None]:
    """Listen, as :class:`Listener`, until the ``with`` block ends."""
    listener = Listener(server, channel, told=told, key=key)
    try:
        yield
    finally:
        listener.close()


def listeners(server: Server, key: int) -> int:
    """Count the listeners, of all processes, that have a key. Raises what :meth:`Server.look` raises."""
    query = f"SELECT count(*) FROM pg_locks WHERE {HELD.format(key='{}::bigint')}"
    row = server.look("pg_catalog", query, key, key)
    return int(row[0]) if row else 0


class Listener:
    """Waits for notifications of a channel, in a thread with a connection of its own. Close it after use.

    Notifications may be lost with the connection: all waiters are woken when there is another one. Nothing
    may rely on them alone. ``told`` is called in the thread whenever waiters are woken, with the payload of
    the notification, empty when any may have been lost. With ``key`` the connection shares the advisory lock
    with this key, so that :func:`listeners` counts it.
    """

    def __init__(
        self,
        server: Server,
        channel: str,
        *,
        told: Callable[[str], object] = lambda _: None,
        key: int | None = None,
    ) -> None:
        self._server = server
        self._channel = channel
        self._tell = told
        self._key = key
        self._woken = threading.Condition()
        self._count = 0
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"loccit-listen-{channel}", daemon=True)
        self._thread.start()

    def count(self) -> int:
        """The number of times that waiters were woken. Read it before you look for what you wait for."""
        with self._woken:
            return self._count

    def wait(self, since: int, seconds: float) -> bool:
        """Wait until waiters were woken after ``since`` of :meth:`count`; False if that took too long."""
        with self._woken:
            return self._woken.wait_for(lambda: self._count > since, seconds)

    def close(self) -> None:
        """End the thread, and wake all waiters."""
        self._closed.set()
        self._wake()
        self._thread.join()

    def _run(self) -> None:
        is_lost = False
        while not self._closed.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                if not is_lost:
                    _log.warning("The connection that listens to PostgreSQL broke: %s", error)
                is_lost = True
                self._closed.wait(_PAUSE_SECONDS)

    def _listen(self) -> None:
        with self._server.connect(is_watched=False) as connection:
            connection.execute(f'LISTEN "{self._channel}"')
            if self._key is not None:
                connection.execute("SELECT pg_advisory_lock_shared(%s)", (self._key,))
            self._wake()  # for what was told before
            while not self._closed.is_set():
                for one in connection.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                    self._wake(one.payload)

    def _wake(self, payload: str = "") -> None:
        with self._woken:
            self._count += 1
            self._woken.notify_all()
        self._tell(payload)
