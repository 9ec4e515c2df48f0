"""robots.txt, by RFC 9309.

Parsed with protego, since :mod:`urllib.robotparser` knows neither wildcards nor that the longest rule wins.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from protego import Protego

from index.web.config import PRODUCT
from index.web.errors import (
    FetchFailed,
    PageTooLarge,
    RobotsRefused,
    UnexpectedStatus,
)
from index.web.fetcher import Fetcher
from index.web.urls import WebUrl, shown

MAX_ROBOTS_BYTES = 512 * 1024
"""What follows is not read (RFC 9309, 2.5)."""

_MAX_SITES = 1000
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class _Rules:
    parsed: Protego | None
    """None for a site whose file could not be read: it is left alone (RFC 9309, 2.3.1.4)."""


class Robots:
    """The rules of the sites that one job visits, each read once. Not for several threads."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher
        self._sites: dict[tuple[str, str], _Rules] = {}

    def check(self, url: WebUrl) -> None:
        """Raises :class:`RobotsRefused` if the site asks this program not to fetch the page.

        Raises :class:`AddressRefused` if the site is not one that may be connected to.
        """
        rules = self._rules(url).parsed
        if rules is None:
            raise RobotsRefused(
                f"{shown(str(url))}: the site's robots.txt cannot be read, so that nobody knows what it "
                "allows. Try again later."
            )
        if not rules.can_fetch(str(url), PRODUCT):
            raise RobotsRefused(f"{shown(str(url))}: the site's robots.txt asks to leave this page out.")

    def delay(self, url: WebUrl) -> float:
        """Seconds between two requests to this site: as it asks, within the limits of the configuration."""
        config, rules = self._fetcher.config, self._rules(url).parsed
        asked = rules.crawl_delay(PRODUCT) if rules else None
        if asked is None or not math.isfinite(asked):
            asked = 0.0
        return min(max(asked, config.delay_seconds), config.max_delay_seconds)

    def sitemaps(self, url: WebUrl) -> list[str]:
        """The addresses of sitemaps that the site names."""
        rules = self._rules(url).parsed
        return list(rules.sitemaps) if rules else []

    def _rules(self, url: WebUrl) -> _Rules:
        site = (url.scheme, url.authority)
        if site not in self._sites:
            if len(self._sites) >= _MAX_SITES:
                del self._sites[next(iter(self._sites))]
            self._sites[site] = self._read(f"{url.scheme}://{url.authority}/robots.txt")
        return self._sites[site]

    def _read(self, address: str) -> _Rules:
        try:
            data = self._fetcher.fetch(address).data[:MAX_ROBOTS_BYTES]
        except UnexpectedStatus as error:
            missing = 400 <= error.status < 500 and error.status != _TOO_MANY_REQUESTS
            return _Rules(Protego.parse("") if missing else None)
        except (FetchFailed, PageTooLarge):
            return _Rules(None)
        return _Rules(Protego.parse(data.decode("utf-8-sig", "replace")))
