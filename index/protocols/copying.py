"""The seam by which a record is copied, row for row, into another store."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Row = tuple[Any, ...]
Rows = Mapping[str, list[Row]]
"""Rows by the name of their table."""
Stage = Literal["documents", "names", "changes"]
LOGS = ("changes", "events", "erased", "removals")
"""Tables to which rows are only ever added, in order of their keys."""


@dataclass(frozen=True, slots=True)
class RecordState:
    """The state of a record beside its tables.

    ``erased`` and ``purged`` are the last change that erased something, and the last one whose erasures left
    the files. ``given`` has for each table the highest key that was ever given: none is given again.
    """

    store: str
    epoch: str
    generation: int
    change: int
    erased: int
    purged: int
    refused_mirrors: str | None
    given: Mapping[str, int]
    connections: str | None = None


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """The progress of a copy, stored in the copy in the same transaction as each part.

    ``store``, ``epoch`` and ``generation`` are those of the source. What its changes after ``since`` touched
    is copied again; ``began`` is the change at which the copy began. ``after`` is the key of the last
    document, ``name`` that of the last name (document id, digits as hex) of the first two stages.
    """

    store: str
    epoch: str
    generation: int
    began: int
    since: int
    stage: Stage = "documents"
    after: int = 0
    name: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class TouchedDocuments:
    """Documents (keys) that changes touched, and ids under which names may have been reserved."""

    documents: Sequence[int]
    ids: Sequence[str]


class RowSource(Protocol):
    """The rows of a record at one moment; for one thread."""

    @property
    def state(self) -> RecordState:
        """The state beside the tables."""

    def token(self, change: int) -> bytes | None:
        """The random token of a change; None where the change has none, or is none."""

    def size(self, table: str) -> int:
        """The number of rows of a table."""

    def bytes_in(self, table: str, column: str) -> int:
        """The total bytes of a column of a table."""

    def next_documents(self, after: int, most: int) -> list[int]:
        """Keys of the next documents after one, at most so many, and fewer if they have many passages."""

    def touched_documents(self, since: int) -> TouchedDocuments:
        """The documents and ids that the changes after ``since`` touched."""

    def documents(self, keys: Sequence[int]) -> Rows:
        """All rows of documents (keys) that exist, with the texts and vectors that they use."""

    def groups_of_erased(self) -> list[Row]:
        """The groups of documents that are gone."""

    def names_after(self, name: tuple[str, str]) -> list[Row]:
        """The next names after one, in order."""

    def names_of(self, ids: Sequence[str], documents: Sequence[int]) -> list[Row]:
        """The names under these ids, and under the present and former ids of documents (keys)."""

    def logged_after(self, table: str, last: Row | None) -> list[Row]:
        """The next rows of a table of :data:`LOGS`; from the first one on if ``last`` is None."""

    def last_logged(self, table: str) -> Row | None:
        """The key of the last row of a table of :data:`LOGS`."""

    def rows_in_order(self, table: str) -> Iterator[tuple[Row, Row]]:
        """All rows of a table, each with its key, in order of the keys."""


class RowTarget(RowSource, Protocol):
    """A record into which rows are copied, in one transaction; for one thread."""

    @property
    def progress(self) -> CopyProgress | None:
        """The progress of the copy; None for a complete record, or one without a copy."""

    def note(self, progress: CopyProgress) -> None:
        """Store the progress. The record gets the name of the source."""

    def separate_originals(self, *, again: bool = False, name: str = "") -> None:
        """Give a copy a folder of its own in a place for originals, where it has that of its source.

        Both may use one place, and what deletes the one must leave the files of the other. Repeated calls
        change nothing; ``again`` makes a copy of a copy. ``name``, hex digits, is that of the folder, which
        gets a random one without.
        """

    def put_documents(self, keys: Sequence[int], rows: Rows, *, replace: bool) -> None:
        """Store documents in the place of those that have these keys, or the same ids.

        ``replace``: also the vectors that they use may be others.
        """

    def put_names(self, rows: Sequence[Row], *, replace: bool) -> None:
        """Store names; ``replace``: instead of all that the same ids have."""

    def put_log(self, table: str, rows: Iterable[Row]) -> None:
        """Add rows to a table of :data:`LOGS`."""

    def update_statistics(self) -> None:
        """Update the statistics by which the database plans queries, after tables were filled."""

    def finish(self, state: RecordState, groups_of_erased: Iterable[Row], *, began: int) -> None:
        """End the copy: it is complete, and has this state.

        What was erased after the change ``began`` may be in its files: it is to be purged once more.
        """


class RowCopying(Protocol):
    """Copies the rows of one record from or into its store."""

    def reading(self) -> AbstractContextManager[RowSource]:
        """Read the rows as they are at one moment."""

    def writing(self) -> AbstractContextManager[RowTarget]:
        """Write rows in one transaction."""
