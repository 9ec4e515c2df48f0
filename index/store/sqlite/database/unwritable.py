"""Read database files on a disk that is full or read-only.

SQLite needs a file of shared memory beside a database with a write-ahead log, also to read it. Where that
cannot be made, a file whose log is empty is read as one that does not change. A log that a killed process has
left can only be applied to a copy, which needs room elsewhere.
"""

import shutil
import sqlite3
import tempfile
from pathlib import Path

from index.disks import disk_full, is_full, is_read_only
from index.errors import DiskFull, DiskReadOnly, LoccitError

UNCHANGING = "ro&immutable=1"
"""How a file is opened that does not change meanwhile, and has no log."""
_NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
_UNOPENED = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY})


def disk_error(error: sqlite3.Error, path: Path) -> LoccitError | None:
    """The error of the disk that an error of SQLite comes from; None if it comes from something else."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or not path.parent.exists():
        return None
    if code in _NO_ROOM:
        return disk_full(path.parent.name)
    if code & 0xFF in _UNOPENED:
        if is_read_only(path.parent):
            return DiskReadOnly(
                f"The disk with {path.parent} is read-only: {path.name} is as before. Mount it for writing, "
                "then try again."
            )
        if is_full(path.parent):
            return disk_full(path.parent.name)
    return None


def is_over(error: sqlite3.Error, path: Path) -> bool:
    """True if SQLite still treats a file as read-only after its disk became writable."""
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_READONLY and not is_read_only(path.parent)


class Copy:
    """A copy of a database and its log on another disk, to read what the log has."""

    def __init__(self, path: Path) -> None:
        """Make it. Raises :class:`index.errors.DiskFull` if there is no room for it either."""
        self._folder = tempfile.TemporaryDirectory(prefix="loccit-")
        self.path = Path(self._folder.name) / path.name
        try:
            for suffix in ("", "-wal"):
                shutil.copyfile(path.with_name(path.name + suffix), self.path.with_name(path.name + suffix))
        except OSError as error:
            self._folder.cleanup()
            size = path.stat().st_size
            raise DiskFull(
                f"{path} cannot be read: its last changes are in {path.name}-wal, which can only be applied "
                f"to a copy while its disk is full or read-only, and {tempfile.gettempdir()} has no room for "
                f"one ({size:,} bytes). Free some of the disk, or name a folder with room in TMPDIR, and "
                "start again."
            ) from error

    def close(self) -> None:
        """Delete it."""
        self._folder.cleanup()


def has_log(path: Path) -> bool:
    """True if the log of a database is not empty."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except FileNotFoundError:
        return False
