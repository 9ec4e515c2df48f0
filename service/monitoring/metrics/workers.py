"""Metrics of several worker processes: files in one folder, which any worker adds up at a scrape.

The files are those of prometheus_client's multiprocess mode, named by a place instead of a process id: a
worker that replaces a dead one takes over its place and its counts, so that counters never fall and files do
not pile up. A worker holds a file lock on its place while it lives.
"""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout
from prometheus_client import CollectorRegistry, values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead


class WorkerPlace:
    """A worker's place in the folder of all workers' metrics, until its process ends."""

    def __init__(self, folder: Path, number: int, lock: FileLock) -> None:
        """Use :meth:`take`."""
        self.number = number
        self._folder = folder
        self._lock = lock

    @classmethod
    def take(cls, folder: Path) -> WorkerPlace:
        """Take the first free place. Metrics made from now on in this process are kept in its files."""
        number = 0
        while (lock := _try_lock(folder, number)) is None:
            number += 1
        values.ValueClass = values.MultiProcessValue(lambda: number)
        return cls(folder, number, lock)

    def collect(self) -> CollectorRegistry:
        """A registry with the sums over all workers; gauges of those that are dead are left out."""
        for number in {int(path.stem.rpartition("_")[2]) for path in self._folder.glob("gauge_live*.db")}:
            if number != self.number and (lock := _try_lock(self._folder, number)) is not None:
                try:
                    mark_process_dead(number, str(self._folder))
                finally:
                    lock.release()
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._folder))
        return registry


def _try_lock(folder: Path, number: int) -> FileLock | None:
    """The lock of a place, held now; None while another process holds it."""
    lock = FileLock(folder / f"{number}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock
