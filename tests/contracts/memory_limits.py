"""The store of limits in memory, for tests; also the shortest statement of what its Protocol requires."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Sequence

from service.state.limits.counting import Due, Spent
from service.state.limits.protocols import KEPT_SECONDS


class MemoryLimitStore:
    """Implements :class:`service.state.limits.protocols.LimitStore` for one process."""

    def __init__(self) -> None:
        self._dues: dict[tuple[str, bytes], float] = {}
        self._lock = threading.Lock()

    def exchange(self, spent: Sequence[Spent]) -> list[Due]:
        with self._lock:
            for one in spent:
                key = (one.due.counter, one.due.caller)
                before = self._dues.get(key, -math.inf)
                self._dues[key] = max(one.due.at, before + one.cost)
            return [Due(*key, at) for key, at in self._dues.items()]

    def forget(self) -> None:
        with self._lock:
            old = time.monotonic() - KEPT_SECONDS
            self._dues = {key: at for key, at in self._dues.items() if at >= old}

    def close(self) -> None:
        """Does nothing: the object is shared."""
