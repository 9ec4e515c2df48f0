"""Fetch many pages politely: follow robots.txt and wait between requests to a host."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from index.sources.web.fetcher import Fetcher, Gate, OpenGate
from index.sources.web.pages import Page
from index.sources.web.robots import Robots
from index.sources.web.urls import WebUrl


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
