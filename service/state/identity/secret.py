"""Secrets of keys: how they are made, written and compared.

A secret has 256 random bits, so it cannot be guessed from its hash. SHA-256 is therefore the right hash: a
slow one (scrypt, Argon2) protects passwords that people choose, and would cost each request milliseconds.
"""

import hashlib
import hmac
import secrets

PREFIX = "loccit"
"""First part of a key, by which scanners find keys that were published by mistake."""
_ID_BYTES = 5
_SECRET_BYTES = 32
_SESSION_BYTES = 16


def new_token() -> tuple[str, str]:
    """A new key, ``loccit_ID_SECRET``, and its public id."""
    id_ = secrets.token_hex(_ID_BYTES)
    return f"{PREFIX}_{id_}_{secrets.token_urlsafe(_SECRET_BYTES)}", id_


def new_secret() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(_SECRET_BYTES)


def new_session_id() -> str:
    """The id of a new session of a browser."""
    return secrets.token_hex(_SESSION_BYTES)


def id_of(token: bytes) -> str:
    """The public id in a key; empty for anything else."""
    prefix, _, rest = token.partition(b"_")
    id_, separator, _ = rest.partition(b"_")
    return id_.decode("latin-1") if prefix == PREFIX.encode() and separator else ""


def digest(token: bytes) -> bytes:
    """The hash under which a key is stored."""
    return hashlib.sha256(token).digest()


def is_same(first: bytes, second: bytes) -> bool:
    """Compare two digests in constant time."""
    return hmac.compare_digest(first, second)
