"""Free what deleted rows leave in the tables of a collection."""

from __future__ import annotations

import index.postgresql
from index.postgresql import Server

_SEEN = (
    "SELECT 1 FROM pg_stat_activity, {}.state WHERE erased_by IS NOT NULL AND backend_xmin IS NOT NULL"
    " AND pid <> pg_backend_pid() AND datname = current_database()"
    " AND age(backend_xmin) >= age(erased_by::xid) LIMIT 1"
)
"""A transaction of any process that sees what the last erasure deleted."""


def vacuum(server: Server, schema: str, *, what: str) -> bool:
    """Free the deleted rows of all tables; False while a transaction sees them, or a table is in use."""
    return index.postgresql.vacuum(server, schema, what=what, seen=_SEEN)
