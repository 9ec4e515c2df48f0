"""Questions that ask for at least a change wait until this process has followed the record so far."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from index.collection import Collection
from index.errors import ChangeNotReached
from service.asking.permits import Permits

WAIT_SECONDS = 5.0
"""How long a question waits at most."""


class AwaitedChanges:
    """Lets requests wait for changes of collections.

    ``look_at`` has this process look at a collection soon, and :meth:`followed` called afterwards. A request
    that waits has one of ``permits``, for at most ``seconds``.
    """

    def __init__(
        self, look_at: Callable[[str], object], permits: Permits, *, seconds: float = WAIT_SECONDS
    ) -> None:
        self.permits = permits
        self._look_at = look_at
        self._seconds = seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    async def wait_for(self, collection: Collection, change: int) -> None:
        """Wait until answers have a change, which the record has. Call it from one event loop only.

        Raises :class:`index.errors.ChangeNotReached`, :class:`service.errors.Overloaded`.
        """
        if collection.reached >= change:
            return
        with self.permits.acquire(), self._woken(collection.name) as woken:
            try:
                async with asyncio.timeout(self._seconds):
                    await self._reached(collection, change, woken)
            except TimeoutError:
                raise ChangeNotReached.of(collection.name, asked=change, reached=collection.reached) from None

    async def _reached(self, collection: Collection, change: int, woken: asyncio.Event) -> None:
        self._look_at(collection.name)
        while collection.reached < change:
            await woken.wait()
            woken.clear()

    @contextmanager
    def _woken(self, name: str) -> Iterator[asyncio.Event]:
        self._loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._waiting[name].add(woken)
        try:
            yield woken
        finally:
            self._waiting[name].remove(woken)
            if not self._waiting[name]:
                del self._waiting[name]

    def followed(self, name: str) -> None:
        """Wake those who wait for a collection, which this process has looked at. For any thread."""
        if self._loop is not None and name in self._waiting:
            self._loop.call_soon_threadsafe(self._wake, name)

    def _wake(self, name: str) -> None:
        for woken in self._waiting.get(name, ()):
            woken.set()
