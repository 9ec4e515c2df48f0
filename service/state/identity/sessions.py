"""Sessions of browsers: a signed cookie that stands for a key, or for a person whom a provider signed in.

A session is stored when it is ended, not when it begins. It ends with its time, by a sign-out, with its key,
and when the rights of its key change; that of a person when the provider ends it, and when the settings of
the provider change.
"""

import hmac
import time
from collections.abc import Callable
from dataclasses import replace

from service.errors import Unauthorized
from service.settings.sign_in import Provider
from service.state.identity.keyring import Keyring
from service.state.identity.people import People, id_of
from service.state.identity.principal import Principal
from service.state.identity.secret import new_session_id

COOKIE = "loccit_session"
HOURS = 12
"""Hours after which a browser has to sign in again: a working day."""
_LONGEST_COOKIE = 3800
"""Browsers keep cookies of 4,096 bytes, their name and attributes included."""
_DIGITS = 18
"""Most digits of a time. Of thousands, which a stranger may send, no number is made."""


class Sessions:
    """Makes and checks the cookies of sessions that last so many seconds."""

    def __init__(
        self,
        keyring: Keyring,
        secret: bytes,
        *,
        seconds: float = 3600 * HOURS,
        people: People | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keyring = keyring
        self._secret = secret
        self.seconds = int(seconds)
        self._people = people or People()
        self._clock = clock

    def begin(self, principal: Principal) -> str:
        """The cookie of a new session of a key's holder."""
        return self._begin(principal.key, self.seconds)

    def begin_of(self, caller: Principal, provider: Provider, sid: str) -> str:
        """The cookie of a new session of a person; ``sid`` is the session at the provider, if it has an id.

        Raises :class:`service.errors.Unauthorized` for one that is longer than browsers keep.
        """
        cookie = self._begin(self._people.write(caller, provider, sid), int(60 * provider.session_minutes))
        if len(cookie) > _LONGEST_COOKIE:
            raise Unauthorized("You have more groups than a session can hold. Ask the people who run this.")
        return cookie

    def holder(self, cookie: str) -> Principal:
        """The holder of a session; a person with the rights of the rules, before administrators' changes.

        Raises :class:`service.errors.Unauthorized`.
        """
        self._keyring.look()
        holder, _, _ = self._parse_valid(cookie)
        person = self._people.read(holder)
        return replace(person[0] if person else self._keyring.holder(holder), session=cookie)

    def principal(self, cookie: str) -> Principal:
        """The holder of a session, with administrators' changes.

        Raises :class:`service.errors.Unauthorized`.
        """
        found = self.holder(cookie)
        return self._keyring.adjusted(found) if found.issuer else found

    def provider_of(self, cookie: str) -> Provider | None:
        """The provider of a person's session that nobody has ended; None for a key's, or for none."""
        try:
            person = self._people.read(self._parse_valid(cookie, even_late=True)[0])
        except Unauthorized:
            return None
        return person[2] if person else None

    def end(self, cookie: str) -> None:
        """End a session in all processes; one that has ended stays so."""
        try:
            _, expires, session = self._parse_valid(cookie)
        except Unauthorized:
            return
        self._keyring.end_session(session, float(expires))

    def end_all(self, cookie: str) -> None:
        """End all sessions of the key or person of a session that has not ended, in all processes."""
        try:
            holder, _, _ = self._parse_valid(cookie)
        except Unauthorized:
            return
        person = self._people.read(holder)
        self._keyring.end_sessions(person[0].key if person else holder)

    def end_of_provider(self, provider: Provider, sid: str) -> None:
        """End the sessions that came from a session at a provider, in all processes."""
        until = self._clock() + 60 * provider.session_minutes
        self._keyring.end_session(id_of("session", provider.issuer, sid), until)

    def end_of_person(self, key: str) -> None:
        """End all sessions of a person, by the id in place of that of a key, in all processes."""
        self._keyring.end_sessions(key)

    def use_once(self, *name: str, seconds: float) -> bool:
        """Use a name; False if any process has used it within so many seconds."""
        self._keyring.look()
        used = id_of("once", *name)
        if self._keyring.is_ended(used):
            return False
        self._keyring.end_session(used, self._clock() + seconds)
        return True

    def _begin(self, holder: str, seconds: int) -> str:
        self._keyring.look()
        expires, session = str(int(self._clock()) + seconds), new_session_id()
        return f"{holder}.{expires}.{session}.{self._signature(holder, expires, session)}"

    def _parse_valid(self, cookie: str, *, even_late: bool = False) -> tuple[str, str, str]:
        """Name of the holder, the time and the id of a session that has not ended."""
        holder, expires, session, signature = (*cookie.split(".", 3), "", "", "")[:4]
        has_time = len(expires) <= _DIGITS and expires.isdecimal()
        if not has_time or not (even_late or int(expires) > self._clock()):
            raise Unauthorized("The session has ended. Sign in again.")
        if not hmac.compare_digest(self._signature(holder, expires, session).encode(), signature.encode()):
            raise Unauthorized("The session is not known, or was ended. Sign in again.")
        if self._keyring.is_ended(session) or self._is_ended_by_provider(holder):
            raise Unauthorized("The session was ended. Sign in again.")
        return holder, expires, session

    def _is_ended_by_provider(self, holder: str) -> bool:
        person = self._people.read(holder)
        if person is None or not person[1]:
            return False
        return self._keyring.is_ended(id_of("session", person[2].issuer, person[1]))

    def _signature(self, *parts: str) -> str:
        # With what the holder is and may do, so that a session does not outlive a change of it.
        message = ".".join(parts).encode("utf-8", "replace") + b"." + self._stamp(parts[0])
        return hmac.new(self._secret, message, "sha256").hexdigest()

    def _stamp(self, holder: str) -> bytes:
        person = self._people.read(holder)
        if person is None:
            return self._keyring.stamp(holder)
        caller, _, provider = person
        return provider.stamp + self._keyring.stamp(caller.key)
