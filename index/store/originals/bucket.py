"""Originals in a bucket: one object each, named by the SHA-256 of its bytes."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Container
from contextlib import ExitStack, closing
from typing import BinaryIO, cast

from index.errors import CollectionNotFound, StoreDamaged
from index.objects import Bucket, ObjectWriter, blocks

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

    def sweep(self, keep: Container[bytes], check: Callable[[], object] = lambda: None) -> int:
        for upload in list(self._bucket.unfinished(self._prefix)):
            self._bucket.abort(upload.name, upload.upload_id)
        unwanted = [one.name for one in self._bucket.list(self._prefix) if not self._is_kept(one.name, keep)]
        for first in range(0, len(unwanted), _REMOVED_TOGETHER):
            check()
            self._bucket.delete(unwanted[first : first + _REMOVED_TOGETHER])
        return len(unwanted)

    def _require_current(self) -> None:
        if not self._is_current():
            raise CollectionNotFound("The collection was deleted. Try again.")

    def _name(self, sha256: bytes) -> str:
        return f"{self._prefix}{sha256.hex()}"

    def _is_kept(self, name: str, keep: Container[bytes]) -> bool:
        try:
            return bytes.fromhex(name.removeprefix(self._prefix)) in keep
        except ValueError:
            return False  # not ours
