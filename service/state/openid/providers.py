"""The providers of a running service, and the callers whose access tokens they issued."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from service.errors import Forbidden, Unauthorized
from service.settings.sign_in import Provider
from service.state.identity import Principal, Scope
from service.state.openid.checking import Checks
from service.state.openid.fetching import Fetcher
from service.state.openid.issuer import Issuer
from service.state.openid.rules import end_of, granted_scope, principal_of
from service.state.openid.tokens import access_claims, issuer_of


class Providers:
    """The providers of the settings, by name. Use it from one event loop.

    ``secret`` protects what checks need, and is the same in every process.
    """

    def __init__(self, providers: Sequence[Provider], secret: bytes) -> None:
        self._fetcher = Fetcher()
        self.issuers: Mapping[str, Issuer] = {one.name: Issuer(one, self._fetcher) for one in providers}
        self.checks = Checks(self.issuers, secret)
        self._by_address = {one.provider.issuer: one for one in self.issuers.values()}

    def __bool__(self) -> bool:
        return bool(self.issuers)

    async def close(self) -> None:
        """Close the connections to the providers."""
        await self._fetcher.close()

    async def principal(self, token: bytes) -> Principal:
        """The caller to whom a provider issued an access token, for as long as it is valid.

        Raises :class:`service.errors.Unauthorized`, :class:`service.errors.Forbidden`,
        :class:`service.errors.ProviderUnavailable`.
        """
        written = token.decode("latin-1")
        issuer = self._by_address.get(issuer_of(written))
        if issuer is None:
            raise Unauthorized("The token is of an issuer that this service does not know.")
        claims = await access_claims(issuer, written)
        granted = granted_scope(issuer.provider, claims)
        if granted is Scope.NONE:
            prefix = issuer.provider.scope_prefix
            raise Forbidden(
                f"The token has none of the scopes of this service: {prefix}ask, {prefix}read, {prefix}write "
                f"or {prefix}admin.",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{prefix}ask"'},
            )
        caller = principal_of(issuer.provider, claims)
        return replace(
            caller,
            scope=min(caller.scope, granted),
            expires=end_of(claims),
            token_prefix=issuer.provider.scope_prefix,
        )
