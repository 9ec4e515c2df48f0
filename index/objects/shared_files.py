"""Files in a place that machines share, in a folder of their own there: of any size, under plain names."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Collection, Container
from contextlib import closing
from pathlib import Path

from index.durability import sync, write_durably
from index.errors import ObjectsUnavailable
from index.objects.address import BucketAddress
from index.objects.bucket import Bucket, open_bucket
from index.objects.reading import BLOCK, blocks
from index.objects.writing import ObjectWriter

_UNFINISHED = ".new"


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
        self._folder = place / name if isinstance(place, Path) else None
        self._place = place

    def put(self, name: str, path: Path) -> None:
        """Copy a local file there, durably; it replaces one of this name, which may be damaged."""
        if self._folder is not None:
            self._put_in_folder(self._folder, name, path)
        else:
            with path.open("rb") as file, closing(ObjectWriter(self._bucket, self._key(name))) as writer:
                while part := file.read(BLOCK):
                    writer.write(part)
                if not writer.keep():
                    raise ObjectsUnavailable(f"The upload of {name} was aborted by another process.")

    def write(self, name: str, data: bytes) -> None:
        """Keep a few bytes under a name, durably."""
        if self._folder is None:
            self._bucket.put(self._key(name), data)
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        write_durably(self._folder / name, lambda unfinished: unfinished.write_bytes(data))
        sync(self._folder)

    def read(self, name: str) -> bytes:
        """Read what is kept under a name. Raises FileNotFoundError."""
        if self._folder is not None:
            return (self._folder / name).read_bytes()
        return b"".join(blocks(self._bucket, self._key(name)))

    def names(self) -> list[str]:
        """The names of all files; unfinished ones may be among them."""
        if self._folder is not None:
            try:
                return [path.name for path in self._folder.iterdir()]
            except FileNotFoundError:
                return []
        prefix = self._key("")
        return [one.name.removeprefix(prefix) for one in self._bucket.list(prefix)]

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file from there to a local path. Raises FileNotFoundError."""
        if self._folder is not None:
            shutil.copyfile(self._folder / name, path)
            return
        with path.open("wb") as file:
            file.writelines(blocks(self._bucket, self._key(name)))

    def delete(self, names: Collection[str]) -> None:
        """Delete files by their names, as far as they are there."""
        self._require()
        if self._folder is None:
            self._bucket.delete([self._key(name) for name in names])
            return
        for name in names:
            (self._folder / name).unlink(missing_ok=True)
        if names and self._folder.exists():
            sync(self._folder)

    def sweep(self, keep: Container[str]) -> int:
        """Delete all files but those of these names, and unfinished ones; returns how many.

        No other process may put files meanwhile.
        """
        self._require()
        if self._folder is not None:
            unwanted = [path for path in self._folder.glob("*") if path.name not in keep]
            for path in unwanted:
                path.unlink(missing_ok=True)
            if unwanted:
                sync(self._folder)
            return len(unwanted)
        for upload in list(self._bucket.unfinished(self._key(""))):
            self._bucket.abort(upload.name, upload.upload_id)
        names = [one.name for one in self._bucket.list(self._key(""))]
        gone = [name for name in names if name.removeprefix(self._key("")) not in keep]
        self._bucket.delete(gone)
        return len(gone)

    @staticmethod
    def _put_in_folder(folder: Path, name: str, path: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"{name}.{uuid.uuid4().hex}{_UNFINISHED}"
        try:
            shutil.copyfile(path, unfinished)
            sync(unfinished)
            unfinished.replace(folder / name)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        sync(folder)

    @property
    def _bucket(self) -> Bucket:
        assert isinstance(self._place, BucketAddress)  # noqa: S101
        return open_bucket(self._place)

    def _key(self, name: str) -> str:
        return f"{self._name}/{name}"
