"""Proofs that an answer contained a citation.

A key with the scope *ask* may look up the citations that answers return, and no others: a caller who chose
the spans could read whole texts. The links of its answers therefore carry a proof, a keyed hash of collection
and locator, so that nothing has to be remembered.

A key with open links, or one of public pages (with origins), gives links that people open without a key. The
proof in these names the key and the time at which the link expires; it ends with its key, too.
"""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable

from service.state.identity.principal import Principal

_BYTES = 16
_DAY = 24 * 3600
_DIGITS = 18
"""Most digits of a time. Of thousands, which a stranger may send, no number is made."""


class Prover:
    """Makes and checks proofs with a secret. ``caller`` is whom they are made for.

    Links that open without a key last ``days``.
    """

    def __init__(
        self,
        secret: bytes,
        *,
        days: float = 30.0,
        clock: Callable[[], float] = time.time,
        caller: Principal | None = None,
    ) -> None:
        self._secret = secret
        self._days = days
        self._clock = clock
        self._caller = caller

    def of(self, caller: Principal) -> Prover:
        """A prover for one caller."""
        return Prover(self._secret, days=self._days, clock=self._clock, caller=caller)

    def proof(self, collection: str, locator: str) -> str:
        """The proof for a citation of a collection, to be used with a key."""
        return self._signature(collection, locator)

    def link_proof(self, collection: str, locator: str) -> str:
        """The proof in the address of a citation's page: one that needs no key, if the caller gives such."""
        caller = self._caller
        if caller is None or not caller.gives_open_links:
            return self.proof(collection, locator)
        expires = int(self._clock() + self._days * _DAY)
        return f"{caller.key}.{expires}.{self._signature(caller.key, str(expires), collection, locator)}"

    def is_proven(self, collection: str, locator: str, proof: str) -> bool:
        """Check a proof of either kind, in constant time."""
        if "." in proof:
            return self.key_of_link(collection, locator, proof) != ""
        return _equal(self.proof(collection, locator), proof)

    def key_of_link(self, collection: str, locator: str, proof: str) -> str:
        """The id of the key that gave a visitor this link; empty for another proof, or one that expired."""
        key, _, rest = proof.partition(".")
        expires, _, signature = rest.partition(".")
        if len(expires) > _DIGITS or not expires.isdecimal() or int(expires) <= self._clock():
            return ""
        return key if _equal(self._signature(key, expires, collection, locator), signature) else ""

    def _signature(self, *parts: str) -> str:
        digest = hmac.digest(self._secret, "\n".join(parts).encode("utf-8", "replace"), "sha256")
        return urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()


def _equal(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
