"""The files of one request on their way into the spool."""

from __future__ import annotations

import threading
from collections.abc import Callable

from service.errors import ClientGone
from service.jobs.records import Job
from service.jobs.spool import Spool, SpooledFile
from service.jobs.store import new_job_id


class Upload:
    """Files that are all kept for a job, or none of them.

    Its methods run in threads. They take turns: a request that is broken off closes its upload while the
    last piece is perhaps still being written.
    """

    def __init__(self, spool: Spool) -> None:
        self.job_id = new_job_id()
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
        """Go on with the file. Raises :class:`service.errors.SpoolFull` when there is no room for it."""
        with self._lock:
            self._begun().write(data)

    def finish(self) -> tuple[str, int]:
        """End the file; its name in the spool, and its bytes."""
        with self._lock:
            file = self._begun()
            file.keep()
            self._file = None
            return file.name, file.size

    def put(self, data: bytes) -> tuple[str, int]:
        """Keep a file that is in memory; its name in the spool, and its bytes."""
        self.begin()
        self.write(data)
        return self.finish()

    def commit(self, add: Callable[[str], Job]) -> Job:
        """The job that ``add`` makes of this id; from then on the files are its own."""
        with self._lock:
            self._require_open()
            if self._number:
                self._spool.sync(self.job_id)
            job = add(self.job_id)
            self._closed = True
            return job

    def close(self) -> None:
        """Forget the files, unless a job has them."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._file is not None:
                self._file.close()
            self._spool.clear(self.job_id)

    def _begun(self) -> SpooledFile:
        self._require_open()
        assert self._file is not None  # noqa: S101 -- one is begun before it is written and ended
        return self._file

    def _require_open(self) -> None:
        if self._closed:
            raise ClientGone("The caller hung up before everything was sent.")
