"""The stores in memory, for tests; also the shortest statement of what the Protocols require."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.errors import KeyNotFound
from service.state.databases.announcing import Unannounced
from service.state.identity.protocols import KEPT_SECONDS
from service.state.identity.records import Key
from service.state.identity.secret import new_secret
from service.state.limits.counting import Due, Spent


class MemoryKeyStore(Unannounced):
    """Implements :class:`service.state.identity.protocols.KeyStore` for one process."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._secrets: dict[str, bytes] = {}
        self._generation = 0
        self._lock = threading.Lock()

    def add(self, key: Key) -> None:
        with self._lock:
            self._keys[key.id] = key
            self._generation += 1

    def all(self) -> list[Key]:
        with self._lock:
            return list(self._keys.values())

    def revoke(self, key_id: str, moment: float) -> Key:
        with self._lock:
            if key_id not in self._keys:
                raise KeyNotFound(f"There is no key {key_id!r}.")
            key = self._keys[key_id]
            if key.revoked is None:
                key = self._keys[key_id] = replace(key, revoked=moment)
                self._generation += 1
            return key

    def note_use(self, used: Mapping[str, float]) -> None:
        with self._lock:
            for key_id, moment in used.items():
                if (key := self._keys.get(key_id)) is not None:
                    self._keys[key_id] = replace(key, last_used=max(moment, key.last_used or 0.0))

    def generation(self) -> int:
        with self._lock:
            return self._generation

    def secret(self, purpose: str) -> bytes:
        with self._lock:
            return self._secrets.setdefault(purpose, new_secret())

    def close(self) -> None:
        """Does nothing: the keys are needed by whoever shares the object."""


class MemoryLimitStore:
    """Implements :class:`service.state.identity.protocols.LimitStore` for one process."""

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
