"""Keys, sessions, proofs and wrong keys: by what callers say who they are."""

import time
from dataclasses import dataclass

from service.errors import Unauthorized
from service.state.identity.keyring import Keyring
from service.state.identity.principal import Principal
from service.state.identity.proofs import Prover
from service.state.identity.sessions import Sessions
from service.state.limits.rates import WrongKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Everything that decides who a caller is. ``is_signed_on`` if people sign in elsewhere."""

    keyring: Keyring
    sessions: Sessions
    prover: Prover
    wrong_keys: WrongKeys
    is_signed_on: bool

    def are_current(self, caller: Principal) -> bool:
        """True if an admitted caller would be admitted now with the same rights.

        For replies that last: the key may have been revoked, or the session ended.
        """
        if not caller.key or caller.user:  # nobody, or a person whom a proxy has signed in
            return True
        if caller.issuer and not caller.session:
            is_over = caller.expires is not None and time.time() >= caller.expires
            withdrawn = self.keyring.withdrawn(caller.key)
            return not is_over and withdrawn.isdisjoint(caller.groups or ())
        try:
            now = (
                self.sessions.principal(caller.session) if caller.session else self.keyring.holder(caller.key)
            )
        except Unauthorized:
            return False
        keeps_groups = now.groups is None or (caller.groups is not None and caller.groups <= now.groups)
        return keeps_groups and now.collections == caller.collections and now.scope >= caller.scope

    def require_current(self, caller: Principal) -> None:
        """Raise :class:`service.errors.Unauthorized` unless the caller is current: see above."""
        if not self.are_current(caller):
            raise Unauthorized(
                "The key was revoked or has expired, or the session was ended, before the reply was whole. "
                "Send a valid key, or sign in again."
            )

    @property
    def are_required(self) -> bool:
        """True if callers must authenticate."""
        return self.keyring.required or self.is_signed_on
