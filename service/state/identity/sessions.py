"""Sessions of browsers: a signed cookie that stands for a key, so that a form can sign people in.

A session is stored when it is ended, not when it begins. It ends with its time, by a sign-out, with its key,
and when the rights of its key change.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import replace

from service.errors import Unauthorized
from service.state.identity.keyring import Keyring
from service.state.identity.principal import Principal
from service.state.identity.secret import new_session_id

COOKIE = "loccit_session"
HOURS = 12
"""Hours after which a browser has to sign in again: a working day."""
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
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keyring = keyring
        self._secret = secret
        self.seconds = int(seconds)
        self._clock = clock

    def begin(self, principal: Principal) -> str:
        """The cookie of a new session of a key's holder."""
        self._keyring.look()
        expires, session = str(int(self._clock()) + self.seconds), new_session_id()
        return f"{principal.key}.{expires}.{session}.{self._signature(principal.key, expires, session)}"

    def principal(self, cookie: str) -> Principal:
        """The holder of a session. Raises :class:`service.errors.Unauthorized`."""
        self._keyring.look()
        key_id, _, _ = self._parse_valid(cookie)
        return replace(self._keyring.holder(key_id), session=cookie)

    def end(self, cookie: str) -> None:
        """End a session in all processes; one that has ended stays so."""
        try:
            _, expires, session = self._parse_valid(cookie)
        except Unauthorized:
            return
        self._keyring.end_session(session, float(expires))

    def end_all(self, cookie: str) -> None:
        """End all sessions of the key of a session that has not ended, in all processes."""
        try:
            key_id, _, _ = self._parse_valid(cookie)
        except Unauthorized:
            return
        self._keyring.end_sessions(key_id)

    def _parse_valid(self, cookie: str) -> tuple[str, str, str]:
        """The id of the key, the time and the id of a session that has not ended."""
        key_id, expires, session, signature = (*cookie.split(".", 3), "", "", "")[:4]
        if len(expires) > _DIGITS or not expires.isdecimal() or int(expires) <= self._clock():
            raise Unauthorized("The session has ended. Sign in again.")
        if not hmac.compare_digest(self._signature(key_id, expires, session).encode(), signature.encode()):
            raise Unauthorized("The session is not known, or was ended. Sign in again.")
        if self._keyring.is_ended(session):
            raise Unauthorized("The session was ended. Sign in again.")
        return key_id, expires, session

    def _signature(self, *parts: str) -> str:
        # With what the key is and may do, so that a session does not outlive a change of it.
        message = ".".join(parts).encode("utf-8", "replace") + b"." + self._keyring.stamp(parts[0])
        return hmac.new(self._secret, message, "sha256").hexdigest()
