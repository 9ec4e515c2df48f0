"""The spool in a bucket: an object for each file, named by its job and number."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import BinaryIO, cast

from index.objects import Bucket, ObjectWriter, RangeReader
from service.state.jobs.protocols import Span
from service.state.jobs.spool.quota import Quota


class BucketSpool:
    """Implements :class:`service.state.jobs.protocols.Spool` in a part of a bucket.

    All files together have at most ``max_bytes`` (0 means no bound): those of a listing, which is made once a
    minute and before an upload is refused, and what this process has written and deleted since. All methods
    raise :class:`index.errors.ObjectsUnavailable`. ``keeps_unknown``: see
    :class:`service.state.jobs.spool.folder.FolderSpool`.
    """

    def __init__(self, bucket: Bucket, *, max_bytes: int = 0, keeps_unknown: bool = False) -> None:
        self._bucket = bucket
        self._keeps_unknown = keeps_unknown
        self._unkept: dict[str, set[BucketFile]] = {}
        self._lock = threading.Lock()
        self.quota = Quota(self._count, max_bytes=max_bytes)

    def require_room(self, size: int) -> None:
        self.quota.require(size)

    def create(self, job_id: str, number: int) -> BucketFile:
        name = f"{number:06}"
        file = BucketFile(self, job_id, name, ObjectWriter(self._bucket, _name(job_id, name)))
        with self._lock:
            self._unkept.setdefault(job_id, set()).add(file)
        return file

    def note_kept(self, file: BucketFile) -> None:
        """Note that a file is in the bucket from now on, where it is counted. For :class:`BucketFile`."""
        with self._lock:
            self._unkept.get(file.job_id, set()).discard(file)

    def sync(self, job_id: str) -> None:
        """Does nothing: an object is durable once it is kept."""

    def open(self, job_id: str, name: str) -> BinaryIO:
        return cast(BinaryIO, RangeReader.open(self._bucket, _name(job_id, name)))

    def checksum(self, job_id: str, name: str) -> int | None:
        """None: object stores compare what they keep with checksums of their own."""
        return None

    def overwrite(self, job_id: str, name: str, spans: Iterable[Span]) -> None:
        full = _name(job_id, name)
        if self._bucket.size(full) is not None:
            self._bucket.write(full, _zero_spans(self._bucket.blocks(full), sorted(spans)))

    def remove(self, job_id: str, names: Iterable[str]) -> None:
        for name in names:
            full = _name(job_id, name)
            if (size := self._bucket.size(full)) is not None:
                self._bucket.delete([full])
                self.quota.release(size)

    def clear(self, job_id: str) -> None:
        folder = _name(job_id, "")
        size = sum(one.size for one in self._bucket.list(folder))
        self._bucket.clear(folder)
        with self._lock:
            size += sum(file.size for file in self._unkept.pop(job_id, ()))
        self.quota.release(size)  # not under the lock, which a count takes within that of the quota

    def unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> dict[str, int]:
        newest: dict[str, float] = {}
        sizes: dict[str, int] = defaultdict(int)
        for entries in (self._bucket.unfinished(), self._bucket.list()):
            for one in entries:
                job_id, is_folder, _ = one.name.partition("/")
                if is_folder:
                    newest[job_id] = max(newest.get(job_id, 0.0), one.written)
                    sizes[job_id] += one.size
        limit = time.time() - idle_seconds
        return {
            job_id: sizes[job_id]
            for job_id, written in newest.items()
            if job_id not in job_ids and written <= limit
        }

    def clear_unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> None:
        if self._keeps_unknown:
            return
        for job_id in self.unknown(job_ids, idle_seconds=idle_seconds):
            self.clear(job_id)

    def _count(self) -> int:
        with self._lock:
            unfinished = sum(file.size for files in self._unkept.values() for file in files)
        return unfinished + sum(one.size for one in self._bucket.list())


class BucketFile:
    """Implements :class:`service.state.jobs.protocols.SpooledFile` for an upload to a bucket."""

    def __init__(self, spool: BucketSpool, job_id: str, name: str, writer: ObjectWriter) -> None:
        self.job_id = job_id
        self.name = name
        self.size = 0
        self._spool = spool
        self._writer = writer

    def write(self, data: bytes | memoryview) -> None:
        self._spool.quota.take(len(data))
        self.size += len(data)
        self._writer.write(data)

    def keep(self) -> None:
        if not self._writer.keep():
            raise FileNotFoundError(f"The upload of {self.name} was aborted by somebody else.")
        self._spool.note_kept(self)

    def close(self) -> None:
        self._writer.close()


def _name(job_id: str, name: str) -> str:
    return f"{job_id}/{name}"


def _zero_spans(blocks: Iterable[bytes], spans: list[Span]) -> Iterator[bytes]:
    """The blocks of a file, with zeros where spans are."""
    start = 0
    for block in blocks:
        changed = bytearray(block)
        for first, size in spans:
            low, high = max(first - start, 0), min(first + size - start, len(changed))
            if low < high:
                changed[low:high] = bytes(high - low)
        yield bytes(changed)
        start += len(block)
