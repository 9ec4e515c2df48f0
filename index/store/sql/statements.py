"""The statements of one transaction, and what each database says in its own way."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from index.filters import Comparison
from index.protocols.copying import RecordState
from index.store.sql.state import State
from index.store.sql.tables import POSITION, Table

Row = tuple[Any, ...]
Selection = tuple[str, list[Any]]
"""A query or a condition, and the values that are bound in it."""
Value = int | str | bytes


class Attributes(Protocol):
    """The table of the values that filters compare, and its queries for keys of documents."""

    table: Table

    def row(self, key: str, kind: str, value: str | int | float) -> Row:
        """An attribute as it is stored, without its document."""

    def equal(self, where: Comparison) -> Selection:
        """Select the documents with one of the values of a comparison."""

    def compared(self, where: Comparison) -> Selection:
        """Select the documents for whose value a comparison with another sign holds."""

    def named(self, words: str) -> Selection:
        """Select the documents with these words, folded, in what they are named by."""


class Statements(ABC):
    """Runs the statements of one transaction, for one thread. Values are bound to question marks."""

    attributes: Attributes
    position: str
    """The column that numbers the rows of ``erased``."""
    most_values: int
    """Values that one statement compares a column with, at most."""
    knows_erasures: bool
    """As :attr:`index.store.rows.cache.Reads.knows_erasures`."""
    groups_of_document: str
    """Selects the groups of a document ``d`` as a JSON list."""

    @abstractmethod
    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
        """Return all rows of a query."""

    @abstractmethod
    def row(self, query: str, values: Sequence[Any] = ()) -> Row | None:
        """Return the first row of a query, or None."""

    @abstractmethod
    def execute(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Run a statement; returns how many rows it concerned."""

    @abstractmethod
    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row of values."""

    @abstractmethod
    def stream(self, query: str, values: Sequence[Any] = (), *, size: int) -> Iterator[Sequence[Row]]:
        """Yield the rows of a query in batches, without holding all of them in memory."""

    @abstractmethod
    def add(self, table: Table, rows: Iterable[Sequence[Any]]) -> None:
        """Add rows to a table."""

    @abstractmethod
    def among(self, column: str, values: Sequence[Value]) -> Selection:
        """A condition: a column has one of the values, at most :attr:`most_values`."""

    @abstractmethod
    def among_blocks(self, blocks: Sequence[tuple[bytes, int]]) -> Selection:
        """A condition: the columns ``(sha256, number)`` have one of these pairs."""

    @abstractmethod
    def hex(self, column: str) -> str:
        """An expression for the bytes of a column in hexadecimal digits, in lower case."""

    @abstractmethod
    def has_table(self, name: str) -> bool:
        """Whether there is a table."""

    # The state of the record beside its tables

    @abstractmethod
    def read_state(self) -> State:
        """Read the state. Raises :class:`index.errors.StoreDamaged`."""

    @abstractmethod
    def value_of(self, name: str) -> str:
        """An expression for a value of the state."""

    @abstractmethod
    def set_value(self, name: str, expression: str) -> str:
        """A statement that sets a value of the state to an expression."""

    @abstractmethod
    def begin_change(self) -> int:
        """Begin the next change, inside a write transaction; returns its number."""

    @abstractmethod
    def store_totals(self, counted: Sequence[int]) -> None:
        """Set the totals: documents, passages, waiting passages, characters."""

    # Passages and vectors

    @abstractmethod
    def last_passage(self) -> int:
        """Return the highest passage id ever assigned, or 0."""

    @abstractmethod
    def add_passages(self, rows: Sequence[Row], *, prefix: str = "") -> None:
        """Add passages (:data:`index.store.rows.passages.COLUMNS`), with ids that no passage ever had.

        Those whose text has a vector already do not wait for one. ``prefix`` begins the names of the tables.
        """

    @abstractmethod
    def put_embeddings(self, rows: Sequence[tuple[bytes, bytes, bytes | None]], *, prefix: str = "") -> None:
        """Store vectors and sentences by embedding key, but not of texts that no passage has any more."""

    # Copying

    @abstractmethod
    def record_state(self) -> RecordState:
        """Read what a copy of the record has beside its tables."""

    @abstractmethod
    def put_record_state(self, state: RecordState) -> None:
        """Set it."""

    @abstractmethod
    def update_statistics(self, tables: Sequence[str]) -> None:
        """Update the statistics by which the database plans queries of these tables, if it has any."""

    # What is the same for all

    def quote(self, column: str) -> str:
        """A column of a table, as a statement names it."""
        return f'"{self.position if column == POSITION else column}"'

    def value(self, name: str) -> Any:
        """Return a value of the state."""
        row = self.row(f"SELECT {self.value_of(name)}")
        return row[0] if row else None

    def put_value(self, name: str, value: object) -> None:
        """Set a value of the state."""
        self.execute(self.set_value(name, "?"), (value,))

    def rows_among(
        self, query: str, column: str, values: Iterable[Value], before: Sequence[Any] = ()
    ) -> list[Row]:
        """Return the rows of a query for which a column has one of the values, in the order of these.

        ``{among}`` in the query is that condition; the values ``before`` are bound before it.
        """
        found: list[Row] = []
        wanted = sorted(set(values))
        for start in range(0, len(wanted), self.most_values):
            condition, own = self.among(column, wanted[start : start + self.most_values])
            found += self.rows(query.replace("{among}", condition), (*before, *own))
        return found

    def execute_among(
        self, statement: str, column: str, values: Iterable[Value], before: Sequence[Any] = ()
    ) -> int:
        """Run a statement likewise; returns how many rows it concerned."""
        concerned, wanted = 0, sorted(set(values))
        for start in range(0, len(wanted), self.most_values):
            condition, own = self.among(column, wanted[start : start + self.most_values])
            concerned += self.execute(statement.replace("{among}", condition), (*before, *own))
        return concerned
