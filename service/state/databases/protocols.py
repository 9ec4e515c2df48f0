"""The seam below the stores: a database that runs their statements in transactions."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Cursor(Protocol):
    """The results of a statement."""

    @property
    def rowcount(self) -> int:
        """Rows that the statement changed."""

    @property
    def description(self) -> Any:
        """The columns of the results, each a sequence that begins with its name."""

    def fetchone(self) -> Any:
        """The next row as a tuple, or None."""

    def fetchall(self) -> list[Any]:
        """All rows, as tuples."""

    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A transaction that is open. Values are bound to question marks."""

    def execute(self, sql: str, values: Sequence[Any] = ..., /) -> Cursor:
        """Run a statement."""

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]], /) -> object:
        """Run a statement once for each row of values."""


class Database(Protocol):
    """Runs transactions. Thread-safe.

    All methods may raise :class:`index.errors.CollectionBusy` (try again later) and
    :class:`index.errors.Damaged`.
    """

    def read(self) -> AbstractContextManager[Connection]:
        """Open a transaction in which all reads see one consistent state."""

    def write(self) -> AbstractContextManager[Connection]:
        """Open a transaction that is committed at the end, and rolled back on any error."""

    def cleanse(self) -> bool:
        """Remove from the files what committed changes deleted; False while others are in the way."""

    def close(self) -> None:
        """Close what is open."""
