"""The spool in a folder: a folder for each job."""

from __future__ import annotations

import os
import shutil
import time
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from index.disks import disk_error
from index.durability import sync
from index.errors import DiskFull
from service.state.jobs import checksums
from service.state.jobs.protocols import Span
from service.state.jobs.spool.quota import RESERVE, Quota, disk_full, folder_quota, size_of

_ZEROS = 1024 * 1024
"""Bytes that are overwritten at a time."""


class FolderSpool:
    """Implements :class:`service.state.jobs.protocols.Spool`.

    All files together have at most ``max_bytes`` (0 means no bound), and at least ``reserve`` bytes stay free
    on the disk. A ZIP file counts in full while one of its members is refused and may be retried. To keep the
    refused members alone, the archive would have to be rewritten with its encrypted members, which
    :mod:`zipfile` cannot write; whoever needs the room can delete the job. ``keeps_unknown``: jobs were lost,
    and their files are all that is left of them.
    """

    def __init__(
        self, folder: Path, *, max_bytes: int = 0, reserve: int = RESERVE, keeps_unknown: bool = False
    ) -> None:
        self._folder = folder
        self._keeps_unknown = keeps_unknown
        self.quota = folder_quota(folder, max_bytes=max_bytes, reserve=reserve)

    def require_room(self, size: int) -> None:
        self.quota.require(size)

    def create(self, job_id: str, number: int) -> FolderFile:
        folder = self._folder / job_id
        with _translating_os_errors(self.quota):
            _make_durable_folder(self._folder)
            folder.mkdir(exist_ok=True)
            # Unbuffered, so that a recount of the files sees what was taken from the quota.
            file = (folder / f"{number:06}").open("xb", buffering=0)
        return FolderFile(file, self.quota)

    def sync(self, job_id: str) -> None:
        sync(self._folder / job_id)
        sync(self._folder)

    def open(self, job_id: str, name: str) -> BinaryIO:
        return self.path(job_id, name).open("rb")

    def checksum(self, job_id: str, name: str) -> int | None:
        return checksums.read(self.path(job_id, name))

    def path(self, job_id: str, name: str) -> Path:
        """Path of a job's file."""
        return self._folder / job_id / name

    def overwrite(self, job_id: str, name: str, spans: Iterable[Span]) -> None:
        checksums.beside(self.path(job_id, name)).unlink(missing_ok=True)
        with suppress(FileNotFoundError), self.path(job_id, name).open("r+b", buffering=0) as file:
            for start, size in spans:
                file.seek(start)
                for part in range(0, size, _ZEROS):
                    file.write(bytes(min(_ZEROS, size - part)))
            os.fsync(file.fileno())

    def remove(self, job_id: str, names: Iterable[str]) -> None:
        for name in names:
            path = self.path(job_id, name)
            checksums.beside(path).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                path.unlink()
                self.quota.release(size)

    def clear(self, job_id: str) -> None:
        folder = self._folder / job_id
        size = size_of(folder)
        shutil.rmtree(folder, ignore_errors=True)
        self.quota.release(size - size_of(folder))

    def unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> dict[str, int]:
        newest, found = time.time() - idle_seconds, {}
        for folder in self._folder.glob("*/"):
            with suppress(FileNotFoundError):  # its upload was aborted meanwhile
                if folder.name not in job_ids and folder.stat().st_mtime <= newest:
                    found[folder.name] = size_of(folder)
        return found

    def clear_unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> None:
        if self._keeps_unknown:
            return
        for job_id in self.unknown(job_ids, idle_seconds=idle_seconds):
            self.clear(job_id)


class FolderFile:
    """Implements :class:`service.state.jobs.protocols.SpooledFile` for an open file."""

    def __init__(self, file: FileIO, quota: Quota) -> None:
        self.name = Path(str(file.name)).name
        self.size = 0
        self._checksum = 0
        self._quota = quota
        self._file = file

    def write(self, data: bytes | memoryview) -> None:
        self._quota.take(len(data))
        self.size += len(data)
        self._checksum = zlib.crc32(data, self._checksum)
        rest = memoryview(data)
        with _translating_os_errors(self._quota):
            while rest:
                rest = rest[self._file.write(rest) :]

    def keep(self) -> None:
        with _translating_os_errors(self._quota):
            os.fsync(self._file.fileno())
            checksums.write(Path(str(self._file.name)), self._checksum)
        self._file.close()

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


def _make_durable_folder(folder: Path) -> None:
    """Make a folder, and those that it is in, for good."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in missing:
        sync(path.parent)


@contextmanager
def _translating_os_errors(quota: Quota) -> Iterator[None]:
    """Raise :class:`service.errors.SpoolFull` for a full disk; let the quota recount after any error."""
    try:
        yield
    except OSError as error:
        quota.invalidate()
        if (of_disk := disk_error(error, "the spool")) is None:
            raise
        raise (disk_full() if isinstance(of_disk, DiskFull) else of_disk) from error
