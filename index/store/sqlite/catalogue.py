"""Store each collection as a folder with a description and a database file."""

import json
import logging
import shutil
import sqlite3
import uuid
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import Any

from index.disks import translating_disk_errors
from index.durability import sync, write_text_durably
from index.errors import CollectionBusy, Damaged, DiskFull, DiskReadOnly, ObjectsUnavailable, StoreDamaged
from index.file_leases import FileLeases
from index.naming import hidden_name, shown_name
from index.protocols import Guard, Originals
from index.store.guarding import guarded
from index.store.originals import LayeredOriginals, SharedOriginals, folder_originals
from index.store.sqlite.database import PinnedDatabase, check_journal, check_size, pin_database
from index.store.sqlite.statements import SqliteStatements
from index.store.sqlite.store import SqliteStore
from index.store.sqlite.upgrading import description

_log = logging.getLogger("loccit.store")

_DESCRIPTION = "collection.json"
_STORE = "store.sqlite"
_ORIGINALS = "originals"
_DELETED = ".deleted"
_ELSEWHERE = ".elsewhere"
"""In the name of a deleted folder, after that of the folder that has originals in another place."""
_REPLACE_DESCRIPTION = (
    "Restore it from a backup, or create an empty collection with the same settings under another name and "
    "copy its file."
)
_WRITER_SECONDS = 10.0
"""Seconds that a deletion waits for a commit, and a creation for another one."""
_CREATING = ".creating"
"""The lease under which collections are created. Its file is beside their folders, which stay bare."""
_DERIVED = frozenset({"lexical", "vectors", "leases"})
_GENERATION = "indexes-"
"""Folders in that of a collection that are made anew where they are missing, and what others begin with."""


class FolderCatalogue:
    """Implements :class:`index.protocols.Catalogue`: one folder with a subfolder for each collection.

    Deleting a collection deletes its folder. ``shared`` is where new originals are put, if not there.
    """

    stores_know_deletions = False
    is_announced = False

    def __init__(self, folder: Path, shared: SharedOriginals | None = None) -> None:
        self._folder = folder
        self._shared = shared or SharedOriginals(None)
        self.guard: Guard | None = None
        try:
            self._sweep()
        except (ObjectsUnavailable, OSError) as error:
            _log.warning("Originals of a deleted collection could not be removed yet: %s", error)

    def require_answers(self) -> None:
        """Do nothing: files are read, or fail, at once."""

    def names(self) -> list[str]:
        found = {
            path.parent.name for name in (_DESCRIPTION, _STORE) for path in self._folder.glob(f"*/{name}")
        }
        return sorted(name for name in found if not name.startswith("."))

    def identity(self, name: str) -> Hashable | None:
        folder = self._folder / name
        try:
            found = (folder / _STORE).stat()
        except FileNotFoundError:
            return () if (folder / _DESCRIPTION).exists() else None
        # The inode number is unique while the file is open, even after it was deleted.
        return found.st_dev, found.st_ino

    def describe(self, name: str, description: Mapping[str, Any]) -> Mapping[str, Any]:
        path = self._folder / name / _DESCRIPTION
        if not path.exists():
            self._create(path, description)
        return self._read_description(path)

    def description(self, name: str) -> Mapping[str, Any] | None:
        path = self._folder / name / _DESCRIPTION
        return self._read_description(path) if path.exists() else None

    @staticmethod
    def _read_description(path: Path) -> dict[str, Any]:
        """The description in the record, which an upgrade stores there; else that of the file."""
        stored = _in_record(path.with_name(_STORE))
        in_file = FolderCatalogue._in_file(path)
        if stored is not None and stored != in_file:
            # The exchange was the last thing that an upgrade did, or an older record was put back.
            with suppress(OSError):
                _write(path, stored)
        return in_file if stored is None else stored

    @staticmethod
    def _in_file(path: Path) -> dict[str, Any]:
        try:
            stored = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise StoreDamaged(f"{path} cannot be read. {_REPLACE_DESCRIPTION}") from error
        if not isinstance(stored, dict):
            raise StoreDamaged(f"{path} is not a description of a collection. {_REPLACE_DESCRIPTION}")
        return stored

    def _create(self, path: Path, description: Mapping[str, Any]) -> None:
        """Create a collection: first the record, so that a description without one is always damage.

        Others see the record before the description, and would give it one of their own: they wait.
        """
        with translating_disk_errors(path.parent.name):
            path.parent.mkdir(parents=True, exist_ok=True)
            with FileLeases(self._folder).hold(_CREATING, _WRITER_SECONDS):
                if path.exists():
                    return  # another process has created it meanwhile
                # A deleted collection that another thread has open may have written to its folder again.
                is_bare = _is_bare(path.parent, but_derived=True)
                try:
                    self._create_record(path, description, is_bare=is_bare)
                except (DiskFull, DiskReadOnly, OSError):
                    if is_bare:  # otherwise half of a collection would be listed
                        shutil.rmtree(path.parent, ignore_errors=True)
                    raise

    @staticmethod
    def _create_record(path: Path, description: Mapping[str, Any], *, is_bare: bool) -> None:
        with closing(SqliteStore(path.with_name(_STORE), create=is_bare)) as store:
            with store.snapshot() as moment:
                written = moment.change > 0
            if written:
                raise StoreDamaged(f"{path} is missing beside {_STORE}. {_REPLACE_DESCRIPTION}")
        _write(path, description)

    def folder(self, name: str) -> Path:
        return self._folder / name

    def open(self, name: str) -> SqliteStore:
        folder = self._folder / name
        path, is_bare = folder / _STORE, _is_bare(folder)
        if not is_bare and not path.exists():
            raise _missing(path)
        return guarded(SqliteStore(path, create=is_bare), name, self.guard)

    @contextmanager
    def pin(self, names: Sequence[str]) -> Iterator[Mapping[str, Callable[[Path], None]]]:
        copies: dict[str, Callable[[Path], None]] = {}
        with ExitStack() as stack:
            for name in names:
                path = self._folder / name / _STORE
                try:
                    check_journal(path)
                    database = stack.enter_context(pin_database(path))
                except FileNotFoundError as error:
                    if self.identity(name) is None:
                        continue  # deleted meanwhile
                    raise _missing(path) from error
                copies[name] = partial(self._copy, name, database)
            yield copies

    def _copy(self, name: str, database: PinnedDatabase, folder: Path) -> None:
        own = self._folder / name
        folder.mkdir(parents=True)
        database.copy(folder / _STORE)
        for path in sorted(own.rglob("*")):
            within = path.relative_to(own)
            if path.is_file() and not _is_derived(within):
                (folder / within).parent.mkdir(parents=True, exist_ok=True)
                # What is gone by now was erased meanwhile.
                with suppress(FileNotFoundError):
                    shutil.copyfile(path, folder / within)
        if (stored := _in_record(folder / _STORE)) is not None:
            _write(folder / _DESCRIPTION, stored)  # of the same moment
        if self._shared.is_used:
            self._copy_shared(name, folder)

    def _copy_shared(self, name: str, folder: Path) -> None:
        """Copy the originals of a shared place into the folder of the collection."""
        shared, own = self.originals(name), folder_originals(folder / _ORIGINALS)
        with closing(SqliteStore(folder / _STORE)) as store, store.snapshot() as moment:
            wanted = moment.all_originals()
        for sha256 in wanted:
            # What is gone by now was erased meanwhile.
            with suppress(FileNotFoundError), shared.open(sha256) as file:
                own.put(sha256, file.read())

    def publish(self, name: str) -> None:
        self._rename(hidden_name(name), name)

    def conceal(self, name: str) -> None:
        self._rename(name, hidden_name(name))

    def _rename(self, name: str, to: str) -> None:
        if self.identity(to) is not None:
            raise CollectionBusy(f"There is a collection {shown_name(to)!r} already.")
        (self._folder / name).rename(self._folder / to)
        sync(self._folder)

    def originals(self, name: str) -> Originals:
        opened = self.identity(name)
        own = folder_originals(self._folder / name / _ORIGINALS, lambda: self.identity(name) == opened)
        if not self._shared.is_used:
            return own
        with closing(self.open(name)) as store:
            folder = store.objects_name()
        return LayeredOriginals(self._shared.of(folder, lambda: self.identity(name) == opened), own)

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Do nothing: whoever stores passages in a data folder embeds them, too."""
        return nullcontext()

    def following(self, told: Callable[[Hashable | None], object]) -> AbstractContextManager[None]:
        """Do nothing: to look at a file costs little."""
        return nullcontext()

    def attendants(self) -> None:
        return None

    def ledger(self) -> None:
        return None

    def delete(self, name: str) -> None:
        folder = self._folder / name
        # Who is writing commits first. Whoever writes later notices that its file is gone.
        with ExitStack() as stack:
            with suppress(CollectionBusy):
                stack.enter_context(FileLeases(folder).hold("write", _WRITER_SECONDS))
            elsewhere = self._elsewhere(name)
            # Rename first, so that nobody opens a partly deleted collection.
            folder.rename(folder.with_name(f".{name}.{uuid.uuid4().hex}{elsewhere}{_DELETED}"))
        self._sweep()

    def _elsewhere(self, name: str) -> str:
        """The suffix of a deleted folder's name that identifies its originals elsewhere; empty without."""
        if self._shared.is_used:
            try:
                with closing(self.open(name)) as store:
                    return f".{store.objects_name()}{_ELSEWHERE}"
            except Damaged as error:
                _log.warning(
                    "Originals of the collection %r stay, for it cannot say where they are: %s", name, error
                )
        return ""

    def _sweep(self) -> None:
        """Finish deletions, also those that a process was killed in."""
        for doomed in self._folder.glob(f".*{_DELETED}"):
            begin, is_elsewhere, _ = doomed.name.rpartition(f"{_ELSEWHERE}{_DELETED}")
            if is_elsewhere:
                if not self._shared.is_used:
                    continue  # a process that knows the place finishes it
                self._shared.drop(begin.rpartition(".")[2])
            shutil.rmtree(doomed, ignore_errors=True)


def _write(path: Path, description: Mapping[str, Any]) -> None:
    write_text_durably(path, json.dumps(description, indent=2) + "\n")


def _in_record(path: Path) -> dict[str, Any] | None:
    """The description in a record that was upgraded; None in others, and where it cannot be read."""
    address = f"{path.absolute().as_uri()}?mode=rw"
    try:
        check_journal(path)  # before anything opens the file and merges its journal
        check_size(path)
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as connection:
            return description(SqliteStatements(connection))
    except (StoreDamaged, sqlite3.Error, ValueError):
        return None  # opening the record says what is wrong with it


def _missing(path: Path) -> StoreDamaged:
    return StoreDamaged(
        f"{path} is missing, although the collection has been written to. Restore it from a backup, or "
        f"delete the folder {path.parent} to begin anew."
    )


def _is_bare(folder: Path, *, but_derived: bool = False) -> bool:
    """Whether a collection's folder has no files that are created with its first document.

    Its record may then be created: a process may have been killed before that. ``but_derived`` ignores
    derived files and locks.
    """
    names = {path.name for path in folder.glob("*")}
    if _STORE not in names and f"{_STORE}-wal" in names:
        return False
    if but_derived:
        names = {name for name in names if not (_is_index(name) or name.endswith(".lock"))}
    return all(name == _DESCRIPTION or name.startswith(_STORE) or name.endswith(".new") for name in names)


def _is_derived(within: Path) -> bool:
    """Whether a file of a collection's folder is derived, temporary, or of the database."""
    return _is_index(within.parts[0]) or within.name.startswith(_STORE) or within.suffix in {".lock", ".new"}


def _is_index(name: str) -> bool:
    return name in _DERIVED or name.startswith(_GENERATION)
