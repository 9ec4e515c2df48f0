"""The job store in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable

from service.state.databases import Connection
from service.state.databases.announcing import Announced
from service.state.databases.postgresql import PostgresqlDatabase
from service.state.jobs.postgresql import schema
from service.state.jobs.postgresql.session import AdvisorySession
from service.state.jobs.records import NewItem
from service.state.jobs.sql import SqlJobStore, as_json

_ADD = """
INSERT INTO items (job, number, kind, name, spooled, bytes, request)
SELECT ?, last + row_number() OVER (ORDER BY place), kind, name, spooled, bytes, request
FROM (SELECT COALESCE(MAX(number), 0) AS last FROM items WHERE job = ?) AS there,
    (SELECT DISTINCT ON (kind, name, spooled) * FROM unnest(
        ?::text[], ?::text[], ?::text[], ?::bigint[], ?::text[]
    ) WITH ORDINALITY AS given (kind, name, spooled, bytes, request, place)
    ORDER BY kind, name, spooled, place) AS new
WHERE NOT EXISTS (SELECT FROM items WHERE job = ? AND md5(items.name) = md5(new.name)
    AND (items.kind, items.name, items.spooled) = (new.kind, new.name, new.spooled))
"""


class PostgresqlJobStore(Announced, SqlJobStore):
    """Jobs in the database at a URL, for as many processes and machines as use it.

    Raises :class:`index.errors.StoreUnavailable`, as all methods may.
    """

    def __init__(self, url: str) -> None:
        self._announcing = PostgresqlDatabase(url, "jobs", schema.migrations())
        super().__init__(self._announcing)

    def open_session(self) -> AdvisorySession | None:
        return AdvisorySession.open(self._announcing)

    def _add_items(self, connection: Connection, job: int, items: Iterable[NewItem]) -> None:
        """Add items at the end by one statement, however many there are."""
        new = list(items)
        columns = (
            [item.kind for item in new],
            [item.name for item in new],
            [item.spooled for item in new],
            [item.bytes for item in new],
            [as_json(item.request) for item in new],
        )
        connection.execute(_ADD, (job, job, *columns, job))

    def _serialize_upgrades(self, connection: Connection) -> None:
        connection.execute("LOCK TABLE jobs IN SHARE ROW EXCLUSIVE MODE")
