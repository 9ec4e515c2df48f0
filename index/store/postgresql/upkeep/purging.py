"""Free what deleted rows leave in the tables of a schema."""

from __future__ import annotations

import psycopg
from psycopg import sql

from index.postgresql import Server, translated

_SETTINGS = {"statement_timeout": "0", "lock_timeout": "2000"}
_SEEN = (
    "SELECT 1 FROM pg_stat_activity, {}.state WHERE erased_by IS NOT NULL AND backend_xmin IS NOT NULL"
    " AND pid <> pg_backend_pid() AND datname = current_database()"
    " AND age(backend_xmin) >= age(erased_by::xid) LIMIT 1"
)
"""A transaction of any process that sees what the last erasure deleted."""


def vacuum(server: Server, schema: str, *, what: str) -> bool:
    """Free the deleted rows of all tables; False while a transaction sees them, or a table is in use.

    Reads the parts of the tables that changed since the last time, and their indexes.
    """
    try:
        with server.connect(_SETTINGS) as connection:
            if connection.execute(sql.SQL(_SEEN).format(sql.Identifier(schema))).fetchone():
                return False
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,))
            names = sql.SQL(", ").join(sql.Identifier(schema, name) for (name,) in tables.fetchall())
            connection.execute(sql.SQL("VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) ") + names)
    except psycopg.errors.LockNotAvailable:
        return False
    except psycopg.Error as error:
        raise translated(error, what) from error
    return True
