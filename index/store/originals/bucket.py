"""Originals in a bucket: one object each, named by the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Container, Iterable
from contextlib import ExitStack, closing
from typing import BinaryIO, cast

from index.errors import CollectionNotFound, StoreDamaged
from index.objects import Bucket, ObjectWriter, blocks
from index.protocols import Stray

_IN_MEMORY = 8 * 1024 * 1024
"""Bytes of an original that is open up to which no temporary file is made."""
_REMOVED_TOGETHER = 100


class BucketOriginals:
    """Implements :class:`index.protocols.Originals` below a prefix, which belongs to one collection.

    ``is_current`` is False once the collection was deleted: nothing is put there then. All methods raise
    :class:`index.errors.ObjectsUnavailable`.
    """

    def __init__(self, bucket: Bucket, prefix: str, is_current: Callable[[], bool] = lambda: True) -> None:
        self._bucket = bucket
        self._prefix = prefix
        self._is_current = is_current

    def put(self, sha256: bytes, data: bytes) -> None:
        self._require_current()
        if self.holds(sha256):
            return
        name = self._name(sha256)
        with closing(ObjectWriter(self._bucket, name)) as writer:
            writer.write(data)
            # If a sweep has aborted it meanwhile, whoever commits the document puts it again.
            writer.keep()
        try:
            self._require_current()
        except CollectionNotFound:
            self._bucket.delete([name])  # its deletion may have listed the objects before
            raise

    def holds(self, sha256: bytes) -> bool:
        return self._bucket.size(self._name(sha256)) is not None

    def open(self, sha256: bytes) -> BinaryIO:
        # All of it is read anyway, to compare it: a temporary copy is then sought and read at no cost.
        digest = hashlib.sha256()
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY))
            for block in blocks(self._bucket, self._name(sha256)):
                digest.update(block)
                file.write(block)
            if digest.digest() != sha256:
                raise StoreDamaged(
                    f"The object {self._name(sha256)} is not what was kept. Restore it from a backup."
                )
            file.seek(0)
            stack.pop_all()
        return cast(BinaryIO, file)

    def claim(self) -> bool:
        return True

    def remove(self, sha256s: Iterable[bytes]) -> None:
        self._bucket.delete([self._name(sha256) for sha256 in sha256s])

    def strays(self, keep: Container[bytes]) -> list[Stray]:
        found = [
            Stray(one.name, None, 0, one.written.timestamp()) for one in self._bucket.unfinished(self._prefix)
        ]
        for one in self._bucket.list(self._prefix):
            sha256 = self._sha256(one.name)
            if sha256 is None or sha256 not in keep:
                found.append(Stray(one.name, sha256, one.size, one.written.timestamp()))
        return found

    def remove_strays(self, strays: Iterable[Stray]) -> None:
        wanted = {one.name for one in strays if one.name.startswith(self._prefix)}
        for upload in list(self._bucket.unfinished(self._prefix)):
            if upload.name in wanted:
                self._bucket.abort(upload.name, upload.upload_id)
        self._bucket.delete(sorted(wanted))

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        unwanted = self.strays(keep)
        for first in range(0, len(unwanted), _REMOVED_TOGETHER):
            check()
            self.remove_strays(unwanted[first : first + _REMOVED_TOGETHER])
        return len(unwanted)

    def _require_current(self) -> None:
        if not self._is_current():
            raise CollectionNotFound("The collection was deleted. Try again.")

    def _name(self, sha256: bytes) -> str:
        return f"{self._prefix}{sha256.hex()}"

    def _sha256(self, name: str) -> bytes | None:
        try:
            return bytes.fromhex(name.removeprefix(self._prefix))
        except ValueError:
            return None  # not ours
