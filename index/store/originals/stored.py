"""Originals in a folder or a bucket: one file or object each, named by the SHA-256 of its bytes."""

import hashlib
from collections.abc import Callable, Collection, Container, Iterable
from pathlib import Path
from typing import BinaryIO

from index.errors import CollectionNotFound, StoreDamaged
from index.objects import Bucket, Folder, ObjectEntry, Objects, OwnedFolder
from index.protocols import Originals, Stray

_DELETED = "The collection was deleted. Try again."
_REMOVED_TOGETHER = 100
_UPLOAD = "?uploadId="
"""In the name of a stray that is an upload in parts, which was not completed."""
_DIGITS = 2
"""Hex digits that name a subfolder of a folder; the others name the file in it."""


class StoredOriginals:
    """Implements :class:`index.protocols.Originals` in a place that belongs to one collection.

    ``is_current`` is False once the collection was deleted, and maybe another made in its place: nothing is
    put there then. ``owned`` is the mark of the database that may delete them: nothing of another one is
    deleted. All methods raise :class:`index.errors.ObjectsUnavailable` where the place is a bucket.
    """

    def __init__(
        self,
        objects: Objects,
        is_current: Callable[[], bool] = lambda: True,
        owned: OwnedFolder | None = None,
    ) -> None:
        self._objects = objects
        self._is_current = is_current
        self._owned = owned
        self._is_claimed = False

    def put(self, sha256: bytes, data: bytes) -> None:
        if not self._is_claimed:  # a folder that nobody has is that of the first who writes there
            self.claim()
            self._is_claimed = True
        if not self._is_current():
            raise CollectionNotFound(_DELETED)
        if self.holds(sha256):
            return
        # If a sweep has removed it meanwhile, whoever commits the document puts it again.
        self._objects.write(sha256.hex(), [data])
        if isinstance(self._objects, Bucket) and not self._is_current():
            self._objects.delete([sha256.hex()])  # its deletion may have listed the objects before
            raise CollectionNotFound(_DELETED)

    def holds(self, sha256: bytes) -> bool:
        return self._objects.size(sha256.hex()) is not None

    def open(self, sha256: bytes) -> BinaryIO:
        file = self._objects.open(sha256.hex())
        if hashlib.file_digest(file, "sha256").digest() != sha256:
            file.close()
            found = self._objects.locate(sha256.hex())
            raise StoreDamaged(f"{found} is not what was kept. Restore it from a backup.")
        file.seek(0)
        return file

    def claim(self) -> bool:
        return self._owned is None or self._owned.is_own()

    def remove(self, sha256s: Iterable[bytes]) -> None:
        self._delete([sha256.hex() for sha256 in sha256s])

    def strays(self, keep: Container[bytes]) -> list[Stray]:
        found = [Stray(_upload_name(one), None, 0, one.written) for one in self._objects.unfinished()]
        for one in self._objects.list():
            sha256 = _sha256(one.name)
            if sha256 is None or sha256 not in keep:
                found.append(Stray(one.name, sha256, one.size, one.written))
        return found

    def remove_strays(self, strays: Iterable[Stray]) -> None:
        names = {one.name for one in strays}
        if not names:
            return
        self._require_own()
        # Of an upload the complete object of the same name may be kept.
        for upload in [one for one in self._objects.unfinished() if _upload_name(one) in names]:
            self._objects.abort(upload.name, upload.upload_id)
            names.discard(_upload_name(upload))
        self._delete(sorted(name for name in names if _UPLOAD not in name))

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        self._require_own()
        unwanted = self.strays(keep)
        for first in range(0, len(unwanted), _REMOVED_TOGETHER):
            check()
            self.remove_strays(unwanted[first : first + _REMOVED_TOGETHER])
        return len(unwanted)

    def _delete(self, names: Collection[str]) -> None:
        if names:
            self._require_own()
            self._objects.delete(names)

    def _require_own(self) -> None:
        if self._owned is not None:
            self._owned.require()


class LayeredOriginals:
    """Implements :class:`index.protocols.Originals`: puts into ``new``, and finds what ``old`` has, too.

    So a data folder is readable that was made, or restored from a backup, before originals had another place.
    """

    def __init__(self, new: Originals, old: Originals) -> None:
        self._new = new
        self._old = old

    def put(self, sha256: bytes, data: bytes) -> None:
        self._new.put(sha256, data)

    def holds(self, sha256: bytes) -> bool:
        return self._old.holds(sha256) or self._new.holds(sha256)

    def open(self, sha256: bytes) -> BinaryIO:
        return (self._old if self._old.holds(sha256) else self._new).open(sha256)

    def claim(self) -> bool:
        return self._new.claim()

    def remove(self, sha256s: Iterable[bytes]) -> None:
        wanted = list(sha256s)
        self._old.remove(wanted)
        self._new.remove(wanted)

    def strays(self, keep: Container[bytes]) -> list[Stray]:
        return [*self._old.strays(keep), *self._new.strays(keep)]

    def remove_strays(self, strays: Iterable[Stray]) -> None:
        # What is a stray in one of them is no original in the other: names are hashes, but for uploads.
        wanted = list(strays)
        self._old.remove_strays(wanted)
        self._new.remove_strays(wanted)

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        return self._old.sweep(keep, check) + self._new.sweep(keep, check)


def folder_originals(
    path: Path, is_current: Callable[[], bool] = lambda: True, owned: OwnedFolder | None = None
) -> StoredOriginals:
    """Originals in a folder, which is made with the first file."""
    # Without the folder of the collection, which is gone if that was deleted.
    return StoredOriginals(Folder(path, digits=_DIGITS, parents=False), is_current, owned)


def _upload_name(upload: ObjectEntry) -> str:
    return f"{upload.name}{_UPLOAD}{upload.upload_id}"


def _sha256(name: str) -> bytes | None:
    try:
        return bytes.fromhex(name)
    except ValueError:
        return None  # unfinished, or not ours
