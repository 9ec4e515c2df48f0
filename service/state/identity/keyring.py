"""The keys of one process, in memory: a request looks a key up without waiting for the store."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from datetime import UTC, datetime

from index.errors import LoccitError
from service.errors import Unauthorized
from service.state.identity.principal import Principal, Scope
from service.state.identity.protocols import KeyStore
from service.state.identity.records import Ended, Key
from service.state.identity.secret import digest, id_of, is_same

log = logging.getLogger("loccit.service")

_POLL_SECONDS = 0.5
_RARE_POLL_SECONDS = 5.0
"""Interval where the store tells of changes: for what it told while the connection was broken."""
_NOTE_SECONDS = 60.0
SETTING = "setting"
"""Id of the key of the settings; a made key has another form of id."""


class Keyring:
    """Finds who has a key. Its own changes take effect with the next request of this process.

    A thread notices within a second what other processes changed, in five if the store's word of it is lost,
    and records at most once a minute when keys
    were used. ``api_key`` is an admin key beside those of the store, or empty.
    """

    def __init__(self, store: KeyStore, *, api_key: str = "", clock: Callable[[], float] = time.time) -> None:
        self.store = store
        self._clock = clock
        self._setting = digest(api_key.encode()) if api_key else b""
        self._keys: Mapping[str, tuple[Key, Principal]] = {}
        self._ended = Ended()
        self._generation = -1
        self._used: dict[str, float] = {}
        self._noted = clock()
        self._refreshing = threading.Lock()
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._attending = ExitStack()
        self._thread = threading.Thread(target=self._follow_changes, name="loccit-keys", daemon=True)
        self.refresh()

    @property
    def required(self) -> bool:
        """Whether requests need a key: there is one, or was one that is revoked or has expired."""
        return bool(self._setting or self._keys)

    def start(self) -> None:
        """Start the thread."""
        self._attending.enter_context(self.store.attending(self._wake.set))
        self._thread.start()

    def close(self) -> None:
        """Stop the thread, record when keys were used, and close the store."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._attending.close()
        with suppress(LoccitError):  # a minute of use is not recorded
            self._note_use()
        self.store.close()

    def principal(self, token: bytes, *, guessable: Callable[[], bool] = lambda: True) -> Principal:
        """The holder of a key. Raises :class:`service.errors.Unauthorized`.

        Unless ``guessable`` says so, the key of the settings, which people may have chosen, is not compared.
        """
        given = digest(token)
        if self._setting and guessable() and is_same(given, self._setting):
            return _SETTING_KEY
        key, principal = self._keys.get(id_of(token), _NO_KEY)
        # The digests of all attempts are compared in constant time, those with an unknown id too.
        if not is_same(given, key.digest):
            raise Unauthorized("This key is not known.")
        self._require_valid(key)
        self._used[key.id] = self._clock()
        return principal

    def holder(self, key_id: str) -> Principal:
        """The holder of the key with an id. Raises :class:`service.errors.Unauthorized`."""
        if key_id == SETTING and self._setting:
            return _SETTING_KEY
        if key_id not in self._keys:
            raise Unauthorized("This key is not known.")
        key, principal = self._keys[key_id]
        self._require_valid(key)
        self._used[key.id] = self._clock()
        return principal

    def stamp(self, key_id: str) -> bytes:
        """The secret that signs the sessions of the key with this id, which changes when all of them end."""
        key = self._keys.get(key_id)
        stamp = self._setting if key_id == SETTING else key[0].stamp if key else b""
        return b"%b.%d" % (stamp, self._ended.rounds.get(key_id, 0))

    def is_ended(self, session: str) -> bool:
        """Whether the session with an id was ended."""
        return session in self._ended.sessions

    def end_session(self, session: str, until: float) -> None:
        """End a session that would end at a time, from now on."""
        self.store.end_session(session, until, self._clock())
        self.refresh()

    def end_sessions(self, key_id: str) -> None:
        """End all sessions of a key, from now on."""
        self.store.end_sessions(key_id)
        self.refresh()

    def add(self, key: Key) -> None:
        """Record a key."""
        self.store.add(key)
        self.refresh()

    def revoke(self, key_id: str) -> Key:
        """Revoke a key, from now on. Raises :class:`service.errors.KeyNotFound`."""
        key = self.store.revoke(key_id, self._clock())
        self.refresh()
        return key

    def look(self) -> None:
        """See what other processes changed, where that needs no server and nothing tells of it."""
        if not self.store.is_announced:
            with suppress(LoccitError):  # the thread warns, and what is known counts
                self.refresh()

    def refresh(self) -> None:
        """See what other processes changed."""
        with self._refreshing:
            generation = self.store.generation()
            if generation != self._generation:
                self._keys = {key.id: (key, key.principal()) for key in self.store.all()}
                self._ended = self.store.ended()
                self._generation = generation

    def _require_valid(self, key: Key) -> None:
        if key.revoked is not None:
            raise Unauthorized(f"The key {key.id} was revoked. Ask for another.")
        if key.expires is not None and key.expires <= self._clock():
            day = datetime.fromtimestamp(key.expires, UTC).isoformat(" ", "minutes")
            raise Unauthorized(f"The key {key.id} expired at {day}. Ask for another.")

    def _follow_changes(self) -> None:
        seconds = _RARE_POLL_SECONDS if self.store.is_announced else _POLL_SECONDS
        while not self._stopped.is_set():
            self._wake.wait(seconds)
            self._wake.clear()
            try:
                self.refresh()
                if self._clock() >= self._noted + _NOTE_SECONDS:
                    self._note_use()
            except LoccitError as error:
                log.warning("The keys could not be read or written: %s", error.message)

    def _note_use(self) -> None:
        self._noted = self._clock()
        used, self._used = self._used, {}
        if used:
            self.store.note_use(used)


_SETTING_KEY = Principal(SETTING, "LOCCIT_API_KEY", Scope.ADMIN)
_NO_KEY = (Key("", "", bytes(32), Scope.NONE), Principal("", "", Scope.NONE))
