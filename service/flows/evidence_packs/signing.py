"""Sign evidence with the key of the installation."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import pairwise

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.flows.evidence_packs.pack import FORMAT, Json, canonical_bytes, key_id
from service.settings import Settings
from service.state.identity import Keyring, SigningKey, open_keyring

_SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public key (32 bytes in hex) of this installation. Times are seconds since the epoch.

    ``retired`` is None for the key in use. What a retired key has signed still verifies.
    """

    id: str
    public_key: str
    created: float
    retired: float | None


class Signer:
    """Signs with the newest key in the store of keys, and makes the first one when it is needed.

    Blocks: it looks into the store each time, so that a key which another process made counts at once. All
    methods raise :class:`service.errors.KeysLost` and what stores of keys raise.
    """

    def __init__(self, keyring: Keyring, clock: Callable[[], float] = time.time) -> None:
        self._keyring = keyring
        self._clock = clock

    def sign(self, content: Json) -> Json:
        """The pack of this content, with the format, time, version and key that sign it."""
        created = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")
        key = self._current()
        evidence = {
            "format": FORMAT,
            "created": created.replace("+00:00", "Z"),
            "loccit": version("loccit"),
            "key": {"id": key.id, "public_key": _public_bytes(key.seed).hex()},
            **content,
        }
        signature = Ed25519PrivateKey.from_private_bytes(key.seed).sign(canonical_bytes(evidence))
        return {"evidence": evidence, "signature": signature.hex()}

    def published(self) -> list[PublishedKey]:
        """All keys that this installation has signed with, oldest first."""
        known = self._known()
        retired = {before.id: after.created for before, after in pairwise(known)}
        return [
            PublishedKey(key.id, _public_bytes(key.seed).hex(), key.created, retired.get(key.id))
            for key in known
        ]

    def rotate(self) -> PublishedKey:
        """Sign with a new key from now on."""
        known = self._known()
        self._make_next(known[-1].id if known else "")
        return self.published()[-1]

    def _current(self) -> SigningKey:
        known = self._known()
        if not known:
            self._make_next("")
            known = self._known()
        return known[-1]

    def _known(self) -> list[SigningKey]:
        self._keyring.refresh()
        return self._keyring.store.signing_keys()

    def _make_next(self, after: str) -> None:
        seed = secrets.token_bytes(_SEED_BYTES)
        key = SigningKey(key_id(_public_bytes(seed)), seed, self._clock())
        self._keyring.store.add_signing_key(key, after=after)


@contextmanager
def open_signer(settings: Settings) -> Iterator[Signer]:
    """The signer of a data folder, or of the database of the settings. Raises as :func:`open_keyring`."""
    with closing(open_keyring(settings.data, settings)) as keyring:
        yield Signer(keyring)


def _public_bytes(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
