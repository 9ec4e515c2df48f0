"""Watch folders and keep a collection equal to them."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import watchfiles

from index.collection import Collection
from index.errors import InvalidInput, LoccitError
from index.sources.files import is_local, resolve_location
from index.sources.folders import FolderIngest, FolderOptions, IngestReport

log = logging.getLogger(__name__)

_POLL_MILLISECONDS = 1000
_RETRY_SECONDS = 60.0
"""Interval at which a folder is examined again that was missing, unreadable or empty."""


def watch(
    collection: Collection,
    folders: Sequence[Path],
    options: FolderOptions,
    *,
    on_report: Callable[[IngestReport], None],
    stop: threading.Event | None = None,
    retry_seconds: float = _RETRY_SECONDS,
) -> None:
    """Ingest the folders, then every change in them, until ``stop`` is set or the process is interrupted.

    ``on_report`` receives the report of the first run and of each later run that changed, skipped or refused
    something. An error, such as a collection that another process keeps locked, is logged, and the folders
    are ingested again as a whole; so are they every ``retry_seconds`` while one of them is missing,
    unreadable or empty. Raises :class:`index.errors.InvalidInput` for folders that cannot be watched.
    """
    roots = [resolve_location(str(folder)) for folder in folders]
    for root in roots:
        if not is_local(root) or not root.is_dir():
            raise InvalidInput(f"{root}: only folders on this machine can be watched.")
    watcher = _Watcher(collection, roots, options, on_report, retry_seconds)
    while watcher.follow(stop or threading.Event()):
        pass


class _Watcher:
    """Runs ingests of the same folders, and knows whether the next one must examine all files."""

    def __init__(
        self,
        collection: Collection,
        roots: Sequence[Path],
        options: FolderOptions,
        on_report: Callable[[IngestReport], None],
        retry_seconds: float,
    ) -> None:
        self._collection = collection
        self._roots = roots
        self._options = options
        self._on_report = on_report
        self._retry_seconds = retry_seconds
        self._rescan = self._first = True
        self._absent: set[str] = set()
        self._retry_at = 0.0

    def follow(self, stop: threading.Event) -> bool:
        """Ingest changes; returns whether to call it again, to watch a folder that came back."""
        changes = watchfiles.watch(
            *(root for root in self._roots if root.is_dir()),
            watch_filter=None,
            stop_event=stop,
            rust_timeout=_POLL_MILLISECONDS,
            # Watching has begun when it yields for the first time, so that the first run misses no change.
            yield_on_timeout=True,
            raise_interrupt=False,
        )
        for changed in changes:
            absent = self._absent
            self._ingest([Path(path) for _, path in changed])
            if absent - self._absent:
                # A folder that was mounted again is another one for the system: the old watch is dead.
                self._rescan = True
                return True
        return False

    def _ingest(self, changed: Sequence[Path]) -> None:
        retry = bool(self._absent) and time.monotonic() >= self._retry_at
        if not (changed or self._rescan or retry):
            return
        ingest = FolderIngest(self._collection, self._options)
        whole = self._rescan or retry
        try:
            report = ingest.run(self._roots) if whole else ingest.update(self._roots, changed)
        except LoccitError as error:
            log.warning("%s All files are examined again.", error.message)
            self._rescan = True
            return
        absent = {one.root for one in report.refused if one.code != "large_removal"}
        known = retry and absent == self._absent
        self._absent = absent if whole else self._absent | absent
        self._retry_at = time.monotonic() + self._retry_seconds
        if self._first or (not known and _is_reportable(report)):
            self._on_report(report)
        self._rescan = self._first = False


def _is_reportable(report: IngestReport) -> bool:
    changed = report.added or report.replaced or report.renamed or report.retired or report.erased
    return bool(changed or report.skipped or report.refused)
