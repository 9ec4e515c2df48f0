"""People whom a provider of OpenID Connect signed in, as their sessions name them."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping

from service.errors import Unauthorized
from service.settings.sign_in import Provider
from service.state.identity.principal import Principal, Scope
from service.state.identity.secret import digest

_MARK = "~"
"""First character of the name of a person in a cookie; the id of a key has another."""


def key_of(provider: Provider, subject: str) -> str:
    """The id of a person, in place of that of a key: the same for sessions and tokens."""
    return f"{provider.name}/{id_of('person', provider.issuer, subject)}"


def id_of(*parts: str) -> str:
    """An id for something of a provider, which does not tell what it is."""
    return digest("\n".join(parts).encode("utf-8", "replace")).hex()[:32]


class People:
    """Writes and reads the names of people in the cookies of sessions, which sign them."""

    def __init__(self, providers: Iterable[Provider] = ()) -> None:
        self.providers: Mapping[str, Provider] = {one.name: one for one in providers}

    def write(self, caller: Principal, provider: Provider, sid: str = "") -> str:
        """The name of a person; ``sid`` is the id of the session at the provider, if it has one."""
        groups = None if caller.groups is None else sorted(caller.groups)
        rights = [provider.name, caller.subject, caller.name, caller.scope.word, groups, sid]
        return _MARK + urlsafe_b64encode(json.dumps(rights, ensure_ascii=False).encode()).decode().rstrip("=")

    def read(self, name: str) -> tuple[Principal, str, Provider] | None:
        """The person of a name that was written here, the session at the provider, and the provider.

        None for the id of a key. Raises :class:`service.errors.Unauthorized` where the provider is gone.
        """
        if not name.startswith(_MARK):
            return None
        try:
            content = urlsafe_b64decode(name[1:] + "=" * (-len(name[1:]) % 4))
            provider_name, subject, shown, scope, groups, sid = json.loads(content)
            provider = self.providers[provider_name]
            rights = Scope[scope.upper()]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Unauthorized("The session is not known, or was ended. Sign in again.") from None
        caller = Principal(
            key_of(provider, subject),
            shown,
            rights,
            None if provider.collections is None else frozenset(provider.collections),
            None if groups is None else frozenset(groups),
            issuer=provider.issuer,
            subject=subject,
        )
        return caller, sid, provider
