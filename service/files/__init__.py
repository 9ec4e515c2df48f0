"""Uploaded files that are kept until they are deleted, whether they are attached to a collection or not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from index.records import Problem
from service.files import upkeep
from service.files.erasing import FileErasure
from service.files.order import DocumentOrder, Place
from service.files.records import Attachment, StoreLabel, UploadedFile, owner_of
from service.files.store import FileStore
from service.files.upkeep import erase_again
from service.jobs import open_spool

FILES = "files.sqlite"
CONTENTS = "files"
"""Names in a data folder: of the database, and of the folder with the bytes."""


def open_file_store(data: Path) -> FileStore:
    """Open the store of files of a data folder; create it when there is none."""
    return FileStore(data / FILES, open_spool(data, max_bytes=0, folder=CONTENTS))


def copy_files(data: Path, target: Path) -> None:
    """Copy the files of a data folder to another, while others use them."""
    upkeep.copy_files(data / FILES, data / CONTENTS, target / FILES, target / CONTENTS)


def file_problems(data: Path) -> Iterator[Problem]:
    """Yield what is wrong with the uploaded files of a data folder."""
    return upkeep.file_problems(data / FILES, data / CONTENTS)


__all__ = [
    "CONTENTS",
    "FILES",
    "Attachment",
    "DocumentOrder",
    "FileErasure",
    "FileStore",
    "Place",
    "StoreLabel",
    "UploadedFile",
    "copy_files",
    "erase_again",
    "file_problems",
    "open_file_store",
    "owner_of",
]
