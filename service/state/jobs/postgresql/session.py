"""The session of whoever runs jobs: locks of a connection, which the server frees when that ends."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from index.errors import LoccitError
from service.state.databases.postgresql import PostgresqlDatabase
from service.state.jobs.postgresql import claims
from service.state.jobs.records import Item

if TYPE_CHECKING:
    import psycopg

_SCOPE = "service jobs"
_WHAT = "the leases to run jobs"


class AdvisorySession:
    """Implements :class:`service.state.jobs.protocols.Session` by a connection of its own.

    Claims are rows of a table, and are void when nobody holds the lock of their session.
    """

    def __init__(self, database: PostgresqlDatabase, connection: psycopg.Connection[Any]) -> None:
        """Use :meth:`open`."""
        self._database = database
        self._connection = connection
        self._name = f"run/{os.getpid()}-{uuid.uuid4().hex}"
        self._claimed: set[tuple[str, int]] = set()
        self._leases: set[str] = set()
        self._changing = threading.Lock()

    @classmethod
    def open(cls, database: PostgresqlDatabase) -> AdvisorySession | None:
        """Connect; None while a process of a version before runs jobs, which it does alone.

        Raises :class:`index.errors.StoreUnavailable`.
        """
        import psycopg

        from index.postgresql import lock_key, translate_error

        try:
            heartbeats = database.server.heartbeats
            connection = database.server.connect(heartbeats.settings)
            try:
                # All sessions share the lock that such a process needs for itself.
                query = "SELECT pg_try_advisory_lock_shared(%s)"
                if connection.execute(query, [lock_key("service", "jobs")]).fetchone() == (True,):
                    session = cls(database, connection)
                    connection.execute("SELECT pg_advisory_lock(%s)", [session._key])
                    heartbeats.add(connection)
                    return session
            except BaseException:
                connection.close()
                raise
            connection.close()
        except psycopg.Error as error:
            raise translate_error(error, _WHAT) from error
        return None

    @property
    def _key(self) -> int:
        """The key of the lock that says whether the session is held."""
        from index.postgresql import lock_key

        return lock_key(_SCOPE, self._name)

    def is_held(self) -> bool:
        import psycopg

        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:  # the server ended the session, or cannot be reached
            return False
        return True

    def acquire(self, lease: str) -> bool:
        import psycopg

        from index.postgresql import lock_key, translate_error

        with self._changing:
            try:
                # A lock that the connection has would be granted again, and have to be released twice.
                query = "SELECT 1" if lease in self._leases else "SELECT pg_try_advisory_lock(%s)"
                values = [] if lease in self._leases else [lock_key(_SCOPE, lease)]
                row = self._connection.execute(query, values).fetchone()
            except psycopg.Error as error:
                raise translate_error(error, _WHAT) from error
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

    def claim(self, job_id: str, *, limit: int, max_bytes: int, fetches: bool = False) -> list[Item]:
        with self._database.write() as connection:
            holder = claims.Holder(self._name, self._key)
            claimed = claims.claim(
                connection, job_id, holder, limit=limit, max_bytes=max_bytes, fetches=fetches
            )
            self._claimed |= {(job_id, item.number) for item in claimed}
        return claimed

    def has_claimed(self, job_id: str, numbers: Collection[int]) -> bool:
        with self._database.read() as connection:
            return claims.count_own(connection, job_id, self._name, numbers) == len(numbers)

    def others_claim(self, job_id: str) -> bool:
        with self._database.write() as connection:
            return claims.others_claim(connection, job_id, self._name)

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> list[Item]:
        with self._database.write() as connection:
            settled = claims.settle_own(connection, job_id, self._name, items, last_passage)
        self._claimed -= {(job_id, item.number) for item in items}
        return settled

    def give_back(self) -> None:
        if self._claimed:
            with self._database.write() as connection:
                claims.end_claims(connection, self._name)
            self._claimed.clear()

    def close(self) -> None:
        import psycopg

        self._database.server.heartbeats.remove(self._connection)
        with suppress(LoccitError):  # claims are void without the session
            self.give_back()
        with suppress(psycopg.Error):
            # Closing alone ends the session a moment later.
            self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()
