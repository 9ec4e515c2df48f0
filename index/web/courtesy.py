"""Fetching many pages without being a burden to anyone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from index.web.fetcher import Fetcher, Gate, OpenGate
from index.web.pages import Page
from index.web.robots import Robots
from index.web.urls import WebUrl


class PageSource(Protocol):
    """What a crawl takes its pages from: :class:`CourteousFetcher`, or a plain Fetcher."""

    def fetch(self, url: str, *, gate: Gate | None = None) -> Page: ...


class CourteousFetcher:
    """A Fetcher that does as robots.txt asks and waits between requests to one host.

    For one job, and not for several threads. ``clock`` and ``sleep`` are in seconds.
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
        """As :meth:`Fetcher.fetch`; raises :class:`index.web.RobotsRefused` too, at any hop."""
        return self._fetcher.fetch(url, gate=_CourtesyGate(gate or OpenGate(), self))

    def wait(self, url: WebUrl) -> None:
        """Sleep until the host may be asked again."""
        delay = self.robots.delay(url)
        now = self._clock()
        start = max(self._next.get(url.host, now), now)
        if start > now:
            self._sleep(start - now)
        self._next[url.host] = start + delay


class _CourtesyGate:
    def __init__(self, inner: Gate, fetcher: CourteousFetcher) -> None:
        self._inner = inner
        self._fetcher = fetcher

    def admit(self, url: WebUrl) -> None:
        self._inner.admit(url)
        self._fetcher.robots.check(url)
        self._fetcher.wait(url)

    def admit_type(self, url: WebUrl, media_type: str) -> None:
        self._inner.admit_type(url, media_type)
