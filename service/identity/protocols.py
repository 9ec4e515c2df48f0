"""The seam of keys: the store that records them. Every store passes ``tests/contracts/test_key_store.py``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from service.identity.records import Key


class KeyStore(Protocol):
    """Records keys. Safe to use from several threads and processes.

    A change is durable when its method returns. All methods may raise :class:`index.errors.CollectionBusy`
    (try again later) and :class:`index.errors.StoreDamaged`.
    """

    def add(self, key: Key) -> None:
        """Record a key, whose id no other key has."""

    def all(self) -> list[Key]:
        """All keys, revoked ones included, oldest first."""

    def revoke(self, key_id: str, moment: float) -> Key:
        """Revoke a key from a moment on; a revoked one keeps its moment. Raises :class:`KeyNotFound`."""

    def note_use(self, used: Mapping[str, float]) -> None:
        """Record when keys (by id) were last used; an earlier time than the recorded one has no effect."""

    def generation(self) -> int:
        """A number that grows with each :meth:`add` and :meth:`revoke`, in any process. Cheap."""

    def secret(self, purpose: str) -> bytes:
        """A secret of 32 bytes for signing, made at the first call; the same in every process."""

    def close(self) -> None: ...
