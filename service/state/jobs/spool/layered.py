"""A spool in a new place, with the files that are still in an earlier one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import BinaryIO

from service.state.jobs.protocols import Span, Spool, SpooledFile


class LayeredSpool:
    """Implements :class:`service.state.jobs.protocols.Spool`: writes to ``new``, reads ``old`` too."""

    def __init__(self, new: Spool, old: Spool) -> None:
        self._new = new
        self._both = (old, new)

    def require_room(self, size: int) -> None:
        self._new.require_room(size)

    def create(self, job_id: str, number: int) -> SpooledFile:
        return self._new.create(job_id, number)

    def sync(self, job_id: str) -> None:
        self._new.sync(job_id)

    def open(self, job_id: str, name: str) -> BinaryIO:
        old, new = self._both
        try:
            return old.open(job_id, name)
        except FileNotFoundError:
            return new.open(job_id, name)

    def checksum(self, job_id: str, name: str) -> int | None:
        old, new = self._both
        try:
            old.open(job_id, name).close()
        except FileNotFoundError:
            return new.checksum(job_id, name)
        return old.checksum(job_id, name)

    def overwrite(self, job_id: str, name: str, spans: Iterable[Span]) -> None:
        wanted = list(spans)
        for spool in self._both:
            spool.overwrite(job_id, name, wanted)

    def remove(self, job_id: str, names: Iterable[str]) -> None:
        wanted = list(names)
        for spool in self._both:
            spool.remove(job_id, wanted)

    def clear(self, job_id: str) -> None:
        for spool in self._both:
            spool.clear(job_id)

    def unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> dict[str, int]:
        found: Counter[str] = Counter()
        for spool in self._both:
            found.update(spool.unknown(job_ids, idle_seconds=idle_seconds))
        return dict(found)

    def clear_unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> None:
        for spool in self._both:
            spool.clear_unknown(job_ids, idle_seconds=idle_seconds)
