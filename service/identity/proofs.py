"""Proofs that an answer contained a citation.

A key with the scope *ask* may look up the citations that answers return, and no others: a caller who chose
the spans could read whole texts. The links of its answers therefore carry a proof, a keyed hash of collection
and locator, so that nothing has to be remembered.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode

_BYTES = 16


class Prover:
    """Makes and checks proofs with a secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def proof(self, collection: str, locator: str) -> str:
        """The proof for a citation of a collection."""
        digest = hmac.digest(self._secret, f"{collection}\n{locator}".encode("utf-8", "replace"), "sha256")
        return urlsafe_b64encode(digest[:_BYTES]).rstrip(b"=").decode()

    def is_proven(self, collection: str, locator: str, proof: str) -> bool:
        """Check a proof, in constant time."""
        return hmac.compare_digest(self.proof(collection, locator).encode(), proof.encode("utf-8", "replace"))
