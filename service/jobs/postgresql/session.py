"""The session of whoever runs jobs: locks of a connection, which the server frees when that ends."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    from index.postgresql import Server

_SCOPE = "service jobs"


class AdvisorySession:
    """Implements :class:`service.jobs.protocols.Session` by a connection of its own."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Use :meth:`open`."""
        self._connection = connection
        self._leases: set[str] = set()
        self._changing = threading.Lock()

    @classmethod
    def open(cls, server: Server) -> AdvisorySession | None:
        """Connect; None while a process of a version before runs jobs, which it does alone.

        Raises :class:`index.errors.StoreUnavailable`.
        """
        import psycopg

        from index.postgresql import lock_key, translated

        try:
            connection = server.connect()
            try:
                # All sessions share the lock that such a process needs for itself.
                query = "SELECT pg_try_advisory_lock_shared(%s)"
                if connection.execute(query, [lock_key("service", "jobs")]).fetchone() == (True,):
                    return cls(connection)
            except BaseException:
                connection.close()
                raise
            connection.close()
        except psycopg.Error as error:
            raise translated(error, "the leases to run jobs") from error
        return None

    def is_held(self) -> bool:
        import psycopg

        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:  # the server ended the session, or cannot be reached
            return False
        return True

    def acquire(self, lease: str) -> bool:
        import psycopg

        from index.postgresql import lock_key, translated

        with self._changing:
            try:
                # A lock that the connection has would be granted again, and have to be released twice.
                query = "SELECT 1" if lease in self._leases else "SELECT pg_try_advisory_lock(%s)"
                values = [] if lease in self._leases else [lock_key(_SCOPE, lease)]
                row = self._connection.execute(query, values).fetchone()
            except psycopg.Error as error:
                raise translated(error, "the leases to run jobs") from error
            if row is None or not row[0]:
                return False
            self._leases.add(lease)
            return True

    def release(self, lease: str) -> None:
        import psycopg

        from index.postgresql import lock_key

        with self._changing:
            if lease in self._leases:
                self._leases.remove(lease)
                with suppress(psycopg.Error):  # lost with the connection
                    self._connection.execute("SELECT pg_advisory_unlock(%s)", [lock_key(_SCOPE, lease)])

    def close(self) -> None:
        import psycopg

        with suppress(psycopg.Error):
            # Closing alone ends the session a moment later.
            self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()
