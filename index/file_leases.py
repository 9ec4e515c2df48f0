"""Leases as lock files of a folder, which the operating system releases when their holder dies."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from index.disks import translating_disk_errors
from index.errors import CollectionBusy, DiskReadOnly

_WORKERS = "leases"
_SEPARATOR = "/"


@dataclass(frozen=True, slots=True)
class FileLease:
    """A lease that is held. Implements :class:`index.protocols.Lease`."""

    name: str

    def check(self) -> None:
        """Do nothing: the system keeps the lease for as long as the process exists."""


class FileLeases:
    """The leases in a collection's folder. Safe to use from several threads and processes.

    The lock file of a plain name (``write``) is permanent. A name with a slash (``embed/worker-1``) belongs
    to one holder: its file is removed when the lease ends.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opening = threading.Lock()
        self._held: dict[str, tuple[threading.RLock, FileLock]] = {}

    @contextmanager
    def hold(self, name: str, seconds: float) -> Iterator[FileLease]:
        """Hold a lease; waits at most ``seconds``, then raises :class:`index.errors.CollectionBusy`.

        Also raises :class:`index.errors.DiskFull` and :class:`index.errors.DiskReadOnly`.
        """
        with translating_disk_errors(self._folder.name):
            turn, lock = self._locks(name)
        if not turn.acquire(timeout=seconds):
            raise self._busy(name)
        try:
            self._acquire(name, lock, seconds)
            try:
                yield FileLease(name)
            finally:
                lock.release()
        finally:
            turn.release()
            if self.is_worker(name):
                self._remove(name)

    def _acquire(self, name: str, lock: FileLock, seconds: float) -> None:
        try:
            with translating_disk_errors(self._folder.name):
                lock.acquire(timeout=seconds)
        except Timeout as error:
            raise self._busy(name) from error

    def is_held(self, name: str) -> bool:
        """Whether any process holds the lease. On a disk that is read-only nobody does."""
        try:
            with translating_disk_errors(self._folder.name):
                return self._is_held(name)
        except DiskReadOnly:
            return False

    def _is_held(self, name: str) -> bool:
        probe = FileLock(self._path(name), is_singleton=False)
        try:
            with probe.acquire(timeout=0):
                pass
        except Timeout:
            return True
        self._remove(name)
        return False

    def is_worker(self, name: str) -> bool:
        """Whether the lease belongs to one worker, which may hold claims."""
        return _SEPARATOR in name

    def _locks(self, name: str) -> tuple[threading.RLock, FileLock]:
        with self._opening:
            if name not in self._held:
                path = self._path(name)
                path.parent.mkdir(parents=True, exist_ok=True)
                lock = FileLock(path, thread_local=False, is_singleton=False)
                self._held[name] = (threading.RLock(), lock)
            return self._held[name]

    def _path(self, name: str) -> Path:
        if self.is_worker(name):
            return self._folder / _WORKERS / f"{name.replace(_SEPARATOR, '-')}.lock"
        return self._folder / f"{name}.lock"

    def _remove(self, name: str) -> None:
        if self.is_worker(name):
            with self._opening:
                self._held.pop(name, None)
            with suppress(OSError):  # on a disk that is read-only it stays, and nobody holds it
                self._path(name).unlink(missing_ok=True)

    def _busy(self, name: str) -> CollectionBusy:
        return CollectionBusy(
            f"The collection {self._folder.name!r} is busy: another process holds its {name!r} lease. Try "
            "again in a moment."
        )
