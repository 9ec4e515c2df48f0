"""Sessions of browsers: a signed cookie that stands for a key, so that a form can sign people in.

Nothing is stored. A session ends with its time, and with its key.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

from service.errors import Unauthorized
from service.state.identity.keyring import Keyring
from service.state.identity.principal import Principal

COOKIE = "loccit_session"


class Sessions:
    """Makes and checks the cookies of sessions that last so many seconds."""

    def __init__(
        self, keyring: Keyring, secret: bytes, *, seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._keyring = keyring
        self._secret = secret
        self.seconds = int(seconds)
        self._clock = clock

    def begin(self, principal: Principal) -> str:
        """The cookie of a new session of a key's holder."""
        expires = int(self._clock()) + self.seconds
        return f"{principal.key}.{expires}.{self._signature(principal.key, expires)}"

    def principal(self, cookie: str) -> Principal:
        """The holder of a session. Raises :class:`service.errors.Unauthorized`."""
        key_id, _, rest = cookie.partition(".")
        expires, _, signature = rest.partition(".")
        if not expires.isdecimal() or int(expires) <= self._clock():
            raise Unauthorized("The session has ended. Sign in again.")
        if not hmac.compare_digest(self._signature(key_id, int(expires)).encode(), signature.encode()):
            raise Unauthorized("The session is not known. Sign in again.")
        return self._keyring.holder(key_id)

    def _signature(self, key_id: str, expires: int) -> str:
        # With the key's digest, so that a session does not outlive a key of the settings that was changed.
        message = f"{key_id}.{expires}.".encode() + self._keyring.digest_of(key_id)
        return hmac.new(self._secret, message, "sha256").hexdigest()
