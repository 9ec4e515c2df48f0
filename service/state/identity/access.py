"""Rules of access: every route declares which scope it needs and what its answers can tell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args

from starlette.types import Scope as Connection

from service.errors import Forbidden
from service.state.identity.principal import Principal, Scope

Function = TypeVar("Function", bound=Callable[..., Any])
Tells = Literal["answers", "citations", "texts", "documents", "versions", "changes", "jobs", "collections"]
"""Information about documents of some groups, or about other collections, that an answer may reveal."""
_ATTRIBUTE = "__loccit_access__"


@dataclass(frozen=True, slots=True)
class Rule:
    """The least scope that a route needs, and what its answers can tell."""

    scope: Scope
    tells: frozenset[str]

    def require(self, connection: Connection) -> None:
        """Raise :class:`service.errors.Forbidden` unless the scope of a request's caller suffices."""
        if self.scope is not Scope.NONE:
            self.require_of(caller_of(connection))

    def require_of(self, caller: Principal) -> None:
        """Raise :class:`service.errors.Forbidden` unless the caller's scope suffices."""
        if caller.scope < self.scope:
            raise _too_narrow(caller, self.scope)


def _too_narrow(caller: Principal, needed: Scope) -> Forbidden:
    """The error of a caller whose scope does not suffice, in the words of what it came by."""
    has, needs, prefix = caller.scope.word, needed.word, caller.token_prefix
    if prefix is not None:
        return Forbidden(
            f"This needs a token with the scope {prefix}{needs}; this token has {prefix}{has}, by its scopes "
            "and the rules of this service.",
            headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{prefix}{needs}"'},
        )
    if caller.issuer:
        return Forbidden(f"This needs the scope {needs}; the rules of this service give you {has}.")
    return Forbidden(f"This needs a key with the scope {needs}; the scope of this key is {has}.")


def access(scope: Scope, *tells: Tells) -> Callable[[Function], Function]:
    """Declare the rule of a route, between the route's decorator and its function.

    ``tells`` is empty for a route that knows nothing of documents and collections.
    """
    if unknown := set(tells) - set(get_args(Tells)):
        raise TypeError(f"{unknown} is not among what a route can tell: {get_args(Tells)}.")

    def declare(function: Function) -> Function:
        setattr(function, _ATTRIBUTE, Rule(scope, frozenset(tells)))
        return function

    return declare


def rule_of(function: Callable[..., Any]) -> Rule | None:
    """The declared rule of a route's function."""
    rule: Rule | None = getattr(function, _ATTRIBUTE, None)
    return rule


def caller_of(connection: Connection) -> Principal:
    """The sender of a request, as the authentication middleware found out."""
    caller: Principal = connection["state"]["principal"]
    return caller


def require_whole_administrator(caller: Principal) -> None:
    """Raise :class:`service.errors.Forbidden` for an administrator of some collections or groups.

    What such a one made could reach further: a key of all collections, or an application's secret.
    """
    if caller.collections is not None or caller.groups is not None:
        raise Forbidden("Keys, people and sources are for administrators of all collections and groups.")
