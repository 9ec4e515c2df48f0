"""Staging in one SQLite file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from index.protocols import Unstaged
from index.records import PendingPassage, StagingCounts
from index.store.rows.cache import Memory
from index.store.rows.documents import unstaged_version
from index.store.sqlite import changes, texts, versions
from index.store.sqlite.database import Database
from index.store.sqlite.embeddings import staging
from index.store.sqlite.snapshots import SqliteSnapshot
from index.types import Passage, Sentences, Vectors

_DELETED_AT_ONCE = 2000


class _StagedSnapshot(SqliteSnapshot):
    """A snapshot whose passages and vectors are those of the next generation."""

    @property
    def generation(self) -> int:
        return super().generation + 1


class SqliteStaging:
    """Implements :class:`index.protocols.Staging`, whose docstrings describe the methods."""

    def __init__(self, database: Database, path: Path) -> None:
        """Use :meth:`index.store.sqlite.SqliteStore.staging`."""
        self._database = database
        self._path = path

    def target(self) -> Mapping[str, Any] | None:
        with self._database.read() as connection:
            return staging.target(connection)

    def begin(self, current: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        with self._database.write() as connection:
            staging.begin(connection, current, target)

    def cancel(self) -> None:
        with self._database.write() as connection:
            staging.cancel(connection)

    def unstaged(self, limit: int) -> list[Unstaged]:
        with self._database.read(lasting=True) as connection:
            found = staging.unstaged(connection, limit)
            records = versions.of_keys(connection, [key for key, _ in found])
            return [
                unstaged_version(
                    records[key],
                    versions.structure(connection, key),
                    texts.read(connection, records[key].text_sha256),
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
        split = staging.Split(version.key, version.latest, version.extract.text, passages, headings)
        with self._database.write() as connection:
            staging.stage(connection, split, takes_over=takes_over)

    def waiting(self, after: int, limit: int) -> list[PendingPassage]:
        with self._database.read() as connection:
            return staging.waiting(connection, after, limit)

    def put_vectors(self, keys: Sequence[bytes], vectors: Vectors, sentences: Sequence[Sentences]) -> None:
        with self._database.write() as connection:
            staging.put_vectors(connection, keys, vectors, sentences)

    def counts(self) -> StagingCounts:
        with self._database.read() as connection:
            return staging.counts(connection)

    @contextmanager
    def snapshot(self) -> Iterator[SqliteSnapshot]:
        with self._database.write() as connection:
            staging.follow_removals(connection)
        views = Database(self._path, create=False, views=staging.VIEWS, is_mapped=True)
        with closing(views) as staged, staged.read(lasting=True) as connection:
            yield _StagedSnapshot(connection, Memory())

    def exchange(self) -> bool:
        with self._database.write() as connection:
            if not staging.exchange(connection):
                return False
            changes.begin(connection)
            return True

    def delete_replaced(self) -> bool:
        with self._database.write() as connection:
            return staging.delete_replaced(connection, _DELETED_AT_ONCE)
