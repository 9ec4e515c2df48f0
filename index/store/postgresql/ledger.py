"""The ledger of erasures of all machines, in the place that they share for originals."""

import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from index.errors import StoreDamaged
from index.postgresql import Server
from index.store.originals import SharedOriginals
from index.store.postgresql import schema

_log = logging.getLogger("loccit.ledger")

_SUFFIX = ".jsonl"
_WHAT = "the ledger of erasures"
_TIMELINE = "SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)"


class PostgresqlLedger:
    """Implements :class:`index.protocols.SharedLedger`: files of lines, and a list of them.

    The list is in the database: in one that was restored, or taken over by a standby that lacked commits, it
    lacks what the database has forgotten. A copy of a database adds nothing to the ledger of the original,
    and has one of its own once it is adopted.
    """

    def __init__(self, server: Server, shared: SharedOriginals, is_copy: Callable[[], bool]) -> None:
        """``shared`` is a place where a mark says who owns a folder.

        ``is_copy``: whether the collections of the database belong to another one there.
        """
        self._server = server
        self._shared = shared
        self._is_copy = is_copy
        self._open()
        self._timeline = ""

    def put(self, lines: bytes, *, part: str = "", is_done: bool = True) -> None:
        if not self.claim():
            _log.warning("%s belongs to another database: erasures are not entered there.", self.owned.name)
            return
        part = part or f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex}"
        self._files.write(f"{part}{_SUFFIX}", lines)
        if is_done:
            self.note([part])

    def claim(self) -> bool:
        if self.owned.owner() is None and self._is_copy():
            return False  # the original has not claimed it yet
        return self.owned.is_own()

    def parts(self) -> set[str]:
        return {name.removesuffix(_SUFFIX) for name in self._files.names() if name.endswith(_SUFFIX)}

    def undone(self, parts: Iterable[str]) -> list[str]:
        with self._server.read(schema.CATALOGUE_SCHEMA, what=_WHAT) as reading:
            known = {name for (name,) in reading.rows("SELECT name FROM ledger_parts")}
        return sorted(part for part in parts if self._listed(part) not in known)

    def read(self, part: str) -> bytes:
        return self._files.read(f"{part}{_SUFFIX}")

    def note(self, parts: Iterable[str]) -> None:
        rows = [(self._listed(part),) for part in parts]
        with self._server.write(schema.CATALOGUE_SCHEMA, what=_WHAT) as writing:
            writing.many("INSERT INTO ledger_parts VALUES (%s) ON CONFLICT DO NOTHING", rows)

    def was_taken_over(self) -> bool:
        before, row = self._timeline, self._server.look("pg_catalog", _TIMELINE, what=_WHAT)
        self._timeline = str(row[0]) if row else ""
        return before != self._timeline

    def rename(self, name: str) -> None:
        with self._server.write(schema.CATALOGUE_SCHEMA, what=_WHAT) as writing:
            writing.execute("UPDATE ledger SET name = %s", (name,))
        self._open()
        self.owned.take()

    def _open(self) -> None:
        row = self._server.look(schema.CATALOGUE_SCHEMA, "SELECT name FROM ledger", what=_WHAT)
        if row is None:
            raise StoreDamaged("The ledger of erasures has no name. Restore a backup.")
        self.name = str(row[0])
        self._files, self.owned = self._shared.ledger(self.name)

    def _listed(self, part: str) -> str:
        # With the folder: what a copy has of the list of the original says nothing of its own ledger.
        return f"{self.owned.name}/{part}"
