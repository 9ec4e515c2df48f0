"""The seams of keys and of limits: the stores that record them.

Every store of keys passes ``tests/contracts/test_key_store.py``, every one of limits
``tests/contracts/test_limit_store.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from service.state.identity.records import Key
from service.state.limits.counting import Due, Spent

KEPT_SECONDS = 60.0
"""How long a store of limits keeps a caller that has its whole burst again: what a process counted before
that, and exchanges now, is still added to it."""


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


class LimitStore(Protocol):
    """Keeps for each caller when it has its whole burst again, for all processes that count its requests.

    An object is used by one thread. All methods may raise :class:`index.errors.LoccitError`: then nothing is
    known of what they did. A store may lose everything.
    """

    def exchange(self, spent: Sequence[Spent]) -> Sequence[Due]:
        """Add what this process counted, and return what has changed since the last call, this included.

        The first call returns all that there is; a caller may be returned several times. What was spent
        moves the time of a caller by its cost, and at least to the time that this process knows.
        """

    def forget(self) -> None:
        """Remove callers that have had their whole burst for a minute, and the oldest of too many."""

    def close(self) -> None: ...
