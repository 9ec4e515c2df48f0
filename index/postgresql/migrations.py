"""Numbered migrations of a schema's tables, which only go forward.

Each schema has a table ``formats`` with the format of each of its components. A component is what brings
tables of its own and changes them on its own: the record, the keys, the vectors.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from index.errors import StoreDamaged, UnknownFormat
from index.postgresql.locks import lock_key
from index.postgresql.server import Server
from index.postgresql.transactions import Transaction

_log = logging.getLogger("loccit.store")

Migration = str | Callable[[Transaction], None]
"""Statements, or a function that runs them; tables are named without their schema."""


def migrate(
    server: Server, schema: str, component: str, migrations: Sequence[Migration], *, create: bool = True
) -> None:
    """Bring a component's tables up to date, in one transaction; other processes wait for it.

    The first migration makes format 1, and so on. ``create``: make the schema and the tables if there are
    none. Raises :class:`index.errors.UnknownFormat` for a later format,
    :class:`index.errors.StoreDamaged` for a missing one that is not to be created.
    """
    what = f"the schema {schema!r}"
    with server.read(schema, what=what, standby=True) as reading:
        found = _format(reading, schema, component)
    if found == len(migrations):
        return
    with server.write(schema, lock=lock_key("migrations", f"{schema}/{component}"), what=what) as writing:
        found = migrate_within(writing, schema, component, migrations, create=create)
    if 0 < found < len(migrations):
        _log.info("%r in %s was migrated from format %d to %d.", component, what, found, len(migrations))


def migrate_within(
    transaction: Transaction,
    schema: str,
    component: str,
    migrations: Sequence[Migration],
    *,
    create: bool = True,
) -> int:
    """Do what :func:`migrate` does in a transaction of the caller; returns the format before, 0 without.

    Tables without a schema are then those of this one.
    """
    transaction.execute(f'SET LOCAL search_path TO "{schema}"')
    found = _format(transaction, schema, component)
    if found > len(migrations):
        raise UnknownFormat(
            f"The tables of {component!r} in the schema {schema!r} have format {found}, and this program "
            f"reads formats up to {len(migrations)}. Start the version of the program that wrote them, or a "
            "newer one, or restore a backup made before they were upgraded."
        )
    if found == 0:
        if not create:
            raise StoreDamaged(
                f"The tables of {component!r} in the schema {schema!r} are missing. Restore a backup."
            )
        _prepare(transaction, schema)
    for migration in migrations[found:]:
        if isinstance(migration, str):
            transaction.connection.execute(migration)  # without values: it may be several statements
        else:
            migration(transaction)
    transaction.execute(
        "INSERT INTO formats VALUES (%s, %s) ON CONFLICT (component) DO UPDATE SET format = EXCLUDED.format",
        (component, len(migrations)),
    )
    return found


def _format(transaction: Transaction, schema: str, component: str) -> int:
    """Return the format of a component; 0 if it has no tables."""
    row = transaction.row(
        "SELECT EXISTS (SELECT FROM pg_tables WHERE schemaname = %s AND tablename = 'formats')", (schema,)
    )
    if row is None or not row[0]:
        return 0
    row = transaction.row("SELECT format FROM formats WHERE component = %s", (component,))
    return int(row[0]) if row else 0


def _prepare(transaction: Transaction, schema: str) -> None:
    """Make a schema with a table of formats, unless others have made it."""
    transaction.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key("migrations", schema),))
    there_is = transaction.row("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,))
    if there_is is None:
        transaction.execute(f'CREATE SCHEMA "{schema}"')
    transaction.execute(
        "CREATE TABLE IF NOT EXISTS formats (component text PRIMARY KEY, format integer NOT NULL)"
    )
