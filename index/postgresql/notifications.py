"""Notifications, received by a thread."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

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
    with closing(Listener(server, channel, told=told, key=key)):
        yield


def listeners(server: Server, key: int) -> int:
    """Count the listeners, of all processes, that have a key. Raises what :meth:`Server.look` raises."""
    query = f"SELECT count(*) FROM pg_locks WHERE {HELD.format(key='{}::bigint')}"
    row = server.look("pg_catalog", query, key, key)
    return int(row[0]) if row else 0


class Listener:
    """Waits for notifications of a channel, in a thread with a connection of its own. Close it after use.

    ``told`` is called in the thread with the payload of each. Notifications may be lost with the connection:
    it is called with an empty one when there is another connection. Nothing may rely on them alone. With
    ``key`` the connection shares the advisory lock with this key, so that :func:`listeners` counts it.
    """

    def __init__(
        self,
        server: Server,
        channel: str,
        *,
        told: Callable[[str], object],
        key: int | None = None,
    ) -> None:
        self._server = server
        self._channel = channel
        self._tell = told
        self._key = key
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"loccit-listen-{channel}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
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
            self._tell("")  # for what was told before
            while not self._closed.is_set():
                for one in connection.notifies(timeout=_LOOK_SECONDS, stop_after=1):
                    self._tell(one.payload)
