"""Collections of a PostgreSQL database: a table of them, and a schema for each."""

import json
import logging
import shutil
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path
from typing import Any

from index.errors import CollectionBusy, CollectionNotFound, NotSupported, ObjectsUnavailable, StoreDamaged
from index.naming import hidden_name, shown_name
from index.postgresql import Row, Server, Transaction, listeners, listening, lock_key, migrate, notify
from index.postgresql.migrations import migrate_within
from index.protocols import Guard, Originals
from index.store.guarding import guarded
from index.store.originals import LayeredOriginals, SharedOriginals, folder_originals
from index.store.postgresql import claims, schema
from index.store.postgresql.ledger import PostgresqlLedger
from index.store.postgresql.statements import CHANNEL
from index.store.postgresql.store import PostgresqlStore
from index.store.rows.tags import objects_name

_log = logging.getLogger("loccit.store")

_WHAT = "the catalogue of collections"
_ORIGINALS = "originals"
_ATTENDING = lock_key("embedding", "attending")
_FOLDER = "SELECT store, to_jsonb(state) ->> 'objects' FROM state"
"""Also where the tables of a deleted collection are as an older version left them."""
_SWEEP_SECONDS = 0.5
"""How long dropping a deleted collection waits for its readers; it is tried again later."""


class PostgresqlCatalogue:
    """Implements :class:`index.protocols.Catalogue`. Deleting a collection drops its schema.

    Files derived from a collection are in ``folder``, on each machine, under its name, the id of the database
    and its number there: those of another store, or of a collection that was made again, are never met.
    ``shared`` is where new originals are put, if not there.
    """

    stores_know_deletions = True
    is_announced = True

    def __init__(self, server: Server, folder: Path, shared: SharedOriginals | None = None) -> None:
        self._server = server
        self._folder = folder
        self._shared = shared or SharedOriginals(None)
        self.guard: Guard | None = None
        migrate(server, schema.CATALOGUE_SCHEMA, "catalogue", schema.CATALOGUE)
        with server.read(schema.CATALOGUE_SCHEMA, first="SELECT id FROM catalogue", what=_WHAT) as reading:
            if reading.first is None:
                raise StoreDamaged("The catalogue of collections has no id. Restore a backup.")
            self._id = str(reading.first[0])
        try:
            self._sweep()
        except (ObjectsUnavailable, OSError) as error:
            _log.warning("Originals of a deleted collection could not be removed yet: %s", error)

    def require_answers(self) -> None:
        self._server.require_answers()

    def names(self) -> list[str]:
        with self._server.read(schema.CATALOGUE_SCHEMA, what=_WHAT, standby=True) as reading:
            query = "SELECT name FROM collections WHERE name NOT LIKE '.%' ORDER BY name"
            return [name for (name,) in reading.rows(query)]

    def identity(self, name: str) -> Hashable | None:
        row = self._look("SELECT number FROM collections WHERE name = {}", name)
        return (self._id, row[0]) if row else None

    def describe(self, name: str, description: Mapping[str, Any]) -> Mapping[str, Any]:
        if (known := self.description(name)) is not None:
            return known
        with self._server.write(schema.CATALOGUE_SCHEMA, what=_WHAT) as writing:
            row = writing.row(
                "INSERT INTO collections (name, description) VALUES (%s, %s) ON CONFLICT DO NOTHING"
                " RETURNING number",
                (name, json.dumps(dict(description))),
            )
            if row is not None:  # else another process has made it
                migrate_within(writing, schema.schema_of(row[0]), "record", schema.COLLECTION)
                _announce(writing, row[0])
        return self._read_description(name)

    def description(self, name: str) -> Mapping[str, Any] | None:
        return None if self.identity(name) is None else self._read_description(name)

    def _read_description(self, name: str) -> Mapping[str, Any]:
        row = self._look("SELECT description FROM collections WHERE name = {}", name)
        if row is None:
            raise _not_found(name)
        try:
            found = json.loads(row[0])
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise StoreDamaged(
                f"The description of the collection {name!r} cannot be read. Restore a backup, or delete the "
                "collection to begin anew."
            )
        return found

    def folder(self, name: str) -> Path:
        identity = self._number(name)
        return self._folder / f"{shown_name(name)}.{self._id[:12]}-{identity or 0}"

    def open(self, name: str) -> PostgresqlStore:
        number = self._number(name)
        if number is None:
            raise _not_found(name)
        return guarded(PostgresqlStore(self._server, number, name, self._shared), name, self.guard)

    def pin(self, names: Sequence[str]) -> AbstractContextManager[Mapping[str, Callable[[Path], None]]]:
        """Raise :class:`index.errors.NotSupported`."""
        raise NotSupported(
            f"The collections {', '.join(names)} are in PostgreSQL, which is not backed up from here. "
            "Use the server's own tools."
        )

    def publish(self, name: str) -> None:
        self._rename(hidden_name(name), name)

    def conceal(self, name: str) -> None:
        self._rename(name, hidden_name(name))

    def _rename(self, name: str, to: str) -> None:
        if self.identity(to) is not None:
            raise CollectionBusy(f"There is a collection {shown_name(to)!r} already.")
        with self._server.write(
            schema.CATALOGUE_SCHEMA, what=f"the collection {shown_name(name)!r}"
        ) as writing:
            query = "UPDATE collections SET name = %s WHERE name = %s RETURNING number"
            for (number,) in writing.rows(query, (to, name)):
                _announce(writing, number)

    def originals(self, name: str) -> Originals:
        opened, folder = self.identity(name), self.folder(name)
        if opened is not None:
            folder.mkdir(parents=True, exist_ok=True)
        own = folder_originals(folder / _ORIGINALS, lambda: self.identity(name) == opened)
        if not self._shared.is_used:
            return own
        with closing(self.open(name)) as store:
            shared = store.objects_name()
        return LayeredOriginals(self._shared.of(shared, lambda: self.identity(name) == opened), own)

    def ledger(self) -> PostgresqlLedger | None:
        if not self._shared.is_owned:
            return None
        return PostgresqlLedger(self._server, self._shared, self._is_copy)

    def _is_copy(self) -> bool:
        """Whether the folder of any collection belongs to another database, of which this one is a copy."""
        for name in self.names():
            with closing(self.open(name)) as store:
                owned = self._shared.owned(store.objects_name())
            if owned is not None and owned.owner() is not None and not owned.is_own():
                return True
        return False

    def delete(self, name: str) -> None:
        number, folder = self._number(name), self.folder(name)
        if number is None:
            raise _not_found(name)
        # Who is writing commits first. Whoever writes later finds that it has no name.
        lock = lock_key("transactions", f"{schema.schema_of(number)}/write")
        with self._server.write(
            schema.CATALOGUE_SCHEMA, lock=lock, what=f"the collection {name!r}"
        ) as writing:
            writing.execute("UPDATE collections SET name = NULL WHERE number = %s", (number,))
            _announce(writing, number)
        shutil.rmtree(folder, ignore_errors=True)
        self._sweep()

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Listen for passages that wait; see :class:`index.protocols.Catalogue`."""
        return listening(self._server, claims.CHANNEL, lambda _: woken(), key=_ATTENDING)

    def following(self, told: Callable[[Hashable | None], object]) -> AbstractContextManager[None]:
        """Listen for changes; see :class:`index.protocols.Catalogue`."""

        def tell(changed: str) -> None:
            number = schema.number_of(changed)
            told(None if number is None else (self._id, number))

        return listening(self._server, CHANNEL, tell)

    def attendants(self) -> int:
        return listeners(self._server, _ATTENDING)

    def _number(self, name: str) -> int | None:
        row = self._look("SELECT number FROM collections WHERE name = {}", name)
        return int(row[0]) if row else None

    def _look(self, query: str, name: str) -> Row | None:
        return self._server.look(schema.CATALOGUE_SCHEMA, query, name, what=_WHAT, standby=True)

    def _sweep(self) -> None:
        """Finish deletions, also those that a process was killed in; one in use is left for later.

        Raises :class:`index.errors.ObjectsUnavailable`, OSError.
        """
        with self._server.read(schema.CATALOGUE_SCHEMA, what=_WHAT) as reading:
            doomed = reading.rows("SELECT number FROM collections WHERE name IS NULL")
        for (number,) in doomed:
            # First the originals: the record knows which they are.
            self._drop_shared(number)
            try:
                with self._server.write(
                    schema.CATALOGUE_SCHEMA, what=f"collection {number}", seconds=_SWEEP_SECONDS
                ) as writing:
                    writing.execute(f'DROP SCHEMA IF EXISTS "{schema.schema_of(number)}" CASCADE')
                    writing.execute("DELETE FROM collections WHERE number = %s", (number,))
            except CollectionBusy:
                _log.info("The deleted collection %d is being read; it is dropped later.", number)
        self._sweep_folders()

    def _drop_shared(self, number: int) -> None:
        if self._shared.is_used:
            with suppress(StoreDamaged):  # another process has dropped it
                row = self._server.look(schema.schema_of(number), _FOLDER)
                if row is not None:
                    self._shared.drop(objects_name(*row))

    def _sweep_folders(self) -> None:
        """Remove files derived from collections of this database that are gone."""
        # First the folders: one that is made meanwhile is of a collection that is not known yet.
        folders = list(self._folder.glob(f"*.{self._id[:12]}-*"))
        with self._server.read(schema.CATALOGUE_SCHEMA, what=_WHAT) as reading:
            kept = {str(number) for (number,) in reading.rows("SELECT number FROM collections")}
        for folder in folders:
            if folder.name.rpartition("-")[2] not in kept:
                shutil.rmtree(folder, ignore_errors=True)


def _announce(transaction: Transaction, number: int) -> None:
    """Tell all who follow that a collection was made, deleted or renamed, after the commit."""
    notify(transaction, CHANNEL, schema.schema_of(number))


def _not_found(name: str) -> CollectionNotFound:
    return CollectionNotFound(f"There is no collection {name!r}.", name=name)
