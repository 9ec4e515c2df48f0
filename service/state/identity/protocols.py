"""The seam of keys: the stores that record them. Every one passes ``tests/contracts/test_key_store.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from service.state.identity.records import Key


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

    @property
    def is_announced(self) -> bool:
        """Whether :meth:`attending` tells of changes, so that it is enough to look now and then."""

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Call ``woken`` in another thread when the generation has grown, until the ``with`` block ends.

        Only where the store can tell, and calls may be lost: look from time to time, too.
        """

    def secret(self, purpose: str) -> bytes:
        """A secret of 32 bytes for signing, made at the first call; the same in every process."""

    def close(self) -> None: ...
