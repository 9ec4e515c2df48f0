"""The lease to run jobs, as a lock of a session: the server frees it when its connection ends."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

    from index.postgresql import Server


class AdvisoryJobLease:
    """Implements :class:`service.jobs.protocols.Lease` by the connection that holds the lock."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Use :meth:`acquire`."""
        self._connection = connection

    @classmethod
    def acquire(cls, server: Server) -> AdvisoryJobLease | None:
        """Take the lock, without waiting; None while another holds it.

        Raises :class:`index.errors.StoreUnavailable`.
        """
        import psycopg

        from index.postgresql import lock_key, translated

        try:
            # A connection of its own for each lease: one that holds the lock would be granted it again.
            connection = server.connect()
            try:
                taken = connection.execute("SELECT pg_try_advisory_lock(%s)", [lock_key("service", "jobs")])
                if taken.fetchone() == (True,):
                    return cls(connection)
            except BaseException:
                connection.close()
                raise
            connection.close()
        except psycopg.Error as error:
            raise translated(error, "the lease to run jobs") from error
        return None

    def is_held(self) -> bool:
        import psycopg

        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:  # the server ended the session, or cannot be reached
            return False
        return True

    def release(self) -> None:
        import psycopg

        with suppress(psycopg.Error):
            # Closing alone ends the session a moment later.
            self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()
