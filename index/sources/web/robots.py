"""Read robots.txt and check addresses against it (RFC 9309).

Parsed by protego, because :mod:`urllib.robotparser` supports neither wildcards nor the rule that the longest
match wins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from protego import Protego

from index.sources.web.config import PRODUCT
from index.sources.web.errors import (
    FetchFailed,
    PageTooLarge,
    RobotsRefused,
    UnexpectedStatus,
)
from index.sources.web.fetcher import Fetcher
from index.sources.web.urls import WebUrl, display_url

MAX_ROBOTS_BYTES = 512 * 1024
"""The rest of a longer file is ignored (RFC 9309, 2.5)."""

_MAX_SITES = 1000
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class _Rules:
    parsed: Protego | None
    """None if the file could not be read: then the whole site is off limits (RFC 9309, 2.3.1.4)."""


class Robots:
    """The robots.txt rules of the sites that one job visits, each read once. Not thread-safe."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._sites: dict[tuple[str, str], _Rules] = {}

    def check(self, url: WebUrl) -> None:
        """Raise :class:`RobotsRefused` if the site does not allow this program to fetch the page.

        Raises :class:`AddressRefused` if the site may not be connected to.
        """
        rules = self._rules(url).parsed
        if rules is None:
            raise RobotsRefused(
                f"{display_url(url)}: the site's robots.txt cannot be read, so that it is unknown what the "
                "site allows. Try again later."
            )
        if not rules.can_fetch(str(url), PRODUCT):
            raise RobotsRefused(f"{display_url(url)}: the site's robots.txt disallows this page.")

    def delay(self, url: WebUrl) -> float:
        """Seconds between two requests to this site: its own crawl delay, within the configured limits."""
        config, rules = self._fetcher.config, self._rules(url).parsed
        asked = rules.crawl_delay(PRODUCT) if rules else None
        if asked is None or not math.isfinite(asked):
            asked = 0.0
        return min(max(asked, config.delay_seconds), config.max_delay_seconds)

    def sitemaps(self, url: WebUrl) -> list[str]:
        """The addresses of the sitemaps that the site's robots.txt lists."""
        rules = self._rules(url).parsed
        return list(rules.sitemaps) if rules else []

    def _rules(self, url: WebUrl) -> _Rules:
        site = (url.scheme, url.authority)
        if site not in self._sites:
            if len(self._sites) >= _MAX_SITES:
                del self._sites[next(iter(self._sites))]
            self._sites[site] = self._fetch_rules(f"{url.scheme}://{url.authority}/robots.txt")
        return self._sites[site]

    def _fetch_rules(self, address: str) -> _Rules:
        try:
            data = self._fetcher.fetch(address).data[:MAX_ROBOTS_BYTES]
        except UnexpectedStatus as error:
            missing = 400 <= error.status < 500 and error.status != _TOO_MANY_REQUESTS
            return _Rules(Protego.parse("") if missing else None)
        except (FetchFailed, PageTooLarge):
            return _Rules(None)
        return _Rules(Protego.parse(data.decode("utf-8-sig", "replace")))
