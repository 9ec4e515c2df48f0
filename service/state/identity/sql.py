"""The key store in an SQL database, whichever it is."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from service.errors import KeyNotFound, PersonNotFound
from service.state.databases import Connection, Database
from service.state.identity.person import Adjustment, Person
from service.state.identity.principal import SCOPES
from service.state.identity.records import KEPT_ENDED, Ended, Key, SigningKey, StoreState, identity_of
from service.state.identity.secret import digest as digest_of, new_secret

_COLUMNS = (
    "id, name, digest, scope, collections, groups, origins, rate, created, expires, revoked, last_used, "
    "open_links"
)
_PERSON_COLUMNS = "key, issuer, subject, name, scope, groups, first_seen, last_seen, added, withdrawn"
_IDENTITY = "identity"
"""The purpose of the secret of which the id of the store is made."""
SEAL = "keys"
"""The purpose under which the fingerprints of all keys are that were made."""
_FINGERPRINT = 8
_SELECT = f"SELECT {_COLUMNS} FROM keys"


class KeyStore(ABC):
    """Records keys and people, in a database that has its tables. Safe to use from threads and processes.

    A change is durable when its method returns. All methods may raise :class:`index.errors.CollectionBusy`
    (try again later) and :class:`index.errors.StoreDamaged`.
    """

    is_announced: bool
    """True if :meth:`attending` tells of changes, so that it is enough to look now and then."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, key: Key) -> None:
        """Record a key, whose id no other key has."""
        with self.database.write() as connection:
            connection.execute(
                f"INSERT INTO keys ({_COLUMNS}) VALUES ({', '.join('?' * 13)})",
                (
                    key.id,
                    key.name,
                    key.digest,
                    key.scope.word,
                    _to_json(key.collections),
                    _to_json(key.groups),
                    _to_json(key.origins),
                    key.rate,
                    key.created,
                    key.expires,
                    key.revoked,
                    key.last_used,
                    int(key.open_links),
                ),
            )
            _seal(connection)
            self._count_change(connection)

    def all(self) -> list[Key]:
        """All keys, revoked ones included, oldest first."""
        with self.database.read() as connection:
            return [_key_of_row(row) for row in connection.execute(f"{_SELECT} ORDER BY number").fetchall()]

    def revoke(self, key_id: str, moment: float) -> Key:
        """Revoke a key from a moment on; a revoked one keeps its moment. Raises :class:`KeyNotFound`."""
        with self.database.write() as connection:
            changed = connection.execute(
                "UPDATE keys SET revoked = ? WHERE id = ? AND revoked IS NULL", (moment, key_id)
            )
            if changed.rowcount:
                self._count_change(connection)
            row = connection.execute(f"{_SELECT} WHERE id = ?", (key_id,)).fetchone()
        if row is None:
            raise KeyNotFound(f"There is no key {key_id!r}.")
        return _key_of_row(row)

    def note_use(self, used: Mapping[str, float]) -> None:
        """Record when keys (by id) were last used; an earlier time than the recorded one has no effect."""
        with self.database.write() as connection:
            connection.executemany(
                "UPDATE keys SET last_used = ? WHERE id = ? AND COALESCE(last_used, 0) < ?",
                [(moment, key_id, moment) for key_id, moment in sorted(used.items())],
            )

    def end_session(self, session: str, until: float, now: float, *, most: int = KEPT_ENDED) -> None:
        """Record that a session is ended, and forget those that would have ended by themselves.

        The ``most`` that last longest are kept: where the clock is wrong, they may not have ended.
        """
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO ended_sessions VALUES (?, ?) ON CONFLICT DO NOTHING", (session, until)
            )
            connection.execute(
                "DELETE FROM ended_sessions WHERE until <= ? AND session NOT IN"
                " (SELECT session FROM ended_sessions ORDER BY until DESC LIMIT ?)",
                (now, most),
            )
            self._count_change(connection)

    def end_sessions(self, key_id: str) -> None:
        """Record that all sessions of a key that have begun are ended."""
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO session_rounds VALUES (?, 1)"
                " ON CONFLICT (key) DO UPDATE SET number = session_rounds.number + 1",
                (key_id,),
            )
            self._count_change(connection)

    def ended(self) -> Ended:
        """The sessions that are ended."""
        with self.database.read() as connection:
            sessions = connection.execute("SELECT session FROM ended_sessions").fetchall()
            rounds = connection.execute("SELECT key, number FROM session_rounds").fetchall()
        return Ended(frozenset(session for (session,) in sessions), dict(rounds))

    def generation(self) -> int:
        """A number that grows with each change of keys or groups and each end of sessions, in any process.

        Cheap.
        """
        with self.database.read() as connection:
            (number,) = connection.execute("SELECT number FROM generation").fetchone()
            return int(number)

    def state(self) -> StoreState:
        """Describe which store it is now. Raises :class:`service.errors.KeysLost`. Cheap."""
        self._require_same()
        with self.database.read() as connection:
            return read_state(connection)

    def identify(self) -> str:
        """Its id, made at the first call: another store has another one."""
        identity = identity_of(self.secret(_IDENTITY))
        with self.database.read() as connection:
            is_sealed = _sealed(connection) is not None
        if not is_sealed:
            with self.database.write() as connection:
                _seal(connection)
        return identity

    def seal_anew(self) -> None:
        """Take the keys that there are for all that were ever made."""
        with self.database.write() as connection:
            connection.execute("DELETE FROM secrets WHERE purpose = ?", (SEAL,))
            _seal(connection)

    def secret(self, purpose: str) -> bytes:
        """A secret of 32 bytes for signing, made at the first call; the same in every process."""
        with self.database.read() as connection:
            known = connection.execute("SELECT secret FROM secrets WHERE purpose = ?", (purpose,)).fetchone()
        if known is not None:
            return bytes(known[0])
        with self.database.write() as connection:
            connection.execute(
                "INSERT INTO secrets VALUES (?, ?) ON CONFLICT DO NOTHING", (purpose, new_secret())
            )
            (secret,) = connection.execute(
                "SELECT secret FROM secrets WHERE purpose = ?", (purpose,)
            ).fetchone()
            return bytes(secret)

    def renew_secret(self, purpose: str) -> None:
        """Forget a secret: the next call of :meth:`secret` makes another."""
        with self.database.write() as connection:
            connection.execute("DELETE FROM secrets WHERE purpose = ?", (purpose,))

    def signing_keys(self) -> list[SigningKey]:
        """The keys that sign evidence, oldest first: the last one is in use."""
        with self.database.read() as connection:
            return _signing_keys(connection)

    def add_signing_key(self, key: SigningKey, *, after: str) -> None:
        """Record a key in the place of the one in use, ``after`` (an id, empty for none).

        Nothing happens if another one is in use by now: of several processes one makes the next key.
        """
        with self.database.write() as connection:
            # Changes nothing, and lets one transaction after the other go on from here.
            connection.execute("UPDATE generation SET number = number")
            known = _signing_keys(connection)
            if (known[-1].id if known else "") == after:
                connection.execute(
                    "INSERT INTO signing_keys (id, seed, created) VALUES (?, ?, ?)",
                    (key.id, key.seed, key.created),
                )

    def note_people(self, people: Iterable[Person]) -> None:
        """Record people who were seen; what is known of them from later, and by administrators, stays."""
        rows = [
            (
                one.key,
                one.issuer,
                one.subject,
                one.name,
                one.scope.word,
                _to_json(one.groups),
                one.first_seen,
                one.last_seen,
                _to_json(one.adjustment.added),
                _to_json(one.adjustment.withdrawn),
            )
            for one in sorted(people, key=lambda one: one.key)
        ]
        with self.database.write() as connection:
            connection.executemany(
                f"INSERT INTO people ({_PERSON_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET name = excluded.name, scope = excluded.scope,"
                " groups = excluded.groups, last_seen = excluded.last_seen"
                " WHERE people.last_seen <= excluded.last_seen",
                rows,
            )

    def people(self) -> list[Person]:
        """All people who were seen, in no order that means anything."""
        with self.database.read() as connection:
            rows = connection.execute(f"SELECT {_PERSON_COLUMNS} FROM people ORDER BY key").fetchall()
        return [_person_of_row(row) for row in rows]

    def adjust(self, key: str, adjustment: Adjustment) -> Person:
        """Record what administrators change of a person's groups. Raises :class:`PersonNotFound`."""
        with self.database.write() as connection:
            connection.execute(
                "UPDATE people SET added = ?, withdrawn = ? WHERE key = ?",
                (_to_json(adjustment.added), _to_json(adjustment.withdrawn), key),
            )
            row = connection.execute(f"SELECT {_PERSON_COLUMNS} FROM people WHERE key = ?", (key,)).fetchone()
            if row is None:
                raise PersonNotFound("There is no such person.")
            self._count_change(connection)
        return _person_of_row(row)

    def adjustments(self) -> Mapping[str, Adjustment]:
        """The changes of administrators, by the people's ids; without those of whom nothing is changed."""
        with self.database.read() as connection:
            rows = connection.execute(
                "SELECT key, added, withdrawn FROM people WHERE added <> '[]' OR withdrawn <> '[]'"
            ).fetchall()
        return {key: Adjustment(_names(added), _names(withdrawn)) for key, added, withdrawn in rows}

    def forget_person(self, key: str) -> None:
        """Forget a person, with what administrators changed. Raises :class:`PersonNotFound`."""
        with self.database.write() as connection:
            if not connection.execute("DELETE FROM people WHERE key = ?", (key,)).rowcount:
                raise PersonNotFound("There is no such person.")
            self._count_change(connection)

    def close(self) -> None:
        self.database.close()

    @abstractmethod
    def attending(self, woken: Callable[[], object]) -> AbstractContextManager[None]:
        """Call ``woken`` in another thread when the generation has grown, until the ``with`` block ends.

        Only where the store can tell, and calls may be lost: look from time to time, too.
        """

    @abstractmethod
    def _require_same(self) -> None:
        """Raise :class:`service.errors.KeysLost` if the database is gone, or another is in its place."""

    @abstractmethod
    def _announce(self, connection: Connection) -> None:
        """Tell other processes that the generation has grown, when the transaction commits."""

    def _count_change(self, connection: Connection) -> None:
        connection.execute("UPDATE generation SET number = number + 1")
        self._announce(connection)


def read_state(connection: Connection) -> StoreState:
    """Read the state of a store, in a transaction."""
    number, count, secret = connection.execute(
        "SELECT (SELECT MAX(number) FROM generation), (SELECT COUNT(*) FROM keys),"
        " (SELECT secret FROM secrets WHERE purpose = ?)",
        (_IDENTITY,),
    ).fetchone()
    return StoreState(identity_of(secret and _blob(secret)), int(count), int(number or 0))


def count_gone(connection: Connection) -> int:
    """Count the keys that were made and are not there, or not as they were: no program deletes one.

    A file into which another was copied while it was open can have the secrets of one and the keys of the
    other.
    """
    return len((_sealed(connection) or set()) - _fingerprints(connection))


def _signing_keys(connection: Connection) -> list[SigningKey]:
    rows = connection.execute("SELECT id, seed, created FROM signing_keys ORDER BY number").fetchall()
    return [SigningKey(id_, _blob(seed), created) for id_, seed, created in rows]


def _seal(connection: Connection) -> None:
    """Note the keys that there are, where the secrets are."""
    sealed = (_sealed(connection) or set()) | _fingerprints(connection)
    connection.execute(
        "INSERT INTO secrets VALUES (?, ?) ON CONFLICT (purpose) DO UPDATE SET secret = excluded.secret",
        (SEAL, b"".join(sorted(sealed))),
    )


def _sealed(connection: Connection) -> set[bytes] | None:
    row = connection.execute("SELECT secret FROM secrets WHERE purpose = ?", (SEAL,)).fetchone()
    if row is None:
        return None
    whole = _blob(row[0])
    return {whole[at : at + _FINGERPRINT] for at in range(0, len(whole), _FINGERPRINT)}


def _fingerprints(connection: Connection) -> set[bytes]:
    rows = connection.execute("SELECT id, digest FROM keys").fetchall()
    return {digest_of(str(id_).encode() + _blob(digest))[:_FINGERPRINT] for id_, digest in rows}


def _blob(value: Any) -> bytes:
    """The bytes of a column. Raises TypeError for a value of another type, as a damaged file may have."""
    return memoryview(value).tobytes()


def _to_json(values: Collection[str] | None) -> str | None:
    if values is None:
        return None
    return json.dumps(list(values) if isinstance(values, tuple) else sorted(values))


def _parse_set(listed: str | None) -> frozenset[str] | None:
    return None if listed is None else _names(listed)


def _names(listed: str) -> frozenset[str]:
    return frozenset(json.loads(listed))


def _key_of_row(row: tuple[Any, ...]) -> Key:
    id_, name, digest, scope, collections, groups, origins, rate, *times, open_links = row
    created, expires, revoked, last_used = times
    return Key(
        id_,
        name,
        digest,
        SCOPES[scope],
        _parse_set(collections),
        _parse_set(groups),
        tuple(json.loads(origins)),
        rate,
        created,
        expires,
        revoked,
        last_used,
        bool(open_links),
    )


def _person_of_row(row: tuple[Any, ...]) -> Person:
    key, issuer, subject, name, scope, groups, first_seen, last_seen, added, withdrawn = row
    return Person(
        key,
        issuer,
        subject,
        name,
        SCOPES[scope],
        _parse_set(groups),
        first_seen,
        last_seen,
        Adjustment(_names(added), _names(withdrawn)),
    )
