"""A folder: read, write, list and delete files by their names, as objects of a bucket are."""

import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import TypeAlias

from index.durability import sync, write_durably
from index.objects.address import BucketAddress
from index.objects.bucket import BLOCK, Bucket, ObjectEntry, open_bucket


class Folder:
    """The files in a folder, with the methods of :class:`index.objects.Bucket` for them.

    Safe to use from several threads and processes. Methods raise OSError.
    """

    def __init__(self, path: Path, *, digits: int = 0, parents: bool = True) -> None:
        """So many first characters of names are those of a subfolder.

        The folder is made with the first file, and those that it is in if ``parents``.
        """
        self._path = path
        self._digits = digits
        self._parents = parents

    def locate(self, name: str) -> Path:
        """The path of a file, for messages, too."""
        return self._path / (
            name if "/" in name else f"{name[: self._digits]}/{name[self._digits :]}".lstrip("/")
        )

    def size(self, name: str) -> int | None:
        """Bytes of a file; None if there is none."""
        with suppress(FileNotFoundError, NotADirectoryError):
            return self.locate(name).stat().st_size
        return None

    def open(self, name: str) -> BufferedReader:
        """Open a file. Raises FileNotFoundError."""
        return self.locate(name).open("rb")

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a file, block by block. Raises FileNotFoundError."""
        with self.open(name) as file:
            yield from iter(lambda: file.read(BLOCK), b"")

    def write(self, name: str, parts: Iterable[bytes]) -> bool:
        """Write a file, which is durable when this returns, or replace it.

        False if it was removed before it was complete.
        """
        path, is_written = self.locate(name), False

        def fill(unfinished: Path) -> None:
            nonlocal is_written
            _write(unfinished, parts)
            is_written = True

        made = [folder for folder in (path.parent, *path.parent.parents) if not folder.exists()]
        self._path.mkdir(parents=self._parents, exist_ok=True)
        path.parent.mkdir(exist_ok=True)
        try:
            write_durably(path, fill)
        except FileNotFoundError:
            if not is_written:
                raise
            return False
        for folder in (path.parent, *(one.parent for one in made)):
            sync(folder)
        return True

    def list(self) -> Iterator[ObjectEntry]:
        """All files, unfinished ones included."""
        for path in self._path.glob("*/*" if self._digits else "*"):
            with suppress(FileNotFoundError):  # it was put in its place meanwhile
                state = path.stat()
                inside = path.relative_to(self._path).as_posix()
                joined = inside.replace("/", "", 1)
                # A file that is not ours has another name than those in subfolders of so many characters.
                name = joined if self.locate(joined) == path else inside
                yield ObjectEntry(name, state.st_size, state.st_mtime)

    def unfinished(self) -> Iterator[ObjectEntry]:
        """Nothing: unfinished files are in the list of all."""
        return iter(())

    def abort(self, name: str, upload_id: str) -> None:
        """Does nothing: unfinished files are deleted by their names."""

    def delete(self, names: Iterable[str]) -> None:
        """Delete files; those that are not there are skipped."""
        gone = [path for path in map(self.locate, names) if path.exists()]
        for path in gone:
            path.unlink(missing_ok=True)
        for folder in {path.parent for path in gone}:
            sync(folder)

    def clear(self) -> None:
        """Delete the folder."""
        if self._path.exists():
            shutil.rmtree(self._path)


Objects: TypeAlias = Folder | Bucket


def open_objects(place: Path | BucketAddress, name: str) -> Objects:
    """The objects in a folder of a place; ``name`` may have slashes, but none at its end.

    Raises :class:`index.errors.ObjectsUnavailable` when botocore is not installed.
    """
    return Folder(place / name) if isinstance(place, Path) else open_bucket(place).below(name)


def _write(path: Path, parts: Iterable[bytes]) -> None:
    with path.open("xb") as file:
        file.writelines(parts)
