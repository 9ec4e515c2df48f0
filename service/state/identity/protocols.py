"""The seam of keys: the stores that record them. Every one passes ``tests/contracts/test_key_store.py``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from service.state.identity.person import Adjustment, Person
from service.state.identity.records import KEPT_ENDED, Ended, Key, SigningKey, StoreState


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

    def end_session(self, session: str, until: float, now: float, *, most: int = KEPT_ENDED) -> None:
        """Record that a session is ended, and forget those that would have ended by themselves.

        The ``most`` that last longest are kept: where the clock is wrong, they may not have ended.
        """

    def end_sessions(self, key_id: str) -> None:
        """Record that all sessions of a key that have begun are ended."""

    def ended(self) -> Ended:
        """The sessions that are ended."""

    def note_people(self, people: Iterable[Person]) -> None:
        """Record people who were seen; what is known of them from later, and by administrators, stays."""

    def people(self) -> list[Person]:
        """All people who were seen, in no order that means anything."""

    def adjust(self, key: str, adjustment: Adjustment) -> Person:
        """Record what administrators change of a person's groups. Raises :class:`PersonNotFound`."""

    def adjustments(self) -> Mapping[str, Adjustment]:
        """What administrators changed, by the people's ids; without those of whom nothing is changed."""

    def forget_person(self, key: str) -> None:
        """Forget a person, with what administrators changed. Raises :class:`PersonNotFound`."""

    def generation(self) -> int:
        """A number that grows with each change of keys or groups and each end of sessions, in any process.

        Cheap.
        """

    def state(self) -> StoreState:
        """Describe which store it is now. Raises :class:`service.errors.KeysLost`. Cheap."""

    def identify(self) -> str:
        """Its id, made at the first call: another store has another one."""

    @property
    def is_announced(self) -> bool:
        """Whether :meth:`attending` tells of changes, so that it is enough to look now and then."""

    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Call ``woken`` in another thread when the generation has grown, until the ``with`` block ends.

        Only where the store can tell, and calls may be lost: look from time to time, too.
        """

    def secret(self, purpose: str) -> bytes:
        """A secret of 32 bytes for signing, made at the first call; the same in every process."""

    def renew_secret(self, purpose: str) -> None:
        """Forget a secret: the next call of :meth:`secret` makes another."""

    def signing_keys(self) -> list[SigningKey]:
        """The keys that sign evidence, oldest first: the last one is in use."""

    def add_signing_key(self, key: SigningKey, *, after: str) -> None:
        """Record a key in the place of the one in use, ``after`` (an id, empty for none).

        Nothing happens if another one is in use by now: of several processes one makes the next key.
        """

    def close(self) -> None: ...
