"""What a provider publishes of itself: its endpoints (OpenID Connect Discovery) and its keys (JWKS)."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

from jwt import PyJWK, PyJWTError

from service.errors import ProviderUnavailable, Unauthorized
from service.settings.sign_in import Provider, is_safe_address
from service.state.openid.fetching import Fetcher, unavailable

T = TypeVar("T")
log = logging.getLogger("loccit.service")

_FRESH_SECONDS = 600.0
_KEPT_SECONDS = 3600.0
"""Age up to which a document is used while the provider cannot be reached."""
_COOLDOWN_SECONDS = 2.0
"""Between two requests for one document: anybody can send tokens with keys that nobody knows."""
_RETRY_SECONDS = 30.0
"""The same after a failure, while what is known is used: a provider that hangs holds up who asks it."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Algorithms of signatures that are accepted: with a public key of the provider, and no others."""
_MOST_KEYS = 100


class _Document(Generic[T]):
    """A document of a provider, fetched when it is first needed and again when it is old."""

    def __init__(
        self, provider: Provider, fetch: Callable[[], Awaitable[T]], *, clock: Callable[[], float]
    ) -> None:
        self._provider = provider
        self._fetch = fetch
        self._clock = clock
        self._value: T | None = None
        self._fetched = self._next = float("-inf")
        self._fetching = asyncio.Lock()

    async def get(self, *, newer: bool = False) -> T:
        """The document; ``newer`` than the one that is known, unless it was fetched a moment ago.

        Raises :class:`ProviderUnavailable`.
        """
        if self._value is not None and not newer and not self._is_old():
            return self._value
        async with self._fetching:
            if (newer or self._is_old()) and self._clock() >= self._next:
                await self._try()
            if self._value is None:
                raise unavailable(self._provider)
            return self._value

    def _is_old(self) -> bool:
        return self._clock() >= self._fetched + _FRESH_SECONDS

    async def _try(self) -> None:
        """Fetch it; on failure, keep what is known for a while."""
        wait = _COOLDOWN_SECONDS
        try:
            self._value = await self._fetch()
            self._fetched = self._clock()
        except ProviderUnavailable:
            if self._clock() >= self._fetched + _KEPT_SECONDS:
                self._value = None
            if self._value is not None:
                wait = _RETRY_SECONDS
        self._next = self._clock() + wait


class Issuer:
    """A provider as it describes itself."""

    def __init__(
        self, provider: Provider, fetcher: Fetcher, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.provider = provider
        self.fetcher = fetcher
        self._given = provider.key_set()
        self._metadata = _Document(provider, self._fetch_metadata, clock=clock)
        self._keys = _Document(provider, self._fetch_keys, clock=clock)

    async def endpoint(self, name: str) -> str:
        """The address of an endpoint; empty if there is none. Raises :class:`ProviderUnavailable`."""
        url = (await self._metadata.get()).get(name, "")
        if url and not (isinstance(url, str) and is_safe_address(url) and self.provider.has_address(url)):
            log.warning("%s names a %s on another host: %.200s", self.provider.issuer, name, url)
            raise unavailable(self.provider)
        return str(url)

    async def takes(self, method: str) -> bool:
        """True if its token endpoint supports this method of client authentication."""
        known = (await self._metadata.get()).get("token_endpoint_auth_methods_supported")
        return method in known if isinstance(known, list) else method == "client_secret_basic"

    async def prompt_for_another(self) -> str:
        """The value of ``prompt`` that lets people choose another account than the one they are in with."""
        known = (await self._metadata.get()).get("prompt_values_supported")
        # Without a list, the one that every provider knows: some refuse the other.
        return "select_account" if isinstance(known, list) and "select_account" in known else "login"

    async def key(self, header: Mapping[str, Any]) -> PyJWK:
        """The key that the header of a token names.

        Raises :class:`service.errors.Unauthorized`, :class:`ProviderUnavailable`.
        """
        kid, algorithm = header.get("kid"), header.get("alg")
        if algorithm not in ALGORITHMS:
            raise Unauthorized("The token is not signed in a way that is accepted.")
        keys = self._given if self._given is not None else await self._keys.get()
        found = _find(keys, kid, str(algorithm))
        if found is None and self._given is None:
            found = _find(await self._keys.get(newer=True), kid, str(algorithm))
        if found is None:
            raise Unauthorized("The token is signed with a key that its issuer does not have.")
        return found

    async def _fetch_metadata(self) -> Mapping[str, Any]:
        url = f"{self.provider.issuer.rstrip('/')}/.well-known/openid-configuration"
        status, content = await self.fetcher.fetch(self.provider, url)
        if status != 200 or content.get("issuer") != self.provider.issuer:
            told = str(content.get("issuer"))
            log.warning("%s: status %d, issuer %.200r", url, status, told)
            if told != self.provider.issuer and told.rstrip("/") == self.provider.issuer.rstrip("/"):
                log.warning(
                    "The issuer of the provider %s in the file of LOCCIT_SIGN_IN differs by the slash at its "
                    "end: write %.200r.",
                    self.provider.name,
                    told,
                )
            raise unavailable(self.provider)
        return content

    async def _fetch_keys(self) -> list[Any]:
        status, content = await self.fetcher.fetch(self.provider, await self.endpoint("jwks_uri"))
        keys = content.get("keys")
        if status != 200 or not isinstance(keys, list):
            raise unavailable(self.provider)
        return keys[:_MOST_KEYS]


def _find(keys: list[Any], kid: object, algorithm: str) -> PyJWK | None:
    """The key with an id, for signatures by this algorithm; without an id, the only one that fits."""
    found = []
    for one in keys:
        if not isinstance(one, dict) or one.get("use", "sig") != "sig" or "d" in one or "k" in one:
            continue
        if one.get("alg", algorithm) != algorithm or (kid is not None and one.get("kid") != kid):
            continue
        try:
            found.append(PyJWK(one, algorithm=algorithm))
        except (PyJWTError, ValueError, TypeError):  # of another type than the algorithm needs
            continue
    return found[0] if len(found) == 1 else None
