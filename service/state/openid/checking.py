"""Ask providers again what people may do, while their sessions last: a right that is withdrawn ends soon.

What is needed to ask is in a cookie beside that of the session, which only this service can read. So every
replica can ask, and none stores a token.
"""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from service.errors import Forbidden, ProviderUnavailable, SignInFailed, Unauthorized
from service.settings.sign_in import Provider
from service.state.identity import Groups, Principal
from service.state.identity.secret import digest
from service.state.openid.authorization import SignedIn, user_info
from service.state.openid.issuer import Issuer
from service.state.openid.rules import principal_of

CHECK_COOKIE = "loccit_check"
_LONGEST_COOKIE = 3800
_MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class _Known:
    """The answer to a check: what the person may do, None for nothing."""

    moment: float
    caller: Principal | None


class Checks:
    """Checks the rights of people with sessions, each at most every so many seconds in a process."""

    def __init__(
        self, issuers: Mapping[str, Issuer], secret: bytes, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._issuers = {one.provider.issuer: one for one in issuers.values()}
        self._fernet = Fernet(urlsafe_b64encode(secret))
        self._clock = clock
        self._known: dict[bytes, _Known] = {}

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
        name, now = digest(caller.session.encode()), self._clock()
        known = self._known.get(name)
        if known is None or now >= known.moment + issuer.provider.check_seconds:
            known = _Known(now, await self._ask(issuer, caller, sealed, known))
            self._remember(name, known)
        if known.caller is None:
            raise Unauthorized("The provider grants this session nothing any more. Sign in again.")
        return _narrowed(caller, known.caller)

    async def _ask(
        self, issuer: Issuer, caller: Principal, sealed: str, known: _Known | None
    ) -> Principal | None:
        try:
            written = self._fernet.decrypt(sealed.encode("utf-8", "replace"))
            access_token, subject, kept = json.loads(written)
            if subject != caller.subject:
                return None
            return principal_of(issuer.provider, {**await user_info(issuer, access_token, subject), **kept})
        except (InvalidToken, ValueError, TypeError, SignInFailed, Forbidden):
            return None
        except ProviderUnavailable:
            return known.caller if known else caller

    def _remember(self, name: bytes, known: _Known) -> None:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()  # each is asked for again
        self._known[name] = known


def _only_of_id_token(provider: Provider, found: SignedIn) -> Mapping[str, Any]:
    """The claims of rules that the UserInfo endpoint did not have, and cannot have withdrawn."""
    names = {"email", "email_verified"} if any(one.email_domain for one in provider.rules) else set()
    for rule in provider.rules:
        names |= {rule.claim, rule.claim.split(".")[0]}
    own, said = found.of_id_token, found.of_user_info
    return {name: own[name] for name in names if name in own and name not in said}


def _narrowed(caller: Principal, now: Principal) -> Principal:
    return replace(caller, scope=min(caller.scope, now.scope), groups=_common(caller.groups, now.groups))


def _common(one: Groups, other: Groups) -> Groups:
    if one is None:
        return other
    return one if other is None else one & other
