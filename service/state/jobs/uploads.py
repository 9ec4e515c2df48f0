"""The files of one request while they are written to the spool."""

import threading
from collections.abc import Callable
from typing import TypeVar

from service.errors import ClientGone
from service.state.jobs.protocols import Spool, SpooledFile
from service.state.jobs.records import new_job_id

T = TypeVar("T")


class Upload:
    """Spools files for a new job, or another owner; without the owner, all of them are deleted.

    Safe to use from several threads: an aborted request closes its upload while another thread may still be
    writing the last chunk.
    """

    def __init__(self, spool: Spool, id_: str = "") -> None:
        """``id_`` is that of the job, or of what else will own the files; by default a new one."""
        self.job_id = id_ or new_job_id()
        self._spool = spool
        self._lock = threading.Lock()
        self._file: SpooledFile | None = None
        self._number = 0
        self._closed = False

    def begin(self) -> None:
        """Begin the next file."""
        with self._lock:
            self._require_open()
            self._number += 1
            self._file = self._spool.create(self.job_id, self._number)

    def write(self, data: bytes | memoryview) -> None:
        """Append to the file. Raises :class:`service.errors.SpoolFull` when there is no room."""
        with self._lock:
            self._open_file().write(data)

    def finish(self) -> tuple[str, int]:
        """Complete the file; return its name in the spool and its size."""
        with self._lock:
            file = self._open_file()
            file.keep()
            self._file = None
            return file.name, file.size

    def put(self, data: bytes) -> tuple[str, int]:
        """Spool a file that is in memory; return its name in the spool and its size."""
        self.begin()
        self.write(data)
        return self.finish()

    def commit(self, add: Callable[[str], T]) -> T:
        """Make the files durable, then create the job, or what else owns them, by ``add``."""
        with self._lock:
            self._require_open()
            if self._number:
                self._spool.sync(self.job_id)
            owner = add(self.job_id)
            self._closed = True
            return owner

    def close(self) -> None:
        """Delete the files unless a job owns them."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._file is not None:
                self._file.close()
            self._spool.clear(self.job_id)

    def _open_file(self) -> SpooledFile:
        self._require_open()
        assert self._file is not None  # noqa: S101 -- begin() comes before write() and finish()
        return self._file

    def _require_open(self) -> None:
        if self._closed:
            raise ClientGone("The caller hung up before everything was sent.")
