"""Authentication and authorization: keys, sessions, scopes and rules of access.

``open_key_store`` chooses the implementation of :class:`KeyStore`. Nothing else constructs one, so that
another database is added here and in a file of its own.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pydantic import SecretStr

from service.state.identity.access import Rule, Tells, access, caller_of, rule_of
from service.state.identity.keyring import Keyring
from service.state.identity.postgresql import PostgresqlKeyStore
from service.state.identity.principal import ANYONE, SCOPES, Groups, Principal, Scope
from service.state.identity.proofs import Prover
from service.state.identity.protocols import KeyStore
from service.state.identity.records import Key, KeyOptions, new_key
from service.state.identity.sessions import COOKIE, Sessions
from service.state.identity.sql import SqlKeyStore
from service.state.identity.sqlite import SqliteKeyStore
from service.state.identity.sqlite import prepare as prepare_keys

KEYS = "keys.sqlite"
"""Name in a data folder."""
SESSIONS = "sessions"
"""Purpose of the secret that signs sessions."""


def open_key_store(data: Path, *, store: str = "") -> SqlKeyStore:
    """Open the key store of a data folder, or that at a URL of PostgreSQL; create it when there is none."""
    return PostgresqlKeyStore(store) if store else SqliteKeyStore(data / KEYS)


def has_keys(data: Path, *, store: str = "") -> bool:
    """Whether there may be keys, so that a command need not make a store to find none."""
    return bool(store) or (data / KEYS).exists()


def begin_sessions_anew(data: Path) -> None:
    """End all sessions of the keys in a data folder that nobody uses."""
    with closing(SqliteKeyStore(data / KEYS)) as store:
        store.renew_secret(SESSIONS)


def open_keyring(data: Path, api_key: SecretStr | None, *, store: str = "") -> Keyring:
    """Open the keys, as :func:`open_key_store`, with the key of the settings if there is one."""
    return Keyring(open_key_store(data, store=store), api_key=api_key.get_secret_value() if api_key else "")


__all__ = [
    "ANYONE",
    "COOKIE",
    "SCOPES",
    "SESSIONS",
    "Groups",
    "Key",
    "KeyOptions",
    "KeyStore",
    "Keyring",
    "Principal",
    "Prover",
    "Rule",
    "Scope",
    "Sessions",
    "Tells",
    "access",
    "begin_sessions_anew",
    "caller_of",
    "has_keys",
    "new_key",
    "open_key_store",
    "open_keyring",
    "prepare_keys",
    "rule_of",
]
