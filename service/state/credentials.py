"""Keys, sessions, proofs and wrong keys: by what callers say who they are."""

from __future__ import annotations

from dataclasses import dataclass

from service.state.identity.keyring import Keyring
from service.state.identity.proofs import Prover
from service.state.identity.sessions import Sessions
from service.state.limits.rates import WrongKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Everything that decides who a caller is. ``is_signed_on`` if a proxy signs people in."""

    keyring: Keyring
    sessions: Sessions
    prover: Prover
    wrong_keys: WrongKeys
    is_signed_on: bool

    @property
    def are_required(self) -> bool:
        """Whether callers have to say who they are."""
        return self.keyring.required or self.is_signed_on
