"""The session of whoever runs the jobs of a store in memory."""

from __future__ import annotations

import threading


class MemorySession:
    """Implements :class:`service.jobs.protocols.Session` by the leases that all sessions of a store share."""

    def __init__(self, lock: threading.RLock, holders: dict[str, MemorySession]) -> None:
        self._lock = lock
        self._holders = holders
        self._is_closed = False

    def is_held(self) -> bool:
        return not self._is_closed

    def acquire(self, lease: str) -> bool:
        with self._lock:
            return not self._is_closed and self._holders.setdefault(lease, self) is self

    def release(self, lease: str) -> None:
        with self._lock:
            if self._holders.get(lease) is self:
                del self._holders[lease]

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for lease in [name for name, holder in self._holders.items() if holder is self]:
                del self._holders[lease]
