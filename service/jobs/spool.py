"""Files that were sent and are not taken in yet: a folder for each job."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from service.jobs.quota import RESERVE, Quota, disk_full, size_of

_PIECE = 1024 * 1024
_BROKEN_OFF_SECONDS = 86_400.0
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Spool:
    """Keeps files until their job is done with them. Safe to use from several threads.

    At most ``most`` bytes in all, 0 for no bound, and none that would leave less than ``reserve`` free on
    the disk. A ZIP file counts whole for as long as one of its members is refused and may be tried again:
    to keep the refused members alone, an archive would be written anew, encrypted members (which
    :mod:`zipfile` cannot write) among them, to save room that whoever needs it has by deleting the job.
    """

    def __init__(self, folder: Path, *, most: int = 0, reserve: int = RESERVE) -> None:
        self._folder = folder
        self.quota = Quota(folder, most=most, reserve=reserve)

    def create(self, job_id: str, number: int) -> SpooledFile:
        """A job's file of this number, to be written."""
        folder = self._folder / job_id
        folder.mkdir(parents=True, exist_ok=True)
        return SpooledFile(folder / f"{number:06}", self.quota)

    def put(self, job_id: str, number: int, file: IO[bytes]) -> tuple[str, int]:
        """Keep a job's file of this number from where it stands to its end; its name here, and its bytes.

        When this returns, the file survives a power cut. Raises :class:`service.errors.SpoolFull` when
        there is no room for it.
        """
        with self.create(job_id, number) as kept:
            while piece := file.read(_PIECE):
                kept.write(piece)
            kept.keep()
        self.sync(job_id)
        return kept.name, kept.size

    def sync(self, job_id: str) -> None:
        """See to it that the names of a job's files survive a power cut, and its folder's."""
        _sync(self._folder / job_id)
        _sync(self._folder)

    def path(self, job_id: str, name: str) -> Path:
        """Where a file is."""
        return self._folder / job_id / name

    def remove(self, job_id: str, names: Iterable[str]) -> None:
        """Forget files of a job; those that are not there any more are passed over."""
        for name in names:
            path = self.path(job_id, name)
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                path.unlink()
                self.quota.give(size)

    def clear(self, job_id: str) -> None:
        """Forget all files of a job."""
        folder = self._folder / job_id
        size = size_of(folder)
        shutil.rmtree(folder, ignore_errors=True)
        self.quota.give(size - size_of(folder))

    def clear_unknown(self, job_ids: Collection[str]) -> None:
        """Forget what is not of these jobs and a day old: of uploads that were broken off."""
        for folder in self._folder.glob("*"):
            with suppress(FileNotFoundError):  # its upload has failed meanwhile
                if folder.name not in job_ids and folder.stat().st_mtime < time.time() - _BROKEN_OFF_SECONDS:
                    self.clear(folder.name)


class SpooledFile:
    """A file of the spool that is being written: closed at the end of its ``with``, or by :meth:`keep`."""

    def __init__(self, path: Path, quota: Quota) -> None:
        self.name = path.name
        self.size = 0
        self._quota = quota
        with _told(quota):
            # Unbuffered: what is taken of the quota is there when somebody counts the files.
            self._file = path.open("xb", buffering=0)

    def write(self, data: bytes | memoryview) -> None:
        """Go on with it. Raises :class:`service.errors.SpoolFull` when there is no room for it."""
        self._quota.take(len(data))
        self.size += len(data)
        left = memoryview(data)
        with _told(self._quota):
            while left:
                left = left[self._file.write(left) :]

    def keep(self) -> None:
        """End it; what was written survives a power cut once the folder is synced."""
        with _told(self._quota):
            os.fsync(self._file.fileno())
        self._file.close()

    def close(self) -> None:
        """Close it without a care for what was written."""
        with suppress(OSError):
            self._file.close()

    def __enter__(self) -> SpooledFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _told(quota: Quota) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        quota.doubt()
        if error.errno in _FULL:
            raise disk_full() from error
        raise


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
