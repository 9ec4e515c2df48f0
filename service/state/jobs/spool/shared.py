"""Spools in a place that machines share: with files still in an earlier place, and with an owner."""

import logging
import time
from collections import Counter
from collections.abc import Collection, Iterable
from typing import BinaryIO

from index.objects import OwnedFolder
from service.state.jobs.protocols import Span, Spool, SpooledFile

_log = logging.getLogger("loccit.service")

_KNOWN_SECONDS = 5.0
"""For so long the mark is not read again."""


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


class OwnedSpool:
    """Implements :class:`service.state.jobs.protocols.Spool`. Changes no file that another database owns.

    A copy of a database has the jobs and files of the original, which still needs them.
    """

    def __init__(self, spool: Spool, folder: OwnedFolder) -> None:
        self._spool = spool
        self._folder = folder
        self._known = (False, 0.0)
        self._is_warned = False

    def require_room(self, size: int) -> None:
        self._spool.require_room(size)

    def create(self, job_id: str, number: int) -> SpooledFile:
        self._is_own()  # a folder that nobody has is that of the first who writes there
        return self._spool.create(job_id, number)

    def sync(self, job_id: str) -> None:
        self._spool.sync(job_id)

    def open(self, job_id: str, name: str) -> BinaryIO:
        return self._spool.open(job_id, name)

    def checksum(self, job_id: str, name: str) -> int | None:
        return self._spool.checksum(job_id, name)

    def overwrite(self, job_id: str, name: str, spans: Iterable[Span]) -> None:
        if self._is_own():
            self._spool.overwrite(job_id, name, spans)

    def remove(self, job_id: str, names: Iterable[str]) -> None:
        if self._is_own():
            self._spool.remove(job_id, names)

    def clear(self, job_id: str) -> None:
        if self._is_own():
            self._spool.clear(job_id)

    def unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> dict[str, int]:
        # In the folder of another database, what is not known here is known there.
        return self._spool.unknown(job_ids, idle_seconds=idle_seconds) if self._is_own() else {}

    def clear_unknown(self, job_ids: Collection[str], *, idle_seconds: float) -> None:
        if self._is_own():
            self._spool.clear_unknown(job_ids, idle_seconds=idle_seconds)

    def _is_own(self) -> bool:
        is_own, until = self._known
        if time.monotonic() >= until:
            is_own = self._folder.is_own()
            self._known = (is_own, time.monotonic() + _KNOWN_SECONDS)
        if not is_own and not self._is_warned:
            self._is_warned = True
            _log.warning(
                "Uploads and files in %s belong to the database %s, of which this one is a copy: none are "
                "deleted. `loccit adopt` gives this one places of its own.",
                self._folder.name,
                self._folder.owner(),
            )
        return is_own
