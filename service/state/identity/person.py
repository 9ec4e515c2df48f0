"""People whom a provider signed in, as a store records them, and the groups that administrators change."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from index.naming import validate_groups
from service.errors import InvalidRequest
from service.state.identity.principal import Groups, Principal, Scope

_ALL = "*"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Groups that administrators gave a person beside those of the rules, or took away from them."""

    added: frozenset[str] = frozenset()
    withdrawn: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.added or self.withdrawn)

    def apply(self, groups: Groups) -> Groups:
        """The groups of a person to whom rules give these. Who has all groups keeps them."""
        return None if groups is None else (groups | self.added) - self.withdrawn


def new_adjustment(added: Iterable[str], withdrawn: Iterable[str]) -> Adjustment:
    """The adjustment with these names of groups.

    Raises :class:`service.errors.InvalidRequest`, :class:`index.errors.InvalidGroup`.
    """
    made = Adjustment(frozenset(validate_groups(added)), frozenset(validate_groups(withdrawn)))
    if _ALL in made.added | made.withdrawn:
        raise InvalidRequest("Name each group: only the rules give all of them.")
    if wrong := sorted(name for name in made.added | made.withdrawn if ";" in name):
        raise InvalidRequest(f"The group {wrong[0]!r} has a semicolon. Separate groups by commas.")
    if both := sorted(made.added & made.withdrawn):
        raise InvalidRequest(f"The group {both[0]!r} is both given and taken away. Leave it in one field.")
    return made


@dataclass(frozen=True, slots=True)
class Person:
    """A person, or a program, that came by a provider. Times are seconds since the epoch.

    ``key`` is the id in place of that of a key. ``scope`` and ``groups`` (None for all) are what the rules
    gave when it was last seen, which may be a minute old.
    """

    key: str
    issuer: str
    subject: str
    name: str
    scope: Scope
    groups: Groups
    first_seen: float
    last_seen: float
    adjustment: Adjustment = field(default_factory=Adjustment)

    @property
    def groups_now(self) -> Groups:
        """The groups that count."""
        return self.adjustment.apply(self.groups)


def person_of(caller: Principal, moment: float) -> Person:
    """The record of a caller whom a provider signed in, seen at a moment."""
    return Person(
        caller.key,
        caller.issuer,
        caller.subject,
        caller.name,
        caller.scope,
        caller.groups,
        moment,
        moment,
    )


def seen_again(known: Person | None, person: Person) -> Person:
    """The record of a person that is seen again: what was known before it came stays."""
    if known is None:
        return person
    return replace(
        person,
        first_seen=known.first_seen,
        last_seen=max(known.last_seen, person.last_seen),
        adjustment=known.adjustment,
    )
