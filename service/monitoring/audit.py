"""The audit log: who did what, when and from where, as lines of JSON that are only appended.

A thread writes the lines, so that no request waits for the disk. It writes those of a tenth of a second
together, in one write to a file that is opened for appending: several processes share the log.
"""

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock

from index.sealed import sealed
from service.background import BackgroundThread

log = logging.getLogger("loccit.service")

AUDIT = "audit.jsonl"
"""Name in a data folder."""
_OWNER_ONLY = 0o600
_PAUSE_SECONDS = 0.1
"""Waking the thread for each entry would take the next request as long as everything else in the service."""
_MOST_BYTES = 65_536
"""Of one write."""
Entry = Mapping[str, Any]


def append(path: Path, entry: Entry) -> None:
    """Append one entry, with the time. Raises OSError."""
    _write(path, _format_line(time.time(), entry))


def _format_line(at: float, entry: Entry) -> bytes:
    moment = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return sealed({"time": moment, **entry}, ascii_only=False).encode("utf-8", "replace")


def _write(path: Path, lines: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _OWNER_ONLY)
    try:
        while lines:
            lines = lines[os.write(file, lines) :]
    finally:
        os.close(file)


FILE_BYTES = 100 * 1024 * 1024
"""Size at which the audit log continues in a new file: what an editor or a shipper of logs still opens."""


class AuditLog(BackgroundThread):
    """Appends entries to a file in the background, and starts a new one when it has ``max_bytes``.

    The older ones are ``.1`` (the last), ``.2`` and so on; ``keep`` of them stay. ``put_aside`` is called
    when the file was.
    """

    thread_name = "loccit-audit"

    def __init__(
        self,
        path: Path,
        *,
        max_bytes: int = FILE_BYTES,
        keep: int,
        put_aside: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__()
        self._path = path
        self._put_aside = put_aside
        self._max_bytes = max_bytes
        self._keep = keep
        self._entries: deque[tuple[float, Entry]] = deque()
        self._failing = False

    def add(self, entry: Entry) -> None:
        """Append an entry within a tenth of a second; never waits."""
        self._entries.append((time.time(), entry))

    def _run(self) -> None:
        while not self._stopped.wait(_PAUSE_SECONDS):
            self._write_all()
        self._write_all()

    def _write_all(self) -> None:
        while self._entries:
            try:
                _write(self._path, self._next_lines())
                self._rotate()
                self._failing = False
            except OSError as error:
                if not self._failing:
                    log.critical(
                        "The audit log %s cannot be written; entries are lost: %s", self._path, error
                    )
                self._failing = True

    def _next_lines(self) -> bytes:
        """The lines of the oldest entries, up to what one write or one file takes."""
        most, size, lines = min(_MOST_BYTES, self._max_bytes), 0, []
        while self._entries and size < most:
            lines.append(_format_line(*self._entries.popleft()))
            size += len(lines[-1])
        return b"".join(lines)

    def _rotate(self) -> None:
        if not self._is_full():
            return
        with FileLock(self._path.with_suffix(".lock")):
            if not self._is_full():  # another process has done it meanwhile
                return
            self._numbered_path(self._keep).unlink(missing_ok=True)
            for number in range(self._keep - 1, 0, -1):
                if (older := self._numbered_path(number)).exists():
                    older.replace(self._numbered_path(number + 1))
            self._path.replace(self._numbered_path(1))
            self._put_aside()

    def _is_full(self) -> bool:
        try:
            return self._path.stat().st_size >= self._max_bytes
        except FileNotFoundError:  # another process has just put it aside
            return False

    def _numbered_path(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
