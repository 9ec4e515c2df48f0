"""Questions that ask for at least a change wait until this process has followed the record so far."""

import asyncio

from index.errors import ChangeNotReached
from index.library import Library
from service.state.limits.pools import Pool

WAIT_SECONDS = 5.0
"""How long a question waits at most."""
LOOK_SECONDS = 0.25
"""Pause before another look, after one that did not bring the change."""


class AwaitedChanges:
    """Has this process follow collections up to changes that requests wait for.

    A request that waits has a permit of ``pool``, whose threads look at the record, for at most ``seconds``.
    """

    def __init__(self, library: Library, pool: Pool, *, seconds: float = WAIT_SECONDS) -> None:
        self._library = library
        self._pool = pool
        self._seconds = seconds

    async def wait_for(self, name: str, change: int, holder: str) -> None:
        """Wait until answers from a collection have a change, with a permit of ``holder``.

        Raises :class:`index.errors.ChangeNotFound`, :class:`index.errors.ChangeNotReached`,
        :class:`service.errors.Overloaded`, and what :meth:`index.library.Library.open` raises.
        """
        if self._library.reached(name) >= change:
            return
        with self._pool.admit(holder) as place:
            try:
                async with asyncio.timeout(self._seconds):
                    while not await place.run(self._follow, name, change):  # noqa: ASYNC110 -- nobody tells
                        await asyncio.sleep(LOOK_SECONDS)
            except TimeoutError:
                reached = self._library.reached(name)
                raise ChangeNotReached.of(name, asked=change, reached=reached) from None

    def _follow(self, name: str, change: int) -> bool:
        """Follow the record if it has a change; whether answers have it now."""
        collection = self._library.open(name)
        try:
            collection.require_change(change)
            if collection.reached < change:
                collection.refresh()
            return collection.reached >= change  # noqa: TRY300 -- it may be closed by then
        except Exception:
            if self._library.open(name) is collection:
                raise
            return False  # another has its name now
