"""Files in a place that machines share, in a folder of their own there: of any size, under plain names."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable
from pathlib import Path

from index.errors import ObjectsUnavailable
from index.objects.address import BucketAddress
from index.objects.folder import Objects, open_objects
from index.objects.reading import BLOCK


class SharedFiles:
    """The files below a name in a shared folder or a bucket. Safe to use from several processes.

    All methods raise :class:`index.errors.ObjectsUnavailable` when a bucket does not answer, and OSError.
    """

    def __init__(
        self, place: Path | BucketAddress, name: str, require: Callable[[], object] = lambda: None
    ) -> None:
        """``name`` has slashes and no slash at its end. ``require`` raises where nothing may be deleted."""
        self._name = name
        self._require = require
        self._place = place

    def put(self, name: str, path: Path) -> None:
        """Copy a local file there, durably; it replaces one of this name, which may be damaged."""
        with path.open("rb") as file:
            self._write(name, iter(lambda: file.read(BLOCK), b""))

    def write(self, name: str, data: bytes) -> None:
        """Keep a few bytes under a name, durably."""
        self._write(name, [data])

    def read(self, name: str) -> bytes:
        """Read what is kept under a name. Raises FileNotFoundError."""
        return b"".join(self._objects.blocks(name))

    def names(self) -> list[str]:
        """The names of all files; unfinished ones may be among them."""
        return [one.name for one in self._objects.list()]

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file from there to a local path. Raises FileNotFoundError."""
        with path.open("wb") as file:
            file.writelines(self._objects.blocks(name))

    def delete(self, names: Collection[str]) -> None:
        """Delete files by their names, as far as they are there."""
        self._require()
        self._objects.delete(names)

    def sweep(self, keep: Container[str]) -> int:
        """Delete all files but those of these names, and unfinished ones; returns how many.

        No other process may put files meanwhile.
        """
        self._require()
        objects = self._objects
        for upload in list(objects.unfinished()):
            objects.abort(upload.name, upload.upload_id)
        gone = [name for name in self.names() if name not in keep]
        objects.delete(gone)
        return len(gone)

    def _write(self, name: str, parts: Iterable[bytes]) -> None:
        if not self._objects.write(name, parts):
            raise ObjectsUnavailable(f"The upload of {name} was aborted by another process.")

    @property
    def _objects(self) -> Objects:
        return open_objects(self._place, self._name)
