"""Announcements of changes between the stores of several processes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from service.state.databases.protocols import Connection

if TYPE_CHECKING:
    from service.state.databases.postgresql import PostgresqlDatabase


class Unannounced:
    """A store whose processes look for changes, often: they share a machine, and looking costs little."""

    is_announced = False

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Do nothing: ``woken`` is not called."""
        return nullcontext()

    def attendants(self) -> int | None:
        """None: it is not known."""
        return None

    def _announce(self, connection: Connection) -> None:
        """Do nothing."""


class Announced:
    """A store in PostgreSQL, whose processes are told of changes and counted."""

    is_announced = True
    _announcing: PostgresqlDatabase

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Call ``woken`` in another thread after a change of any process, until the ``with`` block ends."""
        return self._announcing.attending(woken)

    def attendants(self) -> int | None:
        """The number of processes that are attending now."""
        return self._announcing.attendants()

    def _announce(self, connection: Connection) -> None:
        """Wake them when the transaction of the connection commits."""
        self._announcing.announce(connection)
