"""Errors of disks that are full or read-only."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.errors import DiskFull, DiskReadOnly, LoccitError

_LITTLE = 2**20
"""Bytes that are free at most on a disk that is full: SQLite needs some for a change."""
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_read_only(folder: Path) -> bool:
    """Whether nothing can be written to a folder."""
    return not os.access(folder, os.W_OK)


def is_full(folder: Path) -> bool:
    """Whether the disk with a folder has no room for a change."""
    return shutil.disk_usage(folder).free < _LITTLE


def disk_full(what: str) -> DiskFull:
    """The error of a full disk. ``what`` is as before."""
    return DiskFull(f"The disk is full: {what} is as before. Free some of it, then try again.")


def disk_error(error: OSError, what: str) -> LoccitError | None:
    """The error to raise for one of the system, if the disk is its reason. ``what`` is as before."""
    if error.errno in _NO_SPACE:
        return disk_full(what)
    if error.errno == errno.EROFS:
        return DiskReadOnly(
            f"The disk is read-only: {what} is as before. Mount it for writing, then try again."
        )
    return None


@contextmanager
def translating_disk_errors(what: str) -> Iterator[None]:
    """Raise :class:`index.errors.DiskFull`, :class:`index.errors.DiskReadOnly` where that is the reason."""
    try:
        yield
    except OSError as error:
        if (found := disk_error(error, what)) is None:
            raise
        raise found from error
