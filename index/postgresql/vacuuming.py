"""Free what deleted rows leave in the tables of a schema."""

import psycopg
from psycopg import sql

from index.postgresql.failures import translate_error
from index.postgresql.server import Server

_SETTINGS = {"statement_timeout": "0", "lock_timeout": "2000"}


def vacuum(server: Server, schema: str, *, what: str, seen: str = "") -> bool:
    """Free the deleted rows of all tables; False while a transaction sees them, or a table is in use.

    ``seen`` is a query that finds such a transaction, with braces for the name of the schema. Reads the parts
    of the tables that changed since the last time, and their indexes. Raises
    :class:`index.errors.StoreUnavailable`.
    """
    try:
        with server.connect(_SETTINGS) as connection:
            if seen and connection.execute(sql.SQL(seen).format(sql.Identifier(schema))).fetchone():
                return False
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,))
            names = sql.SQL(", ").join(sql.Identifier(schema, name) for (name,) in tables.fetchall())
            connection.execute(sql.SQL("VACUUM (INDEX_CLEANUP ON, TRUNCATE OFF) ") + names)
    except psycopg.errors.LockNotAvailable:
        return False
    except psycopg.Error as error:
        raise translate_error(error, what) from error
    return True
