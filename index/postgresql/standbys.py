"""Connections to the standbys of a server, which are used while no host takes writes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakSet

import psycopg
from psycopg import conninfo
from psycopg_pool import ConnectionPool

from index.postgresql.transactions import Row

Connection = psycopg.Connection[Row]

_log = logging.getLogger("loccit.store")

_LOOK_SECONDS = 0.5
"""Seconds between two attempts to reach the leader while it is away."""
_CONNECT_SECONDS = 2
_ANY = {"target_session_attrs": "prefer-standby", "connect_timeout": str(_CONNECT_SECONDS)}


class Standbys:
    """Whether the leader of several hosts is away, and a pool of connections to whatever host there is then.

    Thread-safe. A thread looks for the leader while it is away.
    """

    def __init__(self, info: str, connect: Callable[[], object], **pool: Any) -> None:
        """``connect`` opens a connection to the leader and closes it, or raises what psycopg raises."""
        self._connect = connect
        self._looking = threading.Lock()
        self._ended = threading.Event()
        self._is_away = False
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            conninfo.make_conninfo(info, **_ANY), name="loccit-postgresql-standbys", **pool
        )
        self._taken: WeakSet[Connection] = WeakSet()

    def are_used(self) -> bool:
        """Whether reads go to a standby now."""
        return self._is_away

    def take(self) -> Connection:
        """Take a connection. Raises what psycopg raises."""
        connection = self._pool.getconn()
        self._taken.add(connection)
        return connection

    def give_back(self, connection: Connection) -> bool:
        """Take a connection back, if it is from here; whether it is."""
        if connection not in self._taken:
            return False
        self._taken.discard(connection)
        self._pool.putconn(connection)
        return True

    def look(self) -> bool:
        """Look for the leader, after a connection to it broke or could not be made; whether it is away."""
        with self._looking:
            if not self._is_away and not self._finds_leader():
                _log.warning("No host of PostgreSQL takes writes. Reads go to a standby until one does.")
                self._is_away = True
                threading.Thread(target=self._wait, name="loccit-postgresql-leader", daemon=True).start()
            return self._is_away

    def close(self, seconds: float) -> None:
        """Close the connections, and end the thread."""
        self._ended.set()
        self._pool.close(seconds)

    def _wait(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            if self._finds_leader():
                _log.info("A host of PostgreSQL takes writes again.")
                self._is_away = False
                return

    def _finds_leader(self) -> bool:
        try:
            self._connect()
        except psycopg.Error:
            return False
        return True


def has_several_hosts(given: Mapping[str, Any]) -> bool:
    """Whether the parameters of an address name several hosts."""
    return "," in f"{given.get('host', '')}{given.get('port', '')}{given.get('hostaddr', '')}"
