"""Keys as a store records them."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from index.naming import validate_collection_name, validate_groups
from service.errors import InvalidRequest
from service.settings.values import RateLimit, is_origin
from service.state.identity.principal import Groups, Principal, Scope
from service.state.identity.secret import digest, new_token

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Key:
    """A key without its secret. Times are seconds since the epoch.

    ``digest`` is the SHA-256 of the whole key. ``collections`` and ``groups`` are None for all. ``last_used``
    may be a minute old.
    """

    id: str
    name: str
    digest: bytes = field(repr=False)
    scope: Scope
    collections: frozenset[str] | None = None
    groups: Groups = frozenset()
    origins: tuple[str, ...] = ()
    rate: str = ""
    created: float = 0.0
    expires: float | None = None
    revoked: float | None = None
    last_used: float | None = None
    open_links: bool = False

    @property
    def stamp(self) -> bytes:
        """A hash of the key and of its rights: another one after any change of these."""
        rights = [
            self.scope.word,
            None if self.collections is None else sorted(self.collections),
            None if self.groups is None else sorted(self.groups),
            self.origins,
            self.open_links,
        ]
        return digest(self.digest + json.dumps(rights).encode())

    def principal(self) -> Principal:
        """The caller that has this key. An admin key reads the documents of all groups."""
        groups = None if self.scope is Scope.ADMIN else self.groups
        return Principal(
            self.id,
            self.name,
            self.scope,
            self.collections,
            groups,
            self.origins,
            open_links=self.open_links,
            rate=self.rate,
        )


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs evidence, with Ed25519 (RFC 8032): its secret ``seed`` has 32 bytes.

    ``created`` is in seconds since the epoch. A key is retired when the next one is created.
    """

    id: str
    seed: bytes = field(repr=False)
    created: float


KEPT_ENDED = 10_000
"""Sessions that were ended and are remembered, whatever the clock says of their time."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Sessions that were ended before their time, by their ids; and how often all of a key's were."""

    sessions: frozenset[str] = frozenset()
    rounds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoreState:
    """The values that tell whether a store of keys is the one that it was, and has changed.

    ``identity`` is its id, empty if it has none yet; ``keys`` is their number, revoked ones included;
    ``gone`` is how many were made and are not there, as far as that was looked up. ``unmoved`` is the id of
    the store in the data folder, which has keys, where a database never had any.
    """

    identity: str = ""
    keys: int = 0
    generation: int = 0
    gone: int = 0
    unmoved: str = ""


def identity_of(secret: bytes | None) -> str:
    """The id of the store of keys that has this secret for it."""
    return digest(secret).hex()[:32] if secret else ""


@dataclass(frozen=True, slots=True)
class KeyOptions:
    """The rights of a new key; checked when the key is made."""

    collections: Iterable[str] | None = None
    groups: Iterable[str] | None = ()
    origins: Iterable[str] = ()
    rate: str = ""
    expires: float | None = None
    open_links: bool = False


def new_key(name: str, scope: Scope, options: KeyOptions | None = None) -> tuple[str, Key]:
    """Make a key: what its holder sends, which is stored nowhere, and what is stored.

    Raises :class:`service.errors.InvalidRequest`, :class:`index.errors.InvalidCollectionName`,
    :class:`index.errors.InvalidGroup`.
    """
    options = options or KeyOptions()
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise InvalidRequest(f"A key has a name of 1 to {_LONGEST_NAME} printable characters.")
    if options.expires is not None and options.expires <= time.time():
        raise InvalidRequest("The key would have expired already. Give a time in the future.")
    if wrong := [one for one in options.origins if not is_origin(one)]:
        raise InvalidRequest(f"{wrong[0]!r} is not an origin. Write it like https://www.example.org.")
    if options.open_links and scope is not Scope.ASK:
        raise InvalidRequest("Open links are for keys with the scope ask.")
    try:
        RateLimit.parse(options.rate)
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    collections = options.collections
    token, id_ = new_token()
    return token, Key(
        id_,
        name,
        digest(token.encode()),
        scope,
        None if collections is None else frozenset(map(validate_collection_name, collections)),
        None if options.groups is None else frozenset(validate_groups(options.groups)),
        tuple(options.origins),
        options.rate,
        created=time.time(),
        expires=options.expires,
        open_links=options.open_links,
    )
