"""Statements that each run alone, in a transaction of their own, and tell whether something was committed."""

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from index.postgresql.sessions import Row
from index.postgresql.transactions import Transaction

Run = Callable[[str, Sequence[Any]], list[Row]]


class SingleStatements(Transaction):
    """Reads in single statements, which takes one message to the server each and holds nothing there.

    Use :meth:`index.postgresql.Server.single_statements`. With the rows of each statement comes that of a
    query for one row, ``watched``, as of the same state of the database. ``check`` is called with it, or with
    None, and may raise. Statements may only be queries.
    """

    def __init__(self, run: Run, watched: str, width: int, check: Callable[[Row | None], None]) -> None:
        self._run = run
        self._watched = watched
        self._width = width
        self._check_row = check
        self.first = None
        self._is_ended = False

    def watch(self) -> None:
        """Read the watched row alone."""
        found = self._run(self._watched, ())
        self._check_row(found[0] if found else None)

    def rows(self, query: str, parameters: Sequence[Any] | None = None) -> list[Row]:
        self._check()
        found = self._run(
            # The one row is the outer side of the join, so that the rows stay in the order of the query.
            f"SELECT watched.*, found.* FROM ({self._watched}) AS watched"
            f" LEFT JOIN (SELECT true AS is_found, read.* FROM ({query}) AS read) AS found ON true",
            parameters or (),
        )
        self._check_row(found[0][: self._width] if found else None)
        return [row[self._width + 1 :] for row in found if row[self._width]]

    def row(self, query: str, parameters: Sequence[Any] | None = None) -> Row | None:
        return next(iter(self.rows(query, parameters)), None)

    def execute(self, query: str, parameters: Sequence[Any] | None = None) -> NoReturn:
        raise TypeError("single statements read only")
