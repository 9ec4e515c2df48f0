"""One session by which a process holds its leases, so that to take one costs a message and no connection."""

import threading
from collections.abc import Callable, Mapping

import psycopg

from index.postgresql.sessions import Heartbeats, Session


class SharedSession:
    """Holds advisory locks, each for one holder at a time, in a session that is there while they are held.

    It stays open for some seconds after the last. Thread-safe; no statement waits for a lock.
    """

    def __init__(
        self,
        connect: Callable[[Mapping[str, str]], Session],
        heartbeats: Heartbeats,
        *,
        idle_seconds: float,
    ) -> None:
        """``connect`` opens a session with settings, or raises what psycopg raises."""
        self._idle_seconds = idle_seconds
        self._connect = connect
        self._heartbeats = heartbeats
        self._using = threading.Lock()
        self._session: Session | None = None
        self._held: set[int] = set()
        self._closing: threading.Timer | None = None

    def try_lock(self, key: int) -> Session | None:
        """Take the lock with a key; the session that holds it, or None if anybody else does.

        Raises what psycopg raises.
        """
        with self._using:
            try:
                return self._try_twice(key)
            finally:
                self._close_later()

    def unlock(self, key: int, session: Session) -> None:
        """Give a lock back, unless it was lost with its session."""
        with self._using:
            if session is not self._session:
                return
            self._held.discard(key)
            try:
                session.execute("SELECT pg_advisory_unlock(%s)", (key,))
            except psycopg.Error:  # so that nothing stays locked
                self._leave()
            self._close_later()

    def require(self, session: Session) -> None:
        """Raise what psycopg raises if a session is lost, and its locks with it."""
        with self._using:
            session.execute("SELECT 1")

    def close(self) -> None:
        """Close the session, and lose all locks."""
        with self._using:
            self._stay()
            self._leave()

    def _try_twice(self, key: int) -> Session | None:
        try:
            return self._try_lock(self._opened(), key)
        except psycopg.Error:
            if self._session is None or not self._session.closed:
                raise
        return self._try_lock(self._opened(), key)  # the server had ended the session meanwhile

    def _try_lock(self, session: Session, key: int) -> Session | None:
        # The server would give a lock to the same session again.
        query = "SELECT false" if key in self._held else f"SELECT pg_try_advisory_lock({key})"
        row = session.execute(query).fetchone()
        if row != (True,):
            return None
        self._held.add(key)
        return session

    def _opened(self) -> Session:
        self._stay()
        if self._session is None or self._session.closed:
            self._leave()
            self._session = self._connect(self._heartbeats.settings)
            self._session.is_prompt = True
            self._heartbeats.add(self._session)
        return self._session

    def _stay(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None

    def _close_later(self) -> None:
        """Close the session some time from now if it holds nothing; the caller has the lock."""
        self._stay()
        if self._session is not None and not self._held:
            self._closing = threading.Timer(self._idle_seconds, self._close_idle)
            self._closing.daemon = True
            self._closing.start()

    def _close_idle(self) -> None:
        with self._using:
            if not self._held:
                self._leave()

    def _leave(self) -> None:
        session, self._session = self._session, None
        self._held.clear()
        if session is not None:
            self._heartbeats.remove(session)
            session.close()
