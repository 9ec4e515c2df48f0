"""Secrets of sources: kept in the record, sealed with a key that no backup has, or in the environment."""

import base64
import binascii
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from filelock import FileLock

from index.durability import sync, write_durably
from index.errors import InvalidSource
from index.sources.applications import Source, require_connector
from service.settings import Settings, source_secret, source_variable

KEY_FILE = "secrets.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_LONGEST = 8192
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Secrets:
    """Seals the secrets of sources with the key in the file ``path``, which is made if it ``is_own``.

    A sealed secret belongs to its source and that source's address: in another place it cannot be read.
    """

    path: Path
    is_own: bool

    def seal(self, collection: str, source: Source, secret: str) -> str:
        """Seal a secret. Raises :class:`index.errors.InvalidSource` for one that cannot be kept."""
        if not 0 < len(secret) <= _LONGEST or not secret.isprintable():
            raise InvalidSource(f"The secret of a source has 1 to {_LONGEST} printable characters.")
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self._ensure_key()).encrypt(nonce, secret.encode(), _place(collection, source))
        return base64.b64encode(nonce + sealed).decode()

    def find(self, collection: str, source: Source) -> str:
        """The secret of a source; empty for one that needs none.

        Raises :class:`index.errors.InvalidSource` where there is none, or it cannot be read here.
        """
        if source.sealed:
            return self._unseal(collection, source)
        secret = source_secret(source.name) if source.reads_environment else ""
        if not secret and require_connector(source).needs_secret:
            ways = f"set the variable {source_variable(source.name)} for the process that runs it."
            if not source.reads_environment:
                ways = "give it with the source, or add the source by the command on the machine."
            raise InvalidSource(f"The source {source.name} has no secret: {ways}")
        return secret

    def _unseal(self, collection: str, source: Source) -> str:
        raw = base64.b64decode(source.sealed)
        nonce, sealed = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
        try:
            key = self._read_key()
            if key is not None:
                return AESGCM(key).decrypt(nonce, sealed, _place(collection, source)).decode()
        except InvalidTag:
            pass
        raise InvalidSource(
            f"The secret of the source {source.name} was sealed with another key than that in "
            f"{self.path.name}, or for another place, as after a restore on another machine. Give the secret "
            "again."
        ) from None

    def _ensure_key(self) -> bytes:
        key = self._read_key()
        if key is not None:
            return key
        if not self.is_own:
            raise InvalidSource(
                "No secret can be kept here: LOCCIT_SECRETS_KEY has to name a file that every service and "
                "worker of this database can read. Make one: openssl rand -base64 32. Or add the source by "
                "the command on the machine, with its secret in the environment."
            )
        with FileLock(self.path.with_name(f"{self.path.name}.lock"), is_singleton=False):
            key = self._read_key()  # another process may have made it
            if key is None:
                key = os.urandom(_KEY_BYTES)
                write_durably(self.path, lambda path: _write_key(path, key))
                sync(self.path.parent)
        return key

    def _read_key(self) -> bytes | None:
        """The key; None if there is no file."""
        try:
            key = base64.b64decode(self.path.read_bytes().strip(), validate=True)
        except FileNotFoundError:
            return None
        except (OSError, binascii.Error):
            key = b""
        if len(key) != _KEY_BYTES:
            raise InvalidSource(
                f"{self.path.name} cannot be read, or has no key to seal secrets with, which is 32 bytes in "
                "base64. Put its own back, or make another and give the secrets again."
            )
        return key


def _write_key(path: Path, key: bytes) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNER_ONLY))
    path.write_bytes(base64.b64encode(key) + b"\n")


def open_secrets(settings: Settings, data: Path, *, store: str = "") -> Secrets:
    """The secrets of the sources of a data folder, or of the database at a URL."""
    if settings.secrets_key is not None:
        return Secrets(settings.secrets_key, is_own=False)
    return Secrets(data / KEY_FILE, is_own=not store)


def _place(collection: str, source: Source) -> bytes:
    """Everything that a sealed secret is bound to."""
    return json.dumps(["source", collection, source.name, *source.address]).encode()
