"""Back up and check the store of files, and erase again what a restored backup brings back."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

from index.errors import StoreDamaged
from index.history import ErasedTags
from index.records import Problem
from index.store.sqlite import file_damage, pin_database, reading
from service.state.databases import Connection
from service.state.files.store import CONTENT, FileStore
from service.state.jobs.checksums import copy_spooled, is_damaged
from service.state.jobs.protocols import Spool, size_of_spooled

_KEPT = "SELECT id, bytes FROM files WHERE erasing = 0 ORDER BY number"


def copy_files(database: Path, spool: Spool, target: Path, target_spool: Path) -> None:
    """Copy the store as it is at one moment, while others use it.

    A file that is deleted meanwhile is left out. Raises :class:`index.errors.StoreDamaged` for one whose
    bytes are missing.
    """
    if not database.exists():
        return
    with pin_database(database) as moment:
        moment.copy(target)
    with closing(sqlite3.connect(target)) as copy:
        for file_id, _ in _kept_files(copy):
            place = target_spool / file_id / CONTENT
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                copy_spooled(spool, file_id, CONTENT, place)
            except FileNotFoundError:
                place.parent.rmdir()
                _require_deleted(database, file_id)
                copy.execute("DELETE FROM files WHERE id = ?", (file_id,))
        copy.commit()


def _require_deleted(database: Path, file_id: str) -> None:
    with closing(sqlite3.connect(database)) as live:
        if any(file_id == one for one, _ in _kept_files(live)):
            raise StoreDamaged(
                f"The bytes of the uploaded file {file_id} are missing. Delete it, then try again."
            )


def file_problems(database: Path, spool: Spool) -> Iterator[Problem]:
    """Yield what is wrong with uploaded files."""
    if not database.exists() or file_damage(database):
        return  # damage is told with that of the other databases
    with reading(database) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'files'").fetchone():
            return
    yield from row_problems(lambda: reading(database), spool)


def row_problems(
    reading: Callable[[], AbstractContextManager[Connection]], spool: Spool
) -> Iterator[Problem]:
    """Yield what is wrong with uploaded files. ``reading`` opens a transaction on their table."""

    def kept() -> list[tuple[str, int]]:
        with reading() as connection:
            return connection.execute(_KEPT).fetchall()

    for file_id, size in kept():
        found = size_of_spooled(spool, file_id, CONTENT)
        if found != size and any(file_id == one for one, _ in kept()):
            what = "missing" if found is None else f"{found:,} and not {size:,}"
            message = f"its bytes are {what}. Restore a backup, or delete it and upload it again."
            yield Problem("upload_missing", f"file {file_id}", message)
        elif is_damaged(spool, file_id, CONTENT):
            message = "its bytes are not what was sent. Restore a backup, or delete it and upload it again."
            yield Problem("upload_damaged", f"file {file_id}", message)


def erase_again(store: FileStore, erased: ErasedTags) -> int:
    """Erase files of a restored backup that were erased since it was made; returns how many."""
    gone = [file for file in store.files() if file.tag in erased.files]
    for file in gone:
        store.begin_erasing(file.id)
        store.finish_erasing(file.id)
    return len(gone)


def _kept_files(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    exists = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'files'").fetchone()
    return connection.execute(_KEPT).fetchall() if exists else []
