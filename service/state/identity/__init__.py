"""Authentication and authorization: keys, sessions, scopes and rules of access.

``open_key_store`` chooses the implementation of :class:`KeyStore`. Nothing else constructs one, so that
another database is added here and in a file of its own.
"""

from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from index.config import LibraryConfig
from service.errors import KeysLost
from service.settings import Settings
from service.state.identity.access import (
    Rule,
    Tells,
    access,
    caller_of,
    require_whole_administrator,
    rule_of,
)
from service.state.identity.access_marks import (
    CollectionGuard,
    Marks,
    local_guard,
    mark_of,
    of_other_keys,
)
from service.state.identity.keyring import SETTING, Keyring, Marking
from service.state.identity.people import People
from service.state.identity.person import Adjustment, Person, new_adjustment
from service.state.identity.postgresql import PostgresqlKeyStore
from service.state.identity.principal import ANYONE, SCOPES, Groups, Principal, Scope
from service.state.identity.proofs import Prover
from service.state.identity.records import Key, KeyOptions, SigningKey, StoreState, new_key
from service.state.identity.sessions import COOKIE, Sessions
from service.state.identity.sql import KeyStore, count_gone, read_state
from service.state.identity.sqlite import SESSIONS, SqliteKeyStore, find_state, prepare as prepare_keys
from service.state.inventory import Inventory

KEYS = "keys.sqlite"
"""Name in a data folder."""


def open_key_store(data: Path, *, store: str = "") -> KeyStore:
    """Open the key store of a data folder, or that at a URL of PostgreSQL; create it when there is none."""
    return PostgresqlKeyStore(store) if store else SqliteKeyStore(data / KEYS)


def has_keys(data: Path, *, store: str = "") -> bool:
    """True if there may be keys. Creates no store."""
    return bool(store) or (data / KEYS).exists()


def find_keys(data: Path, *, store: str = "") -> StoreState:
    """Return the state of a store of keys; a data folder without one stays without.

    Raises :class:`service.errors.KeysLost` if it cannot be read.
    """
    if not store:
        return find_state(data / KEYS)
    with closing(PostgresqlKeyStore(store)) as opened, opened.database.read() as connection:
        found = replace(read_state(connection), gone=count_gone(connection))
    return found if found.keys or found.gone else replace(found, unmoved=_identity_in(data))


def _identity_in(data: Path) -> str:
    """The id of the store of keys in a data folder; empty where it has no keys, or none that can be read."""
    with suppress(KeysLost):
        own = find_state(data / KEYS)
        return own.identity if own.keys else ""
    return ""


def open_keyring(
    data: Path, settings: Settings, config: LibraryConfig | None = None, *, replaces_lost: bool = False
) -> Keyring:
    """Open the keys of a data folder, or of the database of ``config``, with the key of the settings.

    Raises :class:`service.errors.KeysLost` if they are not those that the data is under; where there are
    none, ``replaces_lost`` lets new ones take their place, but not beside a folder that has keys of its own.
    """
    config = config or settings.library_config()
    store = config.store_url
    found = find_keys(data, store=store)
    marks = Marks(data, store, config.objects)
    if found.keys or not replaces_lost:
        marks.require_keys(found, asks_for_keys=settings.asks_for_keys)
    else:
        marks.require_moved(found)
    key, opened = settings.api_key, open_key_store(data, store=store)
    if found.gone:
        opened.seal_anew()
    return Keyring(
        opened,
        api_key=key.get_secret_value() if key else "",
        closed_by_settings=settings.asks_for_keys,
        marking=Marking(Inventory(data).access(), marks.replace),
        on_revoked=lambda key: _enter_revoked(data, config, key),
    )


def _enter_revoked(data: Path, config: LibraryConfig, key: Key) -> None:
    """Enter a revoked key in the ledger that machines share, so that it is revoked in a restored database."""
    if config.store_url:
        from index.library import open_ledger  # takes half a second to load

        open_ledger(data, config).add_keys([key.id])


__all__ = [
    "ANYONE",
    "COOKIE",
    "KEYS",
    "SCOPES",
    "SESSIONS",
    "SETTING",
    "Adjustment",
    "CollectionGuard",
    "Groups",
    "Key",
    "KeyOptions",
    "KeyStore",
    "Keyring",
    "Marks",
    "People",
    "Person",
    "Principal",
    "Prover",
    "Rule",
    "Scope",
    "Sessions",
    "SigningKey",
    "Tells",
    "access",
    "caller_of",
    "find_keys",
    "has_keys",
    "local_guard",
    "mark_of",
    "new_adjustment",
    "new_key",
    "of_other_keys",
    "open_key_store",
    "open_keyring",
    "prepare_keys",
    "require_whole_administrator",
    "rule_of",
]
