"""Ask providers again what people may do, while their sessions last: a right that is withdrawn ends soon.

What is needed to ask is in a cookie beside that of the session, which only this service can read. So every
replica can ask, and none stores a token.
"""

import asyncio
import json
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from service.errors import Forbidden, ProviderUnavailable, SignInFailed, Unauthorized
from service.settings.sign_in import Provider
from service.state.identity import Groups, Principal
from service.state.identity.secret import digest
from service.state.openid.authorization import SignedIn, user_info
from service.state.openid.issuer import Issuer
from service.state.openid.rules import principal_of

log = logging.getLogger("loccit.service")

CHECK_COOKIE = "loccit_check"
_SECONDS = 2.0
"""Time for a check: a person waits for it."""
_LONGEST_COOKIE = 3800
_MOST_KNOWN = 10_000


@dataclass(slots=True)
class _Known:
    """The last answer to a check of a session: what the person may do, None for nothing."""

    moment: float = float("-inf")
    """When that was; without an answer, what the session began with counts."""
    caller: Principal | None = None
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Checks:
    """Checks the rights of people with sessions, each at most every so many seconds in a process."""

    def __init__(
        self, issuers: Mapping[str, Issuer], secret: bytes, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._issuers = {one.provider.issuer: one for one in issuers.values()}
        self._fernet = Fernet(urlsafe_b64encode(secret))
        self._clock = clock
        self._known: dict[bytes, _Known] = {}
        self._silent: dict[str, float] = {}
        """Until when providers that gave no answer are not asked, by their names."""
        self._logged: dict[str, float] = {}

    def write(self, provider: Provider, found: SignedIn) -> str:
        """The cookie with which a person's rights are checked; empty where the provider is not to be asked.

        Raises :class:`service.errors.SignInFailed` where it cannot be.
        """
        if not provider.check_seconds:
            return ""
        written = json.dumps([found.access_token, found.claims["sub"], _only_of_id_token(provider, found)])
        sealed = self._fernet.encrypt(written.encode()).decode()
        if not found.of_user_info or len(sealed) > _LONGEST_COOKIE:
            raise SignInFailed(
                f"{provider.title} cannot be asked again, as check_seconds in the settings wants: it has no "
                "UserInfo endpoint, or its tokens are too long. Ask the people who run this service."
            )
        return sealed

    async def require(self, caller: Principal, sealed: str) -> Principal:
        """The caller with the rights of now, which are never more than those of the session.

        Raises :class:`service.errors.Unauthorized` for whom the provider signs in no longer, or grants
        nothing. While it cannot be reached, what is known counts.
        """
        issuer = self._issuers.get(caller.issuer)
        if issuer is None or not issuer.provider.check_seconds:
            return caller
        seconds, known = issuer.provider.check_seconds, self._known_of(caller)
        if self._clock() >= known.moment + seconds and not self._is_enough(issuer.provider, known):
            async with known.asking:
                if self._clock() >= known.moment + seconds:
                    await self._ask(issuer, caller, sealed, known)
        if known.moment == float("-inf"):
            return caller
        if known.caller is None:
            raise Unauthorized("The provider grants this session nothing any more. Sign in again.")
        now = known.caller
        return replace(caller, scope=min(caller.scope, now.scope), groups=_common(caller.groups, now.groups))

    async def _ask(self, issuer: Issuer, caller: Principal, sealed: str, known: _Known) -> None:
        """Note what the provider says; nothing while it gives no answer."""
        found: Principal | None = None
        try:
            access_token, subject, kept = json.loads(self._fernet.decrypt(sealed.encode("utf-8", "replace")))
            if subject == caller.subject:
                if not self._may_ask(issuer.provider):
                    return
                async with asyncio.timeout(_SECONDS):
                    said = await user_info(issuer, access_token, subject)
                self._silent.pop(issuer.provider.name, None)
                found = principal_of(issuer.provider, {**said, **kept})
        except (InvalidToken, ValueError, TypeError, SignInFailed, Forbidden):
            pass
        except (ProviderUnavailable, TimeoutError) as error:
            if not (isinstance(error, ProviderUnavailable) and error.has_replied):
                self._note_silence(issuer.provider)
                return
            found = caller if known.moment == float("-inf") else known.caller
        known.moment, known.caller = self._clock(), found

    def _is_enough(self, provider: Provider, known: _Known) -> bool:
        """True if the last answer serves while another request asks: it is recent or the only one."""
        if not known.asking.locked() or known.moment == float("-inf"):
            return False
        is_recent = self._clock() < known.moment + 2 * provider.check_seconds
        return is_recent or provider.name in self._silent

    def _may_ask(self, provider: Provider) -> bool:
        """True if this request asks the provider. One at a time retries a provider that did not answer."""
        until = self._silent.get(provider.name)
        if until is None:
            return True
        if self._clock() < until:
            return False
        self._silent[provider.name] = self._clock() + provider.check_seconds
        return True

    def _note_silence(self, provider: Provider) -> None:
        now = self._clock()
        if now >= self._logged.get(provider.name, float("-inf")) + provider.check_seconds:
            self._logged[provider.name] = now
            log.warning(
                "The provider %s does not say what people may do: for %g seconds, what is known counts.",
                provider.name,
                provider.check_seconds,
            )
        self._silent[provider.name] = now + provider.check_seconds

    def _known_of(self, caller: Principal) -> _Known:
        name = digest(caller.session.encode())
        if name not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()  # each is asked for again
            self._known[name] = _Known()
        return self._known[name]


def _only_of_id_token(provider: Provider, found: SignedIn) -> Mapping[str, Any]:
    """The claims of rules that the UserInfo endpoint did not have, and cannot have withdrawn."""
    names = {"email", "email_verified"} if any(one.email_domain for one in provider.rules) else set()
    for rule in provider.rules:
        names |= {rule.claim, rule.claim.split(".")[0]}
    own, said = found.of_id_token, found.of_user_info
    return {name: own[name] for name in names if name in own and name not in said}


def _common(one: Groups, other: Groups) -> Groups:
    if one is None:
        return other
    return one if other is None else one & other
