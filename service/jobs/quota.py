"""How much of the disk the spool may take."""

from __future__ import annotations

import os
import shutil
import threading
import time
from contextlib import suppress
from pathlib import Path

from service.errors import SpoolFull

RESERVE = 512 * 1024 * 1024
"""Bytes of the disk that uploads leave free: the collections need some to take in what was sent."""
_SOON, _AT_ONCE = 60.0, 1.0
"""Seconds after which files are counted again: now and then, and before an upload is refused."""
_RETRY_AFTER = {"Retry-After": "60"}


class Quota:
    """Counts what is below a folder as it comes and goes. Safe to use from several threads.

    ``most`` is in bytes, 0 for no bound; ``reserve`` are bytes that stay free on the disk. What other
    processes keep in the same folder is seen at the next count of the files, a minute later at most; what is
    being written just then is seen by the one after.
    """

    def __init__(self, folder: Path, *, most: int = 0, reserve: int = RESERVE) -> None:
        self._folder = folder
        self._most = most
        self._reserve = reserve
        self._used = 0
        self._counted = -_SOON
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes that are taken."""
        with self._lock:
            self._count_again(_SOON)
            return self._used

    def require(self, size: int) -> None:
        """Raise :class:`service.errors.SpoolFull` when there is no room for so many bytes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._count_again(_SOON)
            self._require(size)

    def take(self, size: int) -> None:
        """Take so many bytes before they are written. Raises :class:`service.errors.SpoolFull`."""
        with self._lock:
            self._require(size)
            self._used += size

    def give(self, size: int) -> None:
        """Give bytes back."""
        with self._lock:
            self._used = max(0, self._used - size)

    def doubt(self) -> None:
        """Say that nobody knows how much of what was taken is there: it is counted before the next upload."""
        with self._lock:
            self._counted = -_SOON

    def _require(self, size: int) -> None:
        if self._most and self._used + size > self._most:
            self._count_again(_AT_ONCE)
        if self._most and self._used + size > self._most:
            raise SpoolFull(
                f"Files that were sent and are not taken in yet, or were refused, take {self._used:,} bytes, "
                f"and {size:,} more would be above the limit of {self._most:,} (LOCCIT_MAX_SPOOL_BYTES). "
                "Wait for the jobs that go on, and delete those whose refused files you will not retry.",
                headers=_RETRY_AFTER,
            )
        if shutil.disk_usage(self._folder).free < self._reserve + size:
            raise disk_full()

    def _count_again(self, seconds: float) -> None:
        """If that was so long ago: other processes may use the folder, and people may tidy it up."""
        if time.monotonic() - self._counted >= seconds:
            self._used = sum(size_of(job) for job in self._folder.glob("*"))
            self._counted = time.monotonic()


def disk_full() -> SpoolFull:
    """The error of a disk on which there is no room."""
    return SpoolFull(
        "The disk with the data folder is almost full. Free some of it; deleting jobs that have refused "
        "files deletes those files.",
        headers=_RETRY_AFTER,
    )


def size_of(folder: Path) -> int:
    """Bytes of the files right in a folder; 0 when it is not there."""
    size = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):  # its job is done with it
                    size += entry.stat(follow_symlinks=False).st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return size
