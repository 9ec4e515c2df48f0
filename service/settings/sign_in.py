"""Providers of OpenID Connect that sign people in, and the rules by which their claims give rights.

They are read from the TOML file that the setting ``sign_in`` names.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from index.errors import LoccitError
from index.naming import validate_collection_name, validate_groups
from service.errors import InvalidSettings
from service.settings.settings import PREFIX, Settings

ANY = "*"
"""Among the values or groups of a rule: all of them."""
Names = Annotated[tuple[str, ...], Field(min_length=1)]
_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,30}$")
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Rule(_Value):
    """What people get who have a value of a claim, or a verified e-mail address of a domain."""

    claim: str = ""
    """Name of a claim; dots lead into objects, as in ``realm_access.roles``."""
    values: tuple[str, ...] = ()
    email_domain: str = ""
    scope: Literal["ask", "read", "write", "admin"] = "read"
    groups: tuple[str, ...] = ()
    groups_of_values: bool = False
    """Whether the values that match are names of groups, too."""

    @field_validator("email_domain")
    @classmethod
    def _check_domain(cls, domain: str) -> str:
        if "@" in domain or domain != domain.strip():
            raise ValueError("email_domain is the part of an address after the @, such as example.org")
        return domain

    @field_validator("groups")
    @classmethod
    def _check_groups(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        return _as_value_error(lambda: validate_groups(groups))

    @model_validator(mode="after")
    def _check_condition(self) -> Rule:
        if bool(self.claim) == bool(self.email_domain):
            raise ValueError("a rule has either claim or email_domain")
        if bool(self.claim) != bool(self.values):
            raise ValueError('a rule with a claim has values, such as ["staff"], and ["*"] for any')
        if self.groups_of_values and not self.claim:
            raise ValueError("groups_of_values is for rules with a claim")
        return self


class Provider(_Value):
    """A provider of OpenID Connect, and what its people may do."""

    name: str = Field(pattern=_NAME.pattern)
    """Its part of the addresses, as in ``/sign-in/NAME/callback``."""
    label: str = Field("", max_length=60)
    issuer: str
    client_id: str = Field("", max_length=500)
    """The client that signs people in on the pages; empty if it only issues tokens."""
    client_secret: SecretStr = SecretStr("")
    scopes: Names = ("openid", "profile", "email")
    hosts: tuple[str, ...] = ()
    """Hosts besides that of the issuer that its endpoints may be on."""
    keys: Path | None = None
    """File with the provider's public keys (JWKS), in place of those that it publishes."""
    audience: tuple[str, ...] = ()
    """Audiences of access tokens that the service accepts; by default its public address."""
    clients: tuple[str, ...] = ()
    """Clients whose access tokens are accepted; all if none is named."""
    scope_prefix: str = "loccit:"
    """Written before ``ask``, ``read``, ``write`` and ``admin`` in the scopes of access tokens."""
    session_minutes: float = Field(60.0, gt=0, le=60 * 24 * 365)
    check_seconds: float = Field(0.0, ge=0, le=3600)
    """Seconds after which the provider is asked again what somebody with a session may do; 0 for never."""
    collections: tuple[str, ...] | None = None
    """Collections that its people may use; all by default."""
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @field_validator("issuer")
    @classmethod
    def _check_issuer(cls, issuer: str) -> str:
        if not is_safe_address(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
            raise ValueError("an issuer is an address with https (http only on this machine)")
        return issuer

    @field_validator("collections")
    @classmethod
    def _check_collections(cls, collections: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return collections and _as_value_error(lambda: tuple(map(validate_collection_name, collections)))

    @property
    def title(self) -> str:
        """The name that people see."""
        return self.label or self.name

    @property
    def stamp(self) -> bytes:
        """A hash of everything that decides who its people are: sessions end when it changes."""
        written = self.model_dump_json(exclude={"label", "client_secret", "session_minutes", "check_seconds"})
        return hashlib.sha256(written.encode()).digest()

    def has_address(self, url: str) -> bool:
        """Whether an address is at the issuer's host and port, or has TLS and is at one of ``hosts``."""
        issuer, parts = urlsplit(self.issuer), urlsplit(url)
        is_own = (parts.scheme, parts.netloc) == (issuer.scheme, issuer.netloc)
        return is_own or (parts.scheme == "https" and parts.netloc in self.hosts)

    def key_set(self) -> list[Any] | None:
        """The keys in the file ``keys``; None without one. Raises :class:`service.errors.InvalidSettings`."""
        if self.keys is None:
            return None
        try:
            return list(json.loads(self.keys.read_text("utf-8"))["keys"])
        except (OSError, ValueError, KeyError, TypeError):
            raise InvalidSettings(
                f"{PREFIX}SIGN_IN: {self.keys}, the keys of the provider {self.name}, is no JSON Web Key Set."
            ) from None


class _File(_Value):
    providers: Annotated[tuple[Provider, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check_names(self) -> _File:
        for field in ("name", "issuer"):
            values = [getattr(one, field) for one in self.providers]
            if twice := [value for value in values if values.count(value) > 1]:
                raise ValueError(f"two providers have the {field} {twice[0]!r}")
        return self


def is_safe_address(url: str) -> bool:
    """Whether an address has TLS, or is on this machine."""
    parts = urlsplit(url)
    is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    return bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or is_local)


def load_providers(settings: Settings) -> tuple[Provider, ...]:
    """Read the providers of the file that the settings name; none without one.

    Raises :class:`service.errors.InvalidSettings`, whose message has no value of the file.
    """
    path = settings.sign_in
    if path is None:
        return ()
    name = f"{PREFIX}SIGN_IN"
    try:
        written = tomllib.loads(path.read_text("utf-8"))
        providers = _File.model_validate(written).providers
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is not UTF-8"
        raise InvalidSettings(f"{name}: {path} cannot be read: {reason}.") from None
    except tomllib.TOMLDecodeError as error:
        raise InvalidSettings(f"{name}: {path} is not TOML: {error}.") from None
    except ValidationError as error:
        raise InvalidSettings(f"{name}: {path}: {_describe(error.errors(), written)}.") from None
    if not settings.public_url:
        raise InvalidSettings(
            f"{name} needs {PREFIX}PUBLIC_URL, the address to which providers send people back, and the "
            "audience of access tokens."
        )
    return tuple(_complete(one, settings.public_url) for one in providers)


def _complete(provider: Provider, public_url: str) -> Provider:
    """A provider with the audience that it has by default."""
    audience = provider.audience or (public_url, f"{public_url}/mcp")
    provider.key_set()
    if provider.client_id in audience:
        raise InvalidSettings(
            f"{PREFIX}SIGN_IN: the audience of the provider {provider.name} has its client_id: what is "
            "issued to sign people in would open the API. Name another audience."
        )
    return provider.model_copy(update={"audience": audience})


def _describe(problems: list[Any], written: Mapping[str, Any]) -> str:
    """The first problem of a file, in words: at which provider and rule it is, and what it is.

    A field that there is not comes before all others: it may be one that is missing, misspelt.
    """
    first: Mapping[str, Any] = min(problems, key=lambda one: one["type"] != "extra_forbidden")
    place = list(first["loc"])
    name, said = _name_of(place, written), first["msg"].removeprefix("Value error, ")
    field = ".".join(str(one) for one in place)
    owner = name or "the file"
    if first["type"] == "extra_forbidden":
        return f"{owner} has no field {field}"
    if first["type"] == "missing":
        return f"{owner} lacks the field {field}"
    if first["type"] == "tuple_type":
        return f"{name}{': ' if name else ''}{field} must be a list"
    return ": ".join(one for one in (name, field, said) if one)


def _name_of(place: list[Any], written: Mapping[str, Any]) -> str:
    """The provider and the rule at the beginning of a place, which are taken from it; empty without."""
    if len(place) < 2 or place[0] != "providers":
        return ""
    number = place[1]
    del place[:2]
    known = written["providers"][number]
    name = known.get("name") if isinstance(known, dict) else None
    found = f"provider {name}" if isinstance(name, str) and _NAME.match(name) else f"provider {number + 1}"
    if len(place) > 1 and place[0] == "rules":
        found += f", rule {place[1] + 1}"
        del place[:2]
    return found


def _as_value_error(check: Any) -> tuple[str, ...]:
    try:
        checked: tuple[str, ...] = check()
    except LoccitError as error:
        raise ValueError(error.message) from None
    return checked
