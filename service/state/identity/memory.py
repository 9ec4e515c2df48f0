"""The store of keys in memory, for tests; also the shortest statement of what its Protocol requires."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace

from service.errors import KeyNotFound, PersonNotFound
from service.state.databases.announcing import Unannounced
from service.state.identity.person import Adjustment, Person, seen_again
from service.state.identity.records import KEPT_ENDED, Ended, Key, SigningKey, StoreState, identity_of
from service.state.identity.secret import new_secret


class MemoryKeyStore(Unannounced):
    """Implements :class:`service.state.identity.protocols.KeyStore` for one process."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}
        self._secrets: dict[str, bytes] = {}
        self._signing: list[SigningKey] = []
        self._ended: dict[str, float] = {}
        self._rounds: dict[str, int] = {}
        self._people: dict[str, Person] = {}
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

    def end_session(self, session: str, until: float, now: float, *, most: int = KEPT_ENDED) -> None:
        with self._lock:
            ended = sorted((self._ended | {session: until}).items(), key=lambda one: -one[1])
            self._ended = {one: time for at, (one, time) in enumerate(ended) if at < most or time > now}
            self._generation += 1

    def end_sessions(self, key_id: str) -> None:
        with self._lock:
            self._rounds[key_id] = self._rounds.get(key_id, 0) + 1
            self._generation += 1

    def ended(self) -> Ended:
        with self._lock:
            return Ended(frozenset(self._ended), dict(self._rounds))

    def note_people(self, people: Iterable[Person]) -> None:
        with self._lock:
            for one in people:
                known = self._people.get(one.key)
                if known is None or known.last_seen <= one.last_seen:
                    self._people[one.key] = seen_again(known, one)

    def people(self) -> list[Person]:
        with self._lock:
            return list(self._people.values())

    def adjust(self, key: str, adjustment: Adjustment) -> Person:
        with self._lock:
            person = self._people[key] = replace(self._person(key), adjustment=adjustment)
            self._generation += 1
            return person

    def adjustments(self) -> Mapping[str, Adjustment]:
        with self._lock:
            return {one.key: one.adjustment for one in self._people.values() if one.adjustment}

    def forget_person(self, key: str) -> None:
        with self._lock:
            del self._people[self._person(key).key]
            self._generation += 1

    def _person(self, key: str) -> Person:
        if key not in self._people:
            raise PersonNotFound("There is no such person.")
        return self._people[key]

    def generation(self) -> int:
        with self._lock:
            return self._generation

    def state(self) -> StoreState:
        with self._lock:
            return StoreState(identity_of(self._secrets.get("identity")), len(self._keys), self._generation)

    def identify(self) -> str:
        return identity_of(self.secret("identity"))

    def secret(self, purpose: str) -> bytes:
        with self._lock:
            return self._secrets.setdefault(purpose, new_secret())

    def renew_secret(self, purpose: str) -> None:
        with self._lock:
            self._secrets.pop(purpose, None)

    def signing_keys(self) -> list[SigningKey]:
        with self._lock:
            return list(self._signing)

    def add_signing_key(self, key: SigningKey, *, after: str) -> None:
        with self._lock:
            if (self._signing[-1].id if self._signing else "") == after:
                self._signing.append(key)

    def close(self) -> None:
        """Does nothing: the keys are needed by whoever shares the object."""
