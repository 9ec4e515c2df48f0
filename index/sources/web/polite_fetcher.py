"""Fetch many pages politely: follow robots.txt and wait between requests to a host."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from protego import Protego

from index.sources.web.config import PRODUCT
from index.sources.web.errors import (
    FetchFailed,
    PageTooLarge,
    RobotsRefused,
    UnexpectedStatus,
)
from index.sources.web.fetcher import Fetcher, Gate, OpenGate
from index.sources.web.pages import Page
from index.sources.web.urls import WebUrl, display_url


class PageSource(Protocol):
    """Fetches the pages of a crawl or sitemap: a :class:`PoliteFetcher`, or a plain Fetcher."""

    def fetch(self, url: str, *, gate: Gate | None = None) -> Page: ...


class PoliteFetcher:
    """A Fetcher that follows robots.txt and waits between requests to one host.

    Make one for each job; it is not thread-safe. ``clock`` and ``sleep`` are in seconds.
    """

    def __init__(
        self,
        fetcher: Fetcher,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._sleep = sleep
        self._next: dict[str, float] = {}
        self.robots = Robots(fetcher)

    def fetch(self, url: str, *, gate: Gate | None = None) -> Page:
        """Fetch as :meth:`Fetcher.fetch` does; also raises :class:`index.sources.web.RobotsRefused`."""
        return self._fetcher.fetch(url, gate=_PoliteGate(gate or OpenGate(), self))

    def wait(self, url: WebUrl) -> None:
        """Sleep until the host may be sent the next request."""
        delay = self.robots.delay(url)
        now = self._clock()
        start = max(self._next.get(url.host, now), now)
        if start > now:
            self._sleep(start - now)
        self._next[url.host] = start + delay


class _PoliteGate:
    def __init__(self, inner: Gate, fetcher: PoliteFetcher) -> None:
        self._inner = inner
        self._fetcher = fetcher

    def admit(self, url: WebUrl) -> None:
        self._inner.admit(url)
        self._fetcher.robots.check(url)
        self._fetcher.wait(url)

    def admit_type(self, url: WebUrl, media_type: str) -> None:
        self._inner.admit_type(url, media_type)


# Read robots.txt and check addresses against it (RFC 9309).
#
# Parsed by protego, because :mod:`urllib.robotparser` supports neither wildcards nor the rule that the
# longest match wins.


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
