"""The keys of one process, in memory: a request looks a key up without waiting for the store."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from index.errors import Damaged, LoccitError
from service.background import BackgroundThread
from service.errors import KeysLost, Unauthorized
from service.state.identity.person import Adjustment, Person, person_of, seen_again
from service.state.identity.principal import Principal, Scope
from service.state.identity.records import Ended, Key, StoreState
from service.state.identity.secret import digest, id_of, is_same
from service.state.identity.sql import KeyStore
from service.state.inventory import CLOSED_BY_SETTINGS

log = logging.getLogger("loccit.service")

_POLL_SECONDS = 0.5
_RARE_POLL_SECONDS = 5.0
"""Interval where the store tells of changes: for what it told while the connection was broken."""
_NOTE_SECONDS = 60.0
SETTING = "setting"
"""Id of the key of the settings; a made key has another form of id."""


@dataclass(slots=True)
class Marking:
    """Gives the data another access mark when there are first keys. ``mark`` is the one that it has."""

    mark: str
    store: Callable[[str], object]

    def follow(self, mark: str) -> None:
        """Store a mark that is another. Nothing here takes the mark of keys away."""
        if mark not in ("", self.mark) and (mark != CLOSED_BY_SETTINGS or not self.mark):
            self.store(mark)
            self.mark = mark


class Keyring(BackgroundThread):
    """Finds who has a key. Its own changes take effect with the next request of this process.

    A thread notices within a second what other processes changed, in five if the store's word of it is lost,
    and records at most once a minute when keys were used, but a first use at once, and which people came.
    ``api_key`` is an admin key beside those of the store, or empty; ``closed_by_settings`` says that the
    settings ask for a key or for single sign-on. ``marking`` gives the data its access mark. A store that is
    lost while it is open opens nothing: see :attr:`loss`.
    """

    thread_name = "loccit-keys"
    stop_seconds = None

    def __init__(
        self,
        store: KeyStore,
        *,
        api_key: str = "",
        closed_by_settings: bool = False,
        marking: Marking | None = None,
        on_revoked: Callable[[Key], object] = lambda _: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.store = store
        self.loss = ""
        """Why the store that was opened counts as lost; empty while it is whole."""
        self._identity = store.identify()
        self._closed_by_settings = closed_by_settings or bool(api_key)
        self._marking = marking or Marking("", lambda _: None)
        self._had_keys = self._has_lost_keys = False
        self._on_revoked = on_revoked
        self._clock = clock
        self._setting = digest(api_key.encode()) if api_key else b""
        self._keys: Mapping[str, tuple[Key, Principal]] = {}
        self._ended = Ended()
        self._state = StoreState()
        self._adjustments: Mapping[str, Adjustment] = {}
        self._used: dict[str, float] = {}
        self._known_used: set[str] = set()
        """Keys of which a use is recorded."""
        self._met: dict[str, Person] = {}
        self._noted = clock()
        self._refreshing = threading.Lock()
        self._attending = ExitStack()
        self.refresh()

    @property
    def required(self) -> bool:
        """True if requests need a key, because one exists or ever existed."""
        return bool(self._setting or self._had_keys)

    @property
    def mark(self) -> str:
        """The access mark of the data that these keys are for."""
        if self._had_keys:
            return self._identity
        return CLOSED_BY_SETTINGS if self._closed_by_settings else ""

    def start(self) -> None:
        """Start the thread."""
        self._attending.enter_context(self.store.attending(self._wake.set))
        super().start()

    def close(self) -> None:
        """Stop the thread, record when keys were used, and close the store."""
        self.stop()
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

    def meet(self, caller: Principal) -> Principal:
        """A caller whom a provider signed in, with the groups that administrators gave or took away.

        These are applied last, to what the rules give now: a check at the provider knows no gifts.
        """
        known = self._met.get(caller.key)
        self._met[caller.key] = seen_again(known, person_of(caller, self._clock()))
        return self.adjusted(caller)

    def adjusted(self, caller: Principal) -> Principal:
        """The same, of whom nothing is recorded."""
        groups = self._adjustments.get(caller.key, _UNCHANGED).apply(caller.groups)
        return replace(caller, groups=groups)

    def note_person(self, caller: Principal) -> None:
        """Record a caller whom a provider has just signed in."""
        self.store.note_people([person_of(caller, self._clock())])

    def people(self) -> list[Person]:
        """The people who came, those of the last minute included."""
        known = {one.key: one for one in self.store.people()}
        met = self._met.copy()
        return list((known | {key: seen_again(known.get(key), one) for key, one in met.items()}).values())

    def withdrawn(self, key: str) -> frozenset[str]:
        """The groups that administrators took away from a person."""
        return self._adjustments.get(key, _UNCHANGED).withdrawn

    def adjust(self, key: str, adjustment: Adjustment) -> Person:
        """Change a person's groups, from now on. Raises :class:`service.errors.PersonNotFound`."""
        self._note_people()  # the person may have come a moment ago
        person = self.store.adjust(key, adjustment)
        self.refresh()
        return person

    def forget_person(self, key: str) -> None:
        """End a person's sessions, and forget the person. Raises :class:`service.errors.PersonNotFound`."""
        self.end_sessions(key)  # first: who still comes would be noted again
        self._note_people()
        self.store.forget_person(key)
        self.refresh()

    def keys(self) -> list[Key]:
        """All keys, with the uses of this process that are not recorded yet."""
        used = self._used.copy()
        return [
            replace(key, last_used=max(key.last_used or 0.0, used[key.id])) if key.id in used else key
            for key in self.store.all()
        ]

    def add(self, key: Key) -> None:
        """Record a key."""
        self.store.add(key)
        self.refresh()

    def revoke(self, key_id: str) -> Key:
        """Revoke a key, from now on. Raises :class:`service.errors.KeyNotFound`."""
        key = self.store.revoke(key_id, self._clock())
        self.refresh()
        try:
            self._on_revoked(key)
        except LoccitError as error:
            log.warning("The next start of a service enters the revoked key %s: %s", key_id, error.message)
        return key

    def look(self) -> None:
        """See what other processes changed, where that needs no server and nothing tells of it."""
        if not self.store.is_announced:
            with suppress(LoccitError):  # the thread warns, and what is known counts
                self.refresh()

    def refresh(self) -> None:
        """See what other processes changed. Raises :class:`service.errors.KeysLost`."""
        with self._refreshing:
            state = self.store.state()
            if state.identity != self._identity:
                raise KeysLost(
                    "The store of keys was replaced by another one while the service runs. The keys that it "
                    "had read stay valid, and no others. Put its own back and start the service again."
                )
            if state != self._state:
                self._take_over({key.id: key for key in self.store.all()})
                self._ended = self.store.ended()
                self._adjustments = self.store.adjustments()
                self._state = state
            if self._has_lost_keys:
                raise KeysLost(
                    "Keys are gone from the store while the service runs, which deletes none. These are not "
                    "valid any more, and keys that it did not know before are not taken. Put the store back "
                    "and start the service again."
                )
            self._had_keys = self._had_keys or bool(self._keys)
            self._marking.follow(self.mark)
            self.loss = ""

    def _take_over(self, found: Mapping[str, Key]) -> None:
        """Use the keys that were found. Once some are gone, others may be in their place: none is added."""
        kept = self._keys.keys() & found.keys()
        self._has_lost_keys = self._has_lost_keys or len(kept) < len(self._keys)
        ids = kept if self._has_lost_keys else found
        self._keys = {id_: (found[id_], found[id_].principal()) for id_ in ids}

    def _require_valid(self, key: Key) -> None:
        if key.revoked is not None:
            raise Unauthorized(f"The key {key.id} was revoked. Ask for another.")
        if key.expires is not None and key.expires <= self._clock():
            day = datetime.fromtimestamp(key.expires, UTC).isoformat(" ", "minutes")
            raise Unauthorized(f"The key {key.id} expired at {day}. Ask for another.")

    def _run(self) -> None:
        seconds = _RARE_POLL_SECONDS if self.store.is_announced else _POLL_SECONDS
        while not self._stopped.is_set():
            self._wake.wait(seconds)
            self._wake.clear()
            try:
                self.refresh()
                if self._clock() >= self._noted + _NOTE_SECONDS or self._has_first_use():
                    self._note_use()
            except (KeysLost, Damaged) as error:
                self._tell_loss(error.message)
            except LoccitError as error:
                log.warning("The keys could not be read or written: %s", error.message)

    def _tell_loss(self, loss: str) -> None:
        if loss != self.loss:
            log.critical("The keys are lost: %s", loss)
        self.loss = loss

    def _has_first_use(self) -> bool:
        """True if a key was used of which no use is recorded: "never" would mislead whoever tries it out."""
        return any(
            id_ not in self._known_used and id_ in self._keys and self._keys[id_][0].last_used is None
            for id_ in self._used.copy()
        )

    def _note_use(self) -> None:
        self._noted = self._clock()
        used, self._used = self._used, {}
        if used:
            self.store.note_use(used)
            self._known_used.update(used)
        self._note_people()

    def _note_people(self) -> None:
        met, self._met = self._met, {}
        if met:
            self.store.note_people(met.values())


_SETTING_KEY = Principal(SETTING, "LOCCIT_API_KEY", Scope.ADMIN)
_UNCHANGED = Adjustment()
_NO_KEY = (Key("", "", bytes(32), Scope.NONE), Principal("", "", Scope.NONE))
