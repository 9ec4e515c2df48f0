"""The lease to run jobs, as a file lock: the system frees it when its process ends."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout


class FileLease:
    """Implements :class:`service.jobs.protocols.Lease`."""

    def __init__(self, lock: FileLock) -> None:
        """Use :meth:`acquire`."""
        self._lock = lock

    @classmethod
    def acquire(cls, path: Path) -> FileLease | None:
        """Lock a file, without waiting; None while another holds it."""
        # A lock object of its own for each lease: one that is locked already would be granted again.
        lock = FileLock(path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return cls(lock)

    def is_held(self) -> bool:
        return self._lock.is_locked

    def release(self) -> None:
        self._lock.release()
