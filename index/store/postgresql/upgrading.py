"""Staging in a schema of a PostgreSQL database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from index.postgresql import Server, Transaction
from index.protocols import Unstaged
from index.records import PendingPassage, StagingCounts
from index.store.postgresql import schema, state, texts, versions
from index.store.postgresql.snapshots.snapshot import PostgresqlSnapshot
from index.store.postgresql.staged import rows, tables
from index.store.postgresql.state import State
from index.store.rows.cache import Memory
from index.store.rows.documents import unstaged_version
from index.types import Passage, Sentences, Vectors

_DELETED_AT_ONCE = 2000

Opened = Callable[[], AbstractContextManager[tuple[Transaction, State]]]


class _StagedSnapshot(PostgresqlSnapshot):
    """A snapshot whose passages and vectors are those of the next generation."""

    @property
    def generation(self) -> int:
        return super().generation + 1


class PostgresqlStaging:
    """Implements :class:`index.protocols.Staging`, whose docstrings describe the methods.

    :meth:`exchange` raises :class:`index.errors.CollectionBusy` while somebody reads the tables for longer
    than a second, such as a check: it can be tried again.
    """

    def __init__(self, server: Server, collection: int, what: str, read: Opened, write: Opened) -> None:
        """Use :meth:`index.store.postgresql.PostgresqlStore.staging`, whose transactions these are."""
        self._server = server
        self._collection = collection
        self._what = what
        self._read = read
        self._write = write

    def target(self) -> Mapping[str, Any] | None:
        with self._read() as (transaction, _):
            return tables.target(transaction)

    def begin(self, current: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        with self._write() as (transaction, _):
            if tables.target(transaction) == dict(target):
                return
            tables.drop_staged(transaction)
            tables.set_target(transaction, target)
            tables.create(transaction)

    def cancel(self) -> None:
        with self._write() as (transaction, _):
            tables.drop_staged(transaction)
            tables.set_target(transaction, None)

    def unstaged(self, limit: int) -> list[Unstaged]:
        with self._read() as (transaction, _):
            found = rows.unstaged(transaction, limit)
            records = versions.of_keys(transaction, [key for key, _ in found])
            return [
                unstaged_version(
                    records[key],
                    versions.structure(transaction, key),
                    texts.read(transaction, records[key].text_sha256),
                    key=key,
                    latest=latest,
                )
                for key, latest in found
            ]

    def stage(
        self,
        version: Unstaged,
        passages: Sequence[Passage],
        headings: Sequence[str],
        *,
        takes_over: bool = False,
    ) -> None:
        split = rows.Split(version.key, version.latest, version.extract.text, passages, headings)
        with self._write() as (transaction, _):
            rows.stage(transaction, split, takes_over=takes_over)

    def waiting(self, after: int, limit: int) -> list[PendingPassage]:
        with self._read() as (transaction, _):
            return rows.waiting(transaction, after, limit)

    def put_vectors(self, keys: Sequence[bytes], vectors: Vectors, sentences: Sequence[Sentences]) -> None:
        with self._write() as (transaction, _):
            rows.put_vectors(transaction, keys, vectors, sentences)

    def counts(self) -> StagingCounts:
        with self._read() as (transaction, _):
            return rows.counts(transaction)

    @contextmanager
    def snapshot(self) -> Iterator[PostgresqlSnapshot]:
        with self._write() as (transaction, _):
            rows.follow_removals(transaction)
        of = schema.schema_of(self._collection)
        with tables.reading_staged(self._server, of, first=state.QUERY, what=self._what) as reading:
            yield _StagedSnapshot(reading, State.of(reading.first), Memory())

    def exchange(self) -> bool:
        with self._write() as (transaction, _):
            rows.follow_removals(transaction)
            wanted = tables.target(transaction)
            if rows.unstaged(transaction, 1) or rows.waiting(transaction, 0, 1) or wanted is None:
                return False
            tables.exchange(transaction, self._collection, wanted)
            state.begin_change(transaction)
            return True

    def delete_replaced(self) -> bool:
        with self._write() as (transaction, _):
            return tables.delete_replaced(transaction, _DELETED_AT_ONCE)
