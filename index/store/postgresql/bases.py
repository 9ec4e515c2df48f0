"""Published bases of indexes: a row for each in the record, and their files in the place machines share."""

import json
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

from index.errors import CollectionBusy, LoccitError, ObjectsUnavailable
from index.objects import SharedFiles
from index.protocols import Lease, PublishedBase
from index.store.sql.statements import Statements

_KEPT = 2
"""Bases of each form: the one in use, and the one before, which a machine that lags may be fetching."""
_LEASE = "base"

Opened = Callable[[], AbstractContextManager[Statements]]


class PostgresqlBases:
    """Implements :class:`index.protocols.Bases`, whose docstrings describe the methods."""

    def __init__(
        self,
        files: SharedFiles,
        read: Opened,
        write: Opened,
        lease: Callable[[str], AbstractContextManager[Lease]],
    ) -> None:
        """Use :meth:`index.store.postgresql.PostgresqlStore.bases`, whose transactions these are."""
        self._files = files
        self._read = read
        self._write = write
        self._lease = lease

    def newest(self, form: str, up_to: int) -> PublishedBase | None:
        with self._read() as statements:
            row = statements.row(
                "SELECT change, manifest FROM bases WHERE form = ? AND change <= ?"
                " ORDER BY change DESC LIMIT 1",
                (form, up_to),
            )
        return PublishedBase(*row) if row else None

    def turn(self) -> AbstractContextManager[object]:
        return self._lease(_LEASE)

    def publish(self, form: str, generation: int, manifest: str, files: Iterable[tuple[str, Path]]) -> int:
        self._sweep()  # what a process has left that was killed
        put: set[str] = set()
        try:
            for sha256, path in files:
                put.add(sha256)
                self._files.put(sha256, path)
            change = self._insert(form, generation, manifest)
        except (CollectionBusy, ObjectsUnavailable, OSError):
            # A purge that went on while this stood still sweeps no more.
            with suppress(LoccitError, OSError):
                self._files.delete(put - self._named())
            raise
        self._sweep()
        return change

    def _insert(self, form: str, generation: int, manifest: str) -> int:
        # Whoever takes the turn after this check, such as a purge, writes after this transaction.
        with self._write() as statements, self._lease(_LEASE) as turn:
            turn.check()
            if statements.read_state().generation != generation:
                raise CollectionBusy("The collection was upgraded while a base was made. It is made anew.")
            change = statements.begin_change()
            statements.execute("INSERT INTO bases VALUES (?, ?, ?, ?)", (change, form, generation, manifest))
            statements.execute(
                "DELETE FROM bases WHERE generation <> ? OR (form = ? AND change NOT IN"
                " (SELECT change FROM bases WHERE form = ? ORDER BY change DESC LIMIT ?))",
                (generation, form, form, _KEPT),
            )
        return change

    def last_erasure(self) -> int:
        with self._read() as statements:
            return statements.read_state().erased

    def fetch(self, sha256: str, path: Path) -> None:
        self._files.fetch(sha256, path)

    def drop_but(self, kept: Collection[int]) -> None:
        with self._write() as statements:
            for (change,) in statements.rows("SELECT change FROM bases"):
                if change not in kept:
                    statements.execute("DELETE FROM bases WHERE change = ?", (change,))
        self._sweep()

    def _sweep(self) -> None:
        self._files.sweep(self._named())

    def _named(self) -> set[str]:
        """The files of all published bases."""
        with self._read() as statements:
            manifests: list[dict[str, Any]] = [
                json.loads(text) for (text,) in statements.rows("SELECT manifest FROM bases")
            ]
        return {file["sha256"] for manifest in manifests for file in manifest["files"].values()}
