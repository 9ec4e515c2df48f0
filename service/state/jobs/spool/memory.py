"""The spool in memory, for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable
from io import BytesIO
from typing import BinaryIO

from service.state.jobs.protocols import Span
from service.state.jobs.spool.quota import limit_reached


class MemorySpool:
    """Implements :class:`service.state.jobs.protocols.Spool` in memory. ``max_bytes`` 0 means no bound."""

    def __init__(self, *, max_bytes: int = 0) -> None:
        self._max_bytes = max_bytes
        self._files: dict[str, dict[str, bytearray]] = {}
        self._changed: dict[str, float] = {}
        self._lock = threading.RLock()

    def require_room(self, size: int) -> None:
        with self._lock:
            used = sum(len(data) for files in self._files.values() for data in files.values())
            if self._max_bytes and used + size > self._max_bytes:
                raise limit_reached(used, size, self._max_bytes)

    def create(self, job_id: str, number: int) -> MemoryFile:
        name = f"{number:06}"
        with self._lock:
            data = self._files.setdefault(job_id, {})[name] = bytearray()
            self._changed[job_id] = time.monotonic()
        return MemoryFile(self, name, data)

    def append(self, data: bytearray, more: bytes | memoryview) -> None:
        """Append to a file's data if there is room. For :class:`MemoryFile`."""
        with self._lock:
            self.require_room(len(more))
            data += more

    def sync(self, job_id: str) -> None:
        """Does nothing: memory does not survive a power cut."""

    def open(self, job_id: str, name: str) -> BinaryIO:
        with self._lock:
            if name not in self._files.get(job_id, {}):
                raise FileNotFoundError(f"{job_id}/{name}")
            return BytesIO(self._files[job_id][name])

    def checksum(self, job_id: str, name: str) -> int | None:
        """None: memory is not checked."""
        return None

    def overwrite(self, job_id: str, name: str, spans: Iterable[Span]) -> None:
        with self._lock:
            if data := self._files.get(job_id, {}).get(name):
                for start, size in spans:
                    data[start : start + size] = bytes(size)

    def remove(self, job_id: str, names: Iterable[str]) -> None:
        with self._lock:
            for name in names:
                self._files.get(job_id, {}).pop(name, None)

    def clear(self, job_id: str) -> None:
        with self._lock:
            self._files.pop(job_id, None)
            self._changed.pop(job_id, None)

    def clear_unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> None:
        newest = time.monotonic() - idle_seconds
        with self._lock:
            for job_id in self._files.keys() - set(job_ids):
                if self._changed[job_id] <= newest:
                    self.clear(job_id)


class MemoryFile:
    """Implements :class:`service.state.jobs.protocols.SpooledFile`."""

    def __init__(self, spool: MemorySpool, name: str, data: bytearray) -> None:
        self.name = name
        self._spool = spool
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    def write(self, data: bytes | memoryview) -> None:
        self._spool.append(self._data, data)

    def keep(self) -> None:
        """Does nothing: what was written is kept."""

    def close(self) -> None:
        """Does nothing: the data goes when the job is cleared."""
