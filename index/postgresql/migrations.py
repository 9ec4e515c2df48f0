"""Numbered migrations of a schema's tables, which only go forward.

Each schema has a table ``formats`` with the format of each of its components. A component is what brings
tables of its own and changes them on its own: the record, the keys, the vectors. Processes of several
versions may have the same tables open, as far as the migrations say so (:class:`Compatible`).
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from index.errors import CollectionBusy, FormatInUse, StoreDamaged
from index.postgresql.formats import TableFormat, holders, lock_of, read_format
from index.postgresql.locks import lock_key
from index.postgresql.server import Server
from index.postgresql.transactions import Transaction

_log = logging.getLogger("loccit.store")

_TABLE_SECONDS = 0.15
"""Seconds that a migration waits for a table in use. Later statements wait behind it."""
_WAIT_SECONDS = 60.0
"""Seconds for which a migration is tried again."""
_CLOSING_SECONDS = 1.0
"""The server takes a moment to notice that a process has closed its connections."""
_PAUSE_SECONDS = (1.0, 2.0)
"""Between two tries: long beside what a try takes, so that older processes that read are hardly slowed down.
By chance, so that processes that begin at once do not try at once."""
_SHOWN = 5

Change = str | Callable[[Transaction], object]
"""Statements, or a function that runs them; tables are named without their schema."""


@dataclass(frozen=True, slots=True)
class Compatible:
    """A migration that code of earlier formats goes on working with, from ``oldest`` on.

    It adds tables, indexes, or columns that have a default. An ``oldest`` that is not 1 is for what removes
    things that code has not used since that format. What broke older code before stays broken for it.
    """

    change: Change
    oldest: int = 1


Migration = Change | Compatible
"""A change alone is one after which code of earlier formats cannot work."""


def migrate(
    server: Server, schema: str, component: str, migrations: Sequence[Migration], *, create: bool = True
) -> None:
    """Bring a component's tables up to date, in one transaction, and open them; other processes wait for it.

    The first migration makes format 1, and so on. Tables of a later format are opened as they are, if code
    of the last format here can work with them. ``create``: make the schema and the tables if there are
    none. Raises :class:`index.errors.UnknownFormat` for another later format,
    :class:`index.errors.FormatInUse` while processes are at work that could not go on afterwards,
    :class:`index.errors.StoreDamaged` for a missing one that is not to be created.
    """
    what, known = f"the schema {schema!r}", len(migrations)
    server.open_tables(schema, component, known)
    with server.read(schema, what=what, standby=True) as reading:
        found = read_format(reading, schema, component).number
    if found < known:
        before = _migrate(server, schema, component, migrations, what=what, create=create)
        if 0 < before < known:
            _log.info(
                "%r in %s was migrated from format %d to %d, which code of formats from %d on can use.",
                *(component, what, before, known, oldest_of(migrations)),
            )
    elif found > known:
        _log.info(
            "%r in %s has format %d, which this program, of format %d, can use.",
            component,
            what,
            found,
            known,
        )


def _migrate(
    server: Server, schema: str, component: str, migrations: Sequence[Migration], *, what: str, create: bool
) -> int:
    began = time.monotonic()
    while True:
        try:
            lock = lock_key("migrations", schema)
            with server.write(schema, lock=lock, what=what, seconds=_TABLE_SECONDS) as writing:
                return migrate_within(writing, schema, component, migrations, create=create)
        except (CollectionBusy, FormatInUse) as error:
            is_refused = isinstance(error, FormatInUse)
            if time.monotonic() > began + (_CLOSING_SECONDS if is_refused else _WAIT_SECONDS):
                raise
            time.sleep(_CLOSING_SECONDS / 20 if is_refused else random.uniform(*_PAUSE_SECONDS))  # noqa: S311


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
    found, known = read_format(transaction, schema, component), len(migrations)
    found.require_usable(schema, component, known)
    if found.number >= known:
        return found.number
    if found.number == 0 and not create:
        raise StoreDamaged(
            f"The tables of {component!r} in the schema {schema!r} are missing. Restore a backup."
        )
    oldest = oldest_of(migrations)
    if found.number:
        _require_no_older(transaction, schema, component, found, TableFormat(known, oldest))
    _prepare(transaction, schema)
    transaction.without_limit()
    for migration in migrations[found.number :]:
        change = migration.change if isinstance(migration, Compatible) else migration
        if isinstance(change, str):
            transaction.connection.execute(change)  # without values: it may be several statements
        else:
            change(transaction)
    transaction.execute(
        "INSERT INTO formats (component, format, oldest) VALUES (%s, %s, %s)"
        " ON CONFLICT (component) DO UPDATE SET format = EXCLUDED.format, oldest = EXCLUDED.oldest",
        (component, known, oldest),
    )
    return found.number


def oldest_of(migrations: Sequence[Migration]) -> int:
    """Return the oldest format whose code can work with the tables after all of these migrations."""
    return max(
        one.oldest if isinstance(one, Compatible) else number for number, one in enumerate(migrations, 1)
    )


def _require_no_older(
    transaction: Transaction, schema: str, component: str, found: TableFormat, wanted: TableFormat
) -> None:
    """Keep processes that could not go on from the tables until the transaction ends, or raise an error."""
    # Those of formats before the oldest so far do not have them open.
    keys = [lock_of(component, known) for known in range(found.oldest, wanted.oldest)]
    if all(transaction.row("SELECT pg_try_advisory_xact_lock(%s)", (key,)) == (True,) for key in keys):
        return
    names = holders(transaction, keys)
    if not names:
        raise CollectionBusy(
            f"Another process changes the tables of {component!r}, or has just ended. Try again in a moment."
        )
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    raise FormatInUse(
        f"The tables of {component!r} in the schema {schema!r} are to be changed from format {found.number} "
        f"to {wanted.number}, and code of formats before {wanted.oldest} cannot work with that. Processes of "
        f"an older version that have such tables open, in any schema: {len(names)} ({shown}). Nothing was "
        "changed. Stop all processes of older versions, then start this one again."
    )


def _prepare(transaction: Transaction, schema: str) -> None:
    """Make a schema with a table of formats, or complete one, unless others have done so."""
    transaction.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key("migrations", schema),))
    there_is = transaction.row("SELECT 1 FROM pg_namespace WHERE nspname = %s", (schema,))
    if there_is is None:
        transaction.execute(f'CREATE SCHEMA "{schema}"')
    transaction.execute(
        "CREATE TABLE IF NOT EXISTS formats"
        " (component text PRIMARY KEY, format integer NOT NULL, oldest integer)"
    )
    # Only where it is missing: others wait while the table is altered.
    has_oldest = transaction.row(
        "SELECT 1 FROM pg_attribute WHERE attrelid = 'formats'::regclass AND attname = 'oldest'"
    )
    if has_oldest is None:
        transaction.execute("ALTER TABLE formats ADD COLUMN oldest integer")
