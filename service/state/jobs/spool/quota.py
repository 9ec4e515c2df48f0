"""Limit on the disk space of the spool."""

import os
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from index.disks import translating_disk_errors
from service.errors import SpoolFull
from service.state.jobs import checksums

RESERVE = 512 * 1024 * 1024
"""Bytes of the disk that uploads leave free: the collections need some to ingest what was uploaded."""
_RECOUNT_SECONDS = 60.0
_RECOUNT_BEFORE_REFUSAL_SECONDS = 1.0
_RETRY_AFTER = {"Retry-After": "60"}


class Quota:
    """Counts the bytes of files as these come and go. Safe to use from several threads.

    ``max_bytes`` bounds them, 0 means no bound; ``reserve`` bytes stay free on the disk with the folder
    ``disk``, if there is one. Other processes may add and delete files, and people too: ``count`` counts
    them again once a minute and before an upload is refused. A file that is written during a count is
    complete in the next one.
    """

    def __init__(
        self,
        count: Callable[[], int],
        *,
        max_bytes: int = 0,
        reserve: int = RESERVE,
        disk: Path | None = None,
    ) -> None:
        self._count = count
        self._max_bytes = max_bytes
        self._reserve = reserve
        self._disk = disk
        self._used = 0
        self._counted_at = -_RECOUNT_SECONDS
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Bytes in use."""
        with self._lock:
            self._recount_after(_RECOUNT_SECONDS)
            return self._used

    def require(self, size: int) -> None:
        """Raise :class:`service.errors.SpoolFull` when there is no room for so many bytes."""
        if self._disk is not None:
            with translating_disk_errors("the spool"):
                self._disk.mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._recount_after(_RECOUNT_SECONDS)
            self._require(size)

    def take(self, size: int) -> None:
        """Count bytes that are about to be written. Raises :class:`service.errors.SpoolFull`."""
        with self._lock:
            self._require(size)
            self._used += size

    def release(self, size: int) -> None:
        """Stop counting bytes that were deleted."""
        with self._lock:
            self._used = max(0, self._used - size)

    def invalidate(self) -> None:
        """Recount before the next upload, because a write failed and may have left any part of its data."""
        with self._lock:
            self._counted_at = -_RECOUNT_SECONDS

    def _require(self, size: int) -> None:
        if self._max_bytes and self._used + size > self._max_bytes:
            self._recount_after(_RECOUNT_BEFORE_REFUSAL_SECONDS)
        if self._max_bytes and self._used + size > self._max_bytes:
            raise limit_reached(self._used, size, self._max_bytes)
        if self._disk is not None and shutil.disk_usage(self._disk).free < self._reserve + size:
            raise disk_full()

    def _recount_after(self, seconds: float) -> None:
        """Count the files again if the last count is so old."""
        if time.monotonic() - self._counted_at >= seconds:
            self._used = self._count()
            self._counted_at = time.monotonic()


def limit_reached(used: int, size: int, max_bytes: int) -> SpoolFull:
    """The error for a file that would exceed the limit."""
    return SpoolFull(
        f"Files that were sent and are not taken in yet, or were refused, take {used:,} bytes, "
        f"and {size:,} more would be above the limit of {max_bytes:,} (LOCCIT_MAX_SPOOL_BYTES). "
        "Wait for the jobs that go on, and delete those whose refused files you will not retry.",
        headers=_RETRY_AFTER,
    )


def disk_full() -> SpoolFull:
    """The error for a disk with no room left."""
    return SpoolFull(
        "The disk with the data folder is almost full. Free some of it; deleting jobs that have refused "
        "files deletes those files.",
        headers=_RETRY_AFTER,
    )


def folder_quota(folder: Path, *, max_bytes: int = 0, reserve: int = RESERVE) -> Quota:
    """A quota of the files in the folders of a folder, and of its disk."""

    def count() -> int:
        return sum(size_of(job) for job in folder.glob("*"))

    return Quota(count, max_bytes=max_bytes, reserve=reserve, disk=folder)


def size_of(folder: Path) -> int:
    """Bytes of the files directly in a folder without their checksums; 0 when the folder does not exist."""
    size = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(checksums.ENDING):
                    continue
                with suppress(FileNotFoundError):  # its job has deleted it meanwhile
                    size += entry.stat(follow_symlinks=False).st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0
    return size
