"""Files that were sent and are not taken in yet: a folder for each job."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO

_PIECE = 1024 * 1024
_BROKEN_OFF_SECONDS = 86_400.0


class Spool:
    """Keeps files until their job is done with them. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, job_id: str, number: int, file: IO[bytes]) -> tuple[str, int]:
        """Keep a job's file of this number from where it stands to its end; its name here, and its bytes.

        When this returns, the file survives a power cut.
        """
        folder = self._folder / job_id
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{number:06}"
        with (folder / name).open("xb") as kept:
            shutil.copyfileobj(file, kept, _PIECE)
            size = kept.tell()
            kept.flush()
            os.fsync(kept.fileno())
        _sync(folder)
        return name, size

    def path(self, job_id: str, name: str) -> Path:
        """Where a file is."""
        return self._folder / job_id / name

    def remove(self, job_id: str, names: Iterable[str]) -> None:
        """Forget files of a job; those that are not there any more are passed over."""
        for name in names:
            self.path(job_id, name).unlink(missing_ok=True)

    def clear(self, job_id: str) -> None:
        """Forget all files of a job."""
        shutil.rmtree(self._folder / job_id, ignore_errors=True)

    def clear_unknown(self, job_ids: Collection[str]) -> None:
        """Forget what is not of these jobs and a day old: of uploads that were broken off."""
        for folder in self._folder.glob("*"):
            with suppress(FileNotFoundError):  # its upload has failed meanwhile
                if folder.name not in job_ids and folder.stat().st_mtime < time.time() - _BROKEN_OFF_SECONDS:
                    self.clear(folder.name)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
