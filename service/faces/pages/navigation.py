"""The pages, and what a caller may go to."""

from dataclasses import dataclass

from service.state.identity import Principal, Scope


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the navigation: an address, its name, and the least scope that it is shown to."""

    path: str
    name: str
    scope: Scope
    needs_keys: bool = False
    """True if it is shown only where API keys are in use."""
    needs_providers: bool = False
    """True if it is shown only where people sign in at a provider."""


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
    """True if a path is an HTML page; its errors are HTML, too."""
    named = any(path == one.path or (one.path != "/" and path.startswith(f"{one.path}/")) for one in PLACES)
    return named or path.startswith(_UNDER)


def is_form(path: str) -> bool:
    """True if a path takes ``POST`` requests of a page's form; its errors are HTML, too."""
    return any(one.path != "/" and path.startswith(f"{one.path}/") for one in PLACES)
