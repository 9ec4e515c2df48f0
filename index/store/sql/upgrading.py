"""The staging area of an upgrade."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from index.protocols import Unstaged
from index.records import PendingPassage, StagingCounts
from index.store.rows.documents import unstaged_version
from index.store.sql import staging, texts, versions
from index.store.sql.snapshots import SqlSnapshot
from index.store.sql.statements import Statements
from index.types import Passage, Sentences, Vectors

_DELETED_AT_ONCE = 2000


class StagedSnapshot(SqlSnapshot):
    """A snapshot whose passages and vectors are those of the next generation."""

    @property
    def generation(self) -> int:
        return super().generation + 1


class SqlStaging(ABC):
    """Implements :class:`index.protocols.Staging`, whose docstrings describe the methods.

    How tables are created and exchanged, and read by the names of those in use, differs between databases.
    """

    @abstractmethod
    def _read(self) -> AbstractContextManager[Statements]:
        """Open a transaction that reads, and is not ended from outside."""

    @abstractmethod
    def _write(self) -> AbstractContextManager[Statements]:
        """Open a transaction that writes."""

    @abstractmethod
    def _create(self, statements: Statements, current: Mapping[str, Any]) -> None:
        """Make empty tables like those in use, which ``current`` describes."""

    @abstractmethod
    def _exchange(self, statements: Statements, wanted: Mapping[str, Any]) -> None:
        """Replace the tables in use by the staged ones; ``wanted`` describes them from then on."""

    @abstractmethod
    def _staged(self) -> AbstractContextManager[SqlSnapshot]:
        """Open a snapshot of what is staged."""

    def target(self) -> Mapping[str, Any] | None:
        with self._read() as statements:
            return staging.target(statements)

    def begin(self, current: Mapping[str, Any], target: Mapping[str, Any]) -> None:
        with self._write() as statements:
            if staging.target(statements) == dict(target):
                return
            staging.cancel(statements)
            staging.set_target(statements, target)
            self._create(statements, current)

    def cancel(self) -> None:
        with self._write() as statements:
            staging.cancel(statements)

    def unstaged(self, limit: int) -> list[Unstaged]:
        with self._read() as statements:
            found = staging.unstaged(statements, limit)
            records = versions.of_keys(statements, [key for key, _ in found])
            return [
                unstaged_version(
                    records[key],
                    versions.structure(statements, key),
                    texts.read(statements, records[key].text_sha256),
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
        with self._write() as statements:
            staging.stage(statements, split, takes_over=takes_over)

    def waiting(self, after: int, limit: int) -> list[PendingPassage]:
        with self._read() as statements:
            return staging.waiting(statements, after, limit)

    def put_vectors(self, keys: Sequence[bytes], vectors: Vectors, sentences: Sequence[Sentences]) -> None:
        with self._write() as statements:
            staging.put_vectors(statements, keys, vectors, sentences)

    def counts(self) -> StagingCounts:
        with self._read() as statements:
            return staging.counts(statements)

    def snapshot(self) -> AbstractContextManager[SqlSnapshot]:
        with self._write() as statements:
            staging.follow_removals(statements)
        return self._staged()

    def exchange(self) -> bool:
        with self._write() as statements:
            wanted = staging.target(statements)
            if wanted is None or not staging.is_complete(statements):
                return False
            self._exchange(statements, wanted)
            staging.set_target(statements, None)
            statements.put_value("generation", statements.read_state().generation + 1)
            statements.begin_change()
            return True

    def delete_replaced(self) -> bool:
        with self._write() as statements:
            return staging.delete_replaced(statements, _DELETED_AT_ONCE)
