"""Requests to providers: to the addresses of the settings alone, with bounds of time and size."""

import asyncio
import json
import logging
from functools import cached_property
from typing import Any

import httpx

from service.errors import ProviderUnavailable
from service.settings.sign_in import Provider

log = logging.getLogger("loccit.service")

_SECONDS = 10.0
_LONGEST_BODY = 1_000_000
_NO_REPLY = (httpx.HTTPError, TimeoutError)


class Fetcher:
    """Reads JSON from providers, from one event loop. A ``transport`` takes the place of the network."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._transport = transport

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        """Made for the first request: it reads all certificates, which most services need for nobody."""
        # Only the settings decide whom it asks: no proxies of the environment, and no redirects.
        return httpx.AsyncClient(
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            timeout=_SECONDS,
            trust_env=False,
            follow_redirects=False,
            transport=self._transport,
        )

    async def close(self) -> None:
        """Close the connections."""
        if "_client" in vars(self):
            await self._client.aclose()

    async def fetch(
        self,
        provider: Provider,
        url: str,
        *,
        form: dict[str, str] | None = None,
        auth: httpx.Auth | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object of a reply. Raises :class:`ProviderUnavailable`.

        A form is sent by ``POST``.
        """
        if not provider.has_address(url):
            log.warning("%s names an address on another host: %.200s", provider.issuer, url)
            raise unavailable(provider)
        method = "GET" if form is None else "POST"
        try:
            async with (
                asyncio.timeout(_SECONDS),
                self._client.stream(method, url, data=form, auth=auth, headers=headers) as response,
            ):
                body = await _read(response)
            content = json.loads(body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError) as error:
            log.warning("%.200s: %s", url, type(error).__name__)
            raise unavailable(provider, has_replied=not isinstance(error, _NO_REPLY)) from None
        if not isinstance(content, dict):
            raise unavailable(provider, has_replied=True)
        return response.status_code, content


def unavailable(provider: Provider, *, has_replied: bool = False) -> ProviderUnavailable:
    """The error of a provider that does not answer as it should."""
    return ProviderUnavailable(
        f"The provider {provider.title} cannot be reached, or its answer cannot be used. Try again later.",
        has_replied=has_replied,
    )


async def _read(response: httpx.Response) -> bytes:
    """The body, as it was sent. Raises ValueError for one that is compressed or too long."""
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ValueError
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > _LONGEST_BODY:
            raise ValueError
    return bytes(body)
