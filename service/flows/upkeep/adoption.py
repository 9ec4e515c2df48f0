"""Give a copy of a database places of its own for originals and uploads, or those of the original.

A database that was restored elsewhere names the places of the one that it was copied from. Nothing is
deleted there until it is known which of both they belong to.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from index.config import LibraryConfig
from index.copying import Difference
from index.objects import OwnedFolder, Owner, parse_objects
from index.protocols import Originals, RecordStore
from index.store import open_catalogue
from index.store.originals import SharedOriginals
from service.flows.upkeep.errors import NothingShared
from service.flows.upkeep.migration.beside import copy_bytes, copy_originals
from service.flows.upkeep.migration.sides import Side
from service.state.databases.owner import rename_owner, service_owner
from service.state.files import CONTENTS
from service.state.jobs import SPOOL, open_shared_spool, open_spool, owned_folder
from service.state.jobs.protocols import Spool

Progress = Callable[[str, int, int], None]
"""Called with what is done, the files done, and their number."""


@dataclass(slots=True)
class Adopted:
    """The result of an adoption: folders of this database now, and files that could not be copied."""

    folders: list[str] = field(default_factory=list)
    originals: int = 0
    missing: list[Difference] = field(default_factory=list)


class Adoption:
    """Changes the owner of the places of a database. Nothing else may use it meanwhile.

    Raises :class:`service.flows.upkeep.errors.NothingShared` where no place could belong to another one.
    """

    def __init__(self, data: Path, config: LibraryConfig, progress: Progress = lambda *_: None) -> None:
        place = parse_objects(config.objects)
        if not config.store_url or place is None:
            raise NothingShared(
                "Only a database has places that may belong to another one: set LOCCIT_STORE and "
                "LOCCIT_OBJECTS as its services have them. A copy of a data folder is made with `loccit "
                "backup` and `loccit restore`."
            )
        from index.postgresql import identify, open_server  # needs psycopg, which a data folder does not

        server = open_server(config.store_url)
        self._side = Side(data, config.store_url, config.objects)
        self._shared = SharedOriginals(place, lambda: identify(server))
        self._own = identify(server)
        self._catalogue = open_catalogue(data, config.store_url, objects=config.objects)
        self._progress = progress

    def take_over(self) -> Adopted:
        """Make this database the owner of all places that it names. The one before deletes nothing then."""
        done = Adopted()
        for owned in self._places():
            if owned.owner() != self._own:
                owned.take()
                done.folders.append(owned.name)
        return done

    def separate(self) -> Adopted:
        """Copy what this database needs into places of its own, and use these; can be repeated.

        Bases of vectors are made anew. Files that are missing are told; all others stay where they are, too.
        """
        done = Adopted()
        for name in self._catalogue.names():
            with closing(self._catalogue.open(name)) as store:
                self._separate_collection(name, store, done)
        self._separate_service(done)
        self._separate_ledger(done)
        return done

    def foreign(self) -> Iterator[tuple[str, Owner]]:
        """Yield the folders that belong to other databases, with their owners."""
        for owned in self._places():
            if (owner := owned.owner()) not in (None, self._own):
                yield owned.name, owner

    def _separate_collection(self, name: str, store: RecordStore, done: Adopted) -> None:
        before = store.objects_name()
        owned = self._owned(before)
        if owned.owner() == self._own:
            return
        folder = _derived(before, self._own)
        self._owned(folder).take()
        self._copy_originals(name, store, self._shared.of(folder), done)
        with store.copying().writing() as rows:
            rows.separate_originals(again=True, name=folder)
        if (bases := store.bases()) is not None:
            with bases.turn():
                bases.drop_but(())
        done.folders.append(self._shared.name_of(folder))

    def _copy_originals(self, name: str, store: RecordStore, target: Originals, done: Adopted) -> None:
        source = self._catalogue.originals(name)
        with store.snapshot(lasting=True) as moment:
            wanted = sorted(moment.all_originals())
        told = partial(self._progress, f"copying originals of {name}")
        for sha256 in copy_originals(source, target, wanted, told):
            done.missing.append(Difference("the bytes are missing", f"{name}: original {sha256.hex()}"))
        done.originals += len(wanted)

    def _separate_service(self, done: Adopted) -> None:
        before = service_owner(self._side.data, self._side.store)
        if all(owned.owner() == self._own for owned in self._of_service(before)):
            return
        name = _derived(before, self._own)
        for owned in self._of_service(name):
            owned.take()

        def spools(folder: str) -> tuple[Spool, Spool]:
            store, objects = self._side.store, self._side.objects
            own = open_spool(self._side.data, store=store, folder=folder, objects=objects)
            return own, open_shared_spool(store, objects, name, folder)

        done.missing += copy_bytes(self._side, spools)
        rename_owner(self._side.store, name)
        done.folders += {owned.name for owned in self._of_service(name)}

    def _separate_ledger(self, done: Adopted) -> None:
        """Begin a ledger of erasures of its own where anything else became its own, too."""
        ledger = self._catalogue.ledger()
        if ledger is not None and (done.folders or ledger.owned.owner() not in (None, self._own)):
            ledger.rename(_derived(ledger.name, self._own))
            done.folders.append(ledger.owned.name)

    def _places(self) -> Iterator[OwnedFolder]:
        for name in self._catalogue.names():
            with closing(self._catalogue.open(name)) as store:
                yield self._owned(store.objects_name())
        yield from self._of_service(service_owner(self._side.data, self._side.store))
        if (ledger := self._catalogue.ledger()) is not None:
            yield ledger.owned

    def _owned(self, folder: str) -> OwnedFolder:
        owned = self._shared.owned(folder)
        assert owned is not None  # noqa: S101 -- there is a place, and it is checked
        return owned

    def _of_service(self, owner: str) -> list[OwnedFolder]:
        """The folders with the uploads and files of a service: one with a name has one for both."""
        found = [
            owned_folder(self._side.store, self._side.objects, owner, folder) for folder in (SPOOL, CONTENTS)
        ]
        return list({one.name: one for one in found if one is not None}.values())


def places_of_others(data: Path, config: LibraryConfig) -> Iterator[tuple[str, Owner]]:
    """Yield the folders that a database names and that belong to another one, with their owners."""
    if config.store_url and parse_objects(config.objects) is not None:
        yield from Adoption(data, config).foreign()


def _derived(before: str, own: Owner) -> str:
    """A name that this copy alone has, the same at each attempt."""
    text = f"{before}:{own.system}:{own.database}"
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"loccit adopt").hexdigest()
