"""Uploaded files that are kept until they are deleted, whether they are attached to a collection or not."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from index.records import Problem
from service.state.databases.owner import service_owner
from service.state.files import upkeep
from service.state.files.erasing import FileErasure
from service.state.files.order import DocumentOrder, Place
from service.state.files.postgresql import open_postgresql_files
from service.state.files.records import Attachment, StoreLabel, UploadedFile, owner_of
from service.state.files.sqlite import open_sqlite_files, prepare as prepare_files
from service.state.files.store import FileStore
from service.state.files.titles import Titles, free_name, label_of, plain_name, validate_title
from service.state.files.upkeep import erase_again
from service.state.jobs import open_spool
from service.state.jobs.protocols import Spool

FILES = "files.sqlite"
CONTENTS = "files"
"""Names in a data folder: of the database, and of the folder with the bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Uploaded files: their store, their erasure, and documents in the order in which they are listed."""

    store: FileStore
    erasure: FileErasure
    order: DocumentOrder


def open_file_store(
    data: Path, *, store: str = "", objects: str = "", keeps_unknown: bool = False
) -> FileStore:
    """Open the store of files of a data folder; create it when there is none.

    With the URL of a PostgreSQL database, only the bytes are in the folder. ``objects`` is the address of
    another place for these (:func:`index.objects.parse_objects`). ``keeps_unknown``: bytes of files that
    nobody knows stay, because the store was lost.
    """
    service_owner(data, store)
    spool = _contents(data, objects, store, keeps_unknown=keeps_unknown)
    return open_postgresql_files(store, spool) if store else open_sqlite_files(data / FILES, spool)


def has_files(data: Path, *, store: str = "") -> bool:
    """True if there may be files. Creates no store."""
    return bool(store) or (data / FILES).exists()


def copy_files(data: Path, target: Path, objects: str = "") -> None:
    """Copy the files of a data folder to another, while others use them."""
    if has_files(data):
        upkeep.copy_files(data / FILES, _contents(data, objects), target / FILES, target / CONTENTS)


def file_problems(data: Path, objects: str = "", *, store: str = "") -> Iterator[Problem]:
    """Yield what is wrong with the uploaded files of a data folder, or of the database at a URL."""
    if not has_files(data, store=store):
        return
    if not store:
        yield from upkeep.file_problems(data / FILES, _contents(data, objects))
        return
    with closing(open_file_store(data, store=store, objects=objects)) as files:
        yield from upkeep.row_problems(files.database.read, files.spool)


def _contents(data: Path, objects: str, store: str = "", *, keeps_unknown: bool = False) -> Spool:
    return open_spool(data, store=store, folder=CONTENTS, objects=objects, keeps_unknown=keeps_unknown)


__all__ = [
    "CONTENTS",
    "FILES",
    "Attachment",
    "DocumentOrder",
    "FileErasure",
    "FileStore",
    "Files",
    "Place",
    "StoreLabel",
    "Titles",
    "UploadedFile",
    "copy_files",
    "erase_again",
    "file_problems",
    "free_name",
    "has_files",
    "label_of",
    "open_file_store",
    "owner_of",
    "plain_name",
    "prepare_files",
    "validate_title",
]
