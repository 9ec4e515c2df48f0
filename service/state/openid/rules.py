"""Rights of people, by the rules of the settings on the claims of their provider."""

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from index.errors import InvalidGroup
from index.naming import validate_groups
from service.errors import Forbidden
from service.settings.sign_in import ANY, Provider, Rule
from service.state.identity import SCOPES, Principal, Scope
from service.state.identity.people import key_of

log = logging.getLogger("loccit.service")

_LONGEST_NAME = 100
_MOST_VALUES = 1000
_SKEW_SECONDS = 60


def principal_of(provider: Provider, claims: Mapping[str, Any]) -> Principal:
    """The caller of whom a provider says this. What several rules give adds up.

    Raises :class:`service.errors.Forbidden` if no rule gives anything.
    """
    given = [(rule, values) for rule in provider.rules if (values := _matches(rule, claims))]
    if not given:
        _log_stranger(provider, claims)
        raise Forbidden(
            f"No rule of this service gives rights to {_known_as(claims)}, who came by {provider.title}. Ask "
            "the people who run this service."
        )
    scope = max(SCOPES[rule.scope] for rule, _ in given)
    groups = frozenset(name for rule, values in given for name in _groups(rule, values))
    has_all = scope is Scope.ADMIN or ANY in groups
    subject = str(claims["sub"])
    return Principal(
        key_of(provider, subject),
        _name(claims),
        scope,
        None if provider.collections is None else frozenset(provider.collections),
        None if has_all else groups,
        issuer=provider.issuer,
        subject=subject,
    )


def granted_scope(provider: Provider, claims: Mapping[str, Any]) -> Scope:
    """The most that an access token allows, by its scopes (RFC 9068)."""
    written = claims.get("scope", claims.get("scp", ()))
    names = written.split() if isinstance(written, str) else written if isinstance(written, list) else ()
    known = {f"{provider.scope_prefix}{word}": scope for word, scope in SCOPES.items()}
    return max((known[name] for name in names if isinstance(name, str) and name in known), default=Scope.NONE)


def end_of(claims: Mapping[str, Any]) -> float:
    """When a token is accepted no longer; never later than a float can say."""
    return min(float(claims["exp"]), time.time() + 1e9) + _SKEW_SECONDS


def _matches(rule: Rule, claims: Mapping[str, Any]) -> list[str]:
    """The values of a rule's claim for which it holds, or the domain of the address."""
    if rule.email_domain:
        address = claims.get("email")
        is_verified = claims.get("email_verified") is True and isinstance(address, str)
        local, _, domain = str(address).rpartition("@")
        return [domain] if is_verified and local and domain.lower() == rule.email_domain.lower() else []
    return [value for value in _values(claims, rule.claim) if ANY in rule.values or value in rule.values]


def _values(claims: Mapping[str, Any], name: str) -> Iterator[str]:
    """The texts of a claim: one, or those of a list."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    listed = found[:_MOST_VALUES] if isinstance(found, list) else [found]
    yield from (one for one in listed if isinstance(one, str))


def _groups(rule: Rule, values: Iterable[str]) -> Iterator[str]:
    yield from rule.groups
    for value in values if rule.groups_of_values else ():
        try:
            yield from (name for name in validate_groups([value]) if name != ANY)
        except InvalidGroup:
            continue  # it names no group of documents


def _log_stranger(provider: Provider, claims: Mapping[str, Any]) -> None:
    """Log which claims there were for the rules, without their values, which are about a person."""
    log.warning(
        "No rule of the provider %s admits %.200r. The claims that came: %.1000s.",
        provider.name,
        str(claims.get("sub", "")),
        ", ".join(one if one.isprintable() else repr(one) for one in sorted(claims)),
    )


def _known_as(claims: Mapping[str, Any]) -> str:
    """Who somebody is, in words by which people tell their accounts apart."""
    name = _name(claims)
    for claim in ("email", "preferred_username", "sub"):
        found = _name({"sub": claims.get(claim)})
        if found and found != name:
            return f"{name} ({found})"
    return name


def _name(claims: Mapping[str, Any]) -> str:
    """The name that the provider gives the person or the program."""
    for claim in ("name", "preferred_username", "email", "client_id", "sub"):
        found = claims.get(claim)
        if isinstance(found, str) and found.strip():
            return "".join(one for one in found if one.isprintable())[:_LONGEST_NAME]
    return ""
