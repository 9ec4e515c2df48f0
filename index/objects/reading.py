"""Read an object as a file, in ranges."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from index.objects.bucket import BLOCK, Bucket

if TYPE_CHECKING:
    from collections.abc import Buffer  # type: ignore[attr-defined]


class RangeReader(io.RawIOBase):
    """An object that is open for reading, seekable. At most a block of it is in memory."""

    def __init__(self, bucket: Bucket, name: str, size: int) -> None:
        super().__init__()
        self._bucket = bucket
        self._name = name
        self._size = size
        self._at = 0

    @classmethod
    def open(cls, bucket: Bucket, name: str) -> io.BufferedReader:
        """Open an object. Raises FileNotFoundError, :class:`index.errors.ObjectsUnavailable`."""
        size = bucket.size(name)
        if size is None:
            raise FileNotFoundError(name)
        return io.BufferedReader(cls(bucket, name, size), max(1, min(BLOCK, size)))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readall(self) -> bytes:
        # The inherited method would ask for some kilobytes at a time.
        return b"".join(iter(lambda: self.read(BLOCK), b""))

    def readinto(self, buffer: Buffer) -> int:
        view = memoryview(buffer).cast("B")
        size = min(len(view), max(0, self._size - self._at))
        view[:size] = self._bucket.read(self._name, self._at, size)
        self._at += size
        return size
