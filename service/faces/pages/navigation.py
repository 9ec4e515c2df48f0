"""The pages, and what a caller may go to."""

from __future__ import annotations

from dataclasses import dataclass

from service.state.identity import Principal, Scope


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation: an address, its name, and the least scope that it is shown to."""

    path: str
    name: str
    scope: Scope
    needs_keys: bool = False
    """Whether it is of use only where callers have names."""
    needs_providers: bool = False
    """Whether it is of use only where providers sign people in."""


PLACES = (
    Place("/", "Ask", Scope.ASK),
    Place("/check", "Check", Scope.READ),
    Place("/library", "Library", Scope.READ),
    Place("/jobs", "Jobs", Scope.WRITE),
    Place("/keys", "Keys", Scope.ADMIN, needs_keys=True),
    Place("/people", "People", Scope.ADMIN, needs_keys=True, needs_providers=True),
    Place("/status", "Status", Scope.ADMIN),
    Place("/docs", "API", Scope.ASK),
)
_UNDER = ("/view/", "/help/", "/suggestions", "/judge")
"""Addresses of pages that are in no navigation, by their beginnings."""


def places(caller: Principal, *, has_providers: bool) -> tuple[Place, ...]:
    """The entries for a caller."""
    has_name = bool(caller.key or caller.user)
    return tuple(
        one
        for one in PLACES
        if caller.scope >= one.scope
        and (has_name or not one.needs_keys)
        and (has_providers or not one.needs_providers)
    )


def is_page(path: str) -> bool:
    """Whether a path is an HTML page, whose errors are HTML pages too."""
    named = any(path == one.path or (one.path != "/" and path.startswith(f"{one.path}/")) for one in PLACES)
    return named or path.startswith(_UNDER)


def is_form(path: str) -> bool:
    """Whether a path takes the form of a page, for ``POST`` requests, whose errors are HTML pages too."""
    return any(one.path != "/" and path.startswith(f"{one.path}/") for one in PLACES)
