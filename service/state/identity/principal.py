"""The caller of a request: what it may do, where, and for which groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from enum import IntEnum

from service.state.identity.client_address import subscriber

Groups = frozenset[str] | None
"""Groups of which documents are readable; None means all groups."""


class Scope(IntEnum):
    """The rights of a key. Each scope includes the ones before."""

    NONE = 0
    ASK = 1
    READ = 2
    WRITE = 3
    ADMIN = 4

    @property
    def word(self) -> str:
        """The name in settings, commands and messages."""
        return self.name.lower()


SCOPES = {scope.word: scope for scope in Scope if scope is not Scope.NONE}
"""The scopes that a key can have, by name."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller. ``key`` is the public id of its key; ``user`` is the person whom a proxy signed in."""

    key: str
    name: str
    scope: Scope
    collections: frozenset[str] | None = None
    """Names of the collections that it may use; None means all."""
    groups: Groups = None
    origins: tuple[str, ...] = ()
    """Origins whose pages may use the key in a browser; none means those of the service's settings."""
    open_links: bool = False
    """True if links in its answers open without a key. Links of keys with origins always do."""
    rate: str = field(default="", compare=False)
    """Rate limit of this key, which replaces that of the settings."""
    user: str = ""
    issuer: str = ""
    """The provider that signed the person in or issued the token; empty for keys."""
    subject: str = ""
    """The person, or the program, as that provider knows it."""
    expires: float | None = field(default=None, compare=False)
    """When the token ends by which it came; a key and a session know that themselves."""
    token_prefix: str | None = field(default=None, compare=False)
    """Written before the scopes of the access token by which it came; None if it came otherwise."""
    visitor: str = field(default="", compare=False)
    """Address of the client, where anyone may have the key or the link by which it came, or needs none."""
    session: str = field(default="", compare=False, repr=False)
    """The cookie by which it came, if it is signed in in a browser."""
    is_narrowed: bool = field(default=False, compare=False)
    """True if the caller asks on behalf of somebody, for some of its groups."""

    @property
    def gives_open_links(self) -> bool:
        """True if links in its answers open without a key: never on behalf of groups, which no link names."""
        return (self.open_links or bool(self.origins)) and not self.is_narrowed

    @property
    def holder(self) -> str:
        """In whose name its requests hold permits: that of its key and person, or else its address."""
        return f"{self.key}/{self.user}@{subscriber(self.visitor)}"

    def may_use(self, collection: str) -> bool:
        """Whether it may use a collection of this name."""
        return self.collections is None or collection in self.collections

    def on_behalf_of(self, groups: Iterable[str]) -> Principal:
        """The same caller, narrowed to those of its groups that are named."""
        named = frozenset(groups)
        groups = named if self.groups is None else self.groups & named
        return replace(self, groups=groups, is_narrowed=True)

    def lacks(self, groups: Collection[str]) -> list[str]:
        """The groups among these that the caller is not in."""
        return [] if self.groups is None else sorted(set(groups) - self.groups)


ANYONE = Principal("", "anyone", Scope.ADMIN)
"""Any caller of a service that has no keys."""
