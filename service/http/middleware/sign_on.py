"""People whom a proxy has signed in (SSO): it sends their name and groups in headers."""

from dataclasses import dataclass

from starlette.types import Scope

from service.settings import Settings
from service.state.identity import SCOPES, Principal, Scope as Rights
from service.state.identity.client_address import Networks, is_trusted

PROXY = "proxy"
"""Id of the key that these people share; made keys have another form of id."""


@dataclass(frozen=True, slots=True)
class SignOn:
    """The headers of the proxy, in lower case, and the scope of those whom it signs in."""

    user_header: bytes
    groups_header: bytes
    scope: Rights

    def principal(self, connection: Scope, proxies: Networks) -> Principal | None:
        """The person whom a trusted proxy names; None for requests that others sent."""
        peer = connection["client"][0] if connection.get("client") else ""
        if not is_trusted(peer, proxies):
            return None
        headers = connection["headers"]
        users = [value for name, value in headers if name == self.user_header and value.strip()]
        if len(users) != 1:  # with two, one may be the client's own
            return None
        written = b",".join(
            value for name, value in headers if self.groups_header and name == self.groups_header
        )
        groups = (name.strip() for name in written.decode("utf-8", "replace").split(","))
        user = users[0].decode("utf-8", "replace").strip()
        return Principal(PROXY, user, self.scope, groups=frozenset(filter(None, groups)), user=user)


def sign_on_of(settings: Settings) -> SignOn | None:
    """The sign-on by a proxy that the settings describe; None without one."""
    if not settings.proxy_user_header:
        return None
    user, groups = settings.proxy_user_header, settings.proxy_groups_header
    return SignOn(user.lower().encode(), groups.lower().encode(), SCOPES[settings.proxy_scope])
