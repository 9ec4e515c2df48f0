"""Originals in a folder: one file each, named by the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from index.durability import sync
from index.errors import CollectionNotFound, StoreDamaged
from index.protocols import Stray

_DIGITS = 2
"""Hex digits that name a subfolder; the others name the file in it."""


class FolderOriginals:
    """Implements :class:`index.protocols.Originals`. The folder is made with the first file.

    ``is_current`` is False once the collection was deleted, and maybe another made in its place: nothing is
    put there then.
    """

    def __init__(self, folder: Path, is_current: Callable[[], bool] = lambda: True) -> None:
        self._folder = folder
        self._is_current = is_current

    def put(self, sha256: bytes, data: bytes) -> None:
        if not self._is_current():
            raise CollectionNotFound(f"The collection {self._folder.parent.name!r} was deleted. Try again.")
        path = self._path(sha256)
        if path.exists():
            return
        made = [folder for folder in (self._folder, path.parent) if not folder.exists()]
        for folder in made:
            # Not the folder of the collection, which is gone if that was deleted.
            folder.mkdir(exist_ok=True)
        unfinished = path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # If a sweep has removed it meanwhile, whoever commits the document puts it again.
            with suppress(FileNotFoundError):
                unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        for folder in (path.parent, *(one.parent for one in made)):
            sync(folder)

    def holds(self, sha256: bytes) -> bool:
        return self._path(sha256).exists()

    def open(self, sha256: bytes) -> BinaryIO:
        path = self._path(sha256)
        file = path.open("rb")
        if hashlib.file_digest(file, "sha256").digest() != sha256:
            file.close()
            raise StoreDamaged(f"{path} is not what was kept. Restore it from a backup.")
        file.seek(0)
        return file

    def claim(self) -> bool:
        return True

    def remove(self, sha256s: Iterable[bytes]) -> None:
        self._unlink([self._path(sha256) for sha256 in sha256s])

    def strays(self, keep: Container[bytes]) -> list[Stray]:
        found = []
        for path in self._folder.glob("*/*"):
            sha256 = _sha256(path)
            if sha256 is None or sha256 not in keep:
                with suppress(FileNotFoundError):  # it was put in its place meanwhile
                    state = path.stat()
                    name = path.relative_to(self._folder).as_posix()
                    found.append(Stray(name, sha256, state.st_size, state.st_mtime))
        return found

    def remove_strays(self, strays: Iterable[Stray]) -> None:
        self._unlink([self._folder / one.name for one in strays])

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        unwanted = self.strays(keep)
        for one in unwanted:
            check()
            self.remove_strays([one])
        return len(unwanted)

    def _unlink(self, paths: list[Path]) -> None:
        gone = [path for path in paths if path.exists()]
        for path in gone:
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in gone}:
            sync(folder)

    def _path(self, sha256: bytes) -> Path:
        name = sha256.hex()
        return self._folder / name[:_DIGITS] / name[_DIGITS:]


def _sha256(path: Path) -> bytes | None:
    try:
        return bytes.fromhex(path.parent.name + path.name)
    except ValueError:
        return None  # unfinished, or not ours
