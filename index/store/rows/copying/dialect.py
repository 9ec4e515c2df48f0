"""The differences between the databases that records are copied from and into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from index.protocols.copying import RecordState, Row
from index.store.rows.copying.tables import Table
from index.types import Metadata

MOST_VALUES = 5000
"""Values in one statement."""


class Dialect(Protocol):
    """Runs the statements of one transaction. Values are bound to question marks."""

    position: str
    """The name of :data:`index.store.rows.copying.tables.POSITION`."""

    def select(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a query."""

    def stream(self, query: str) -> Iterator[Row]:
        """Yield the rows of a query without holding all of them in memory."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Run a statement."""

    def insert(self, table: Table, rows: Iterable[Row]) -> None:
        """Add rows that are not there."""

    def put_attributes(self, values: Mapping[int, Metadata]) -> None:
        """Replace the attributes of documents (keys) that filters compare."""

    def update_statistics(self, tables: Sequence[str]) -> None:
        """Update the statistics by which the database plans queries of these tables, if it has any."""

    def state(self) -> RecordState:
        """Read the state of the record beside its tables."""

    def name_store(self, store: str) -> None:
        """Set the name of the record."""

    def objects_name(self) -> str | None:
        """The name of its own folder in a place for originals; None if that is its tag."""

    def name_objects(self, name: str) -> None:
        """Set the name of its own folder."""

    def put_state(self, state: RecordState) -> None:
        """Set the state of the record beside its tables."""

    def has_table(self, name: str) -> bool:
        """Whether there is a table."""


def column_list(dialect: Dialect, table: Table) -> str:
    """The columns of a table, as a query lists them."""
    return ", ".join(quote_column(dialect, column) for column in table.columns)


def quote_column(dialect: Dialect, column: str) -> str:
    """A column, as a query names it."""
    return f'"{dialect.position if column == "position" else column}"'


def ordered_by(dialect: Dialect, table: Table) -> str:
    """The key of a table, as a query lists it."""
    return ", ".join(quote_column(dialect, column) for column in table.key)


def marks(values: Sequence[Any]) -> str:
    """A question mark for each value, in brackets."""
    return f"({', '.join('?' * len(values))})"


def parts(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Distinct values in order, in lists that fit into one statement."""
    wanted = sorted(set(values))
    for start in range(0, len(wanted), MOST_VALUES):
        yield wanted[start : start + MOST_VALUES]
