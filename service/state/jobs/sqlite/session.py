"""The session of whoever runs jobs, as a file lock: the system frees it when its process ends."""

from __future__ import annotations

import threading
from pathlib import Path

from filelock import FileLock, Timeout

from index.disks import translating_disk_errors
from service.state.jobs.local_session import LocalSession
from service.state.jobs.protocols import JobStore


class FileSession(LocalSession):
    """Implements :class:`service.state.jobs.protocols.Session`: it has all leases, for it is the only one."""

    def __init__(self, store: JobStore, lock: FileLock) -> None:
        """Use :meth:`open`."""
        super().__init__(store, {}, threading.RLock())
        self._file = lock

    @classmethod
    def open(cls, store: JobStore, path: Path) -> FileSession | None:
        """Lock a file, without waiting; None while another holds it.

        Raises :class:`index.errors.DiskReadOnly`.
        """
        # A lock object of its own for each session: one that is locked already would be granted again.
        lock = FileLock(path, thread_local=False)
        try:
            with translating_disk_errors("the record of jobs"):
                lock.acquire(timeout=0)
        except Timeout:
            return None
        return cls(store, lock)

    def is_held(self) -> bool:
        return self._file.is_locked

    def acquire(self, lease: str) -> bool:
        return self.is_held()

    def release(self, lease: str) -> None: ...

    def close(self) -> None:
        self.give_back()
        self._file.release()
