"""Write an object piece by piece: a small one in one request, a large one in parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.objects.bucket import Bucket

PART = 8 * 1024 * 1024
"""Bytes of a part, which are held in memory. S3 takes at least 5 MiB and 10,000 parts; some stores want all
but the last to have one size."""


class UploadAborted(Exception):
    """Somebody else has aborted an upload in parts."""


class ObjectWriter:
    """Writes one object, which is invisible before :meth:`keep`. For one thread.

    All methods raise :class:`index.errors.ObjectsUnavailable`.
    """

    def __init__(self, bucket: Bucket, name: str) -> None:
        self._bucket = bucket
        self._name = name
        self._buffer = bytearray()
        self._upload_id = ""
        self._tags: list[str] = []

    def write(self, data: bytes | memoryview) -> None:
        """Append data."""
        rest = memoryview(data)
        while rest:
            room = PART - len(self._buffer)
            self._buffer += rest[:room]
            rest = rest[room:]
            if len(self._buffer) == PART and rest:
                self._send()

    def keep(self) -> bool:
        """Complete the object; it is durable then. False if somebody has aborted the upload meanwhile."""
        try:
            if not self._upload_id:
                self._bucket.put(self._name, self._buffer)
                return True
            self._send()
            self._bucket.complete(self._name, self._upload_id, self._tags)
            self._upload_id = ""
        except UploadAborted:
            return False
        return True

    def close(self) -> None:
        """Abort the upload unless it is complete."""
        self._buffer.clear()
        if self._upload_id:
            self._bucket.abort(self._name, self._upload_id)
            self._upload_id = ""

    def _send(self) -> None:
        if not self._upload_id:
            self._upload_id = self._bucket.begin(self._name)
        part = self._bucket.add_part(self._name, self._upload_id, len(self._tags) + 1, self._buffer)
        self._tags.append(part)
        self._buffer.clear()
