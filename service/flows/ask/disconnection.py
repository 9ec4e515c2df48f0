"""Stop work whose client has disconnected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import ParamSpec, Protocol, TypeVar

from service.errors import ClientGone
from service.state.limits.pools import Place

P = ParamSpec("P")
T = TypeVar("T")

_UNWATCHED_SECONDS = 0.01


async def unless_gone(client: Client, work: Awaitable[T], *, after: float = _UNWATCHED_SECONDS) -> T:
    """Await work; cancel it when the client disconnects. Raises :class:`ClientGone`.

    The client is watched ``after`` so many seconds.
    """
    task, gone, over = asyncio.current_task(), False, False
    watching: asyncio.Future[None] | None = None

    def watch() -> None:
        nonlocal watching
        watching = asyncio.ensure_future(client.disconnected())
        watching.add_done_callback(drop)

    def drop(_: object) -> None:
        nonlocal gone
        # The disconnect may be noticed after the work has ended: later work must not be cancelled.
        if task is not None and not over:
            gone = task.cancel()

    # A task takes longer to make than a timer, and most work ends before it would tell anything.
    timer = asyncio.get_running_loop().call_later(after, watch)
    try:
        return await work
    except asyncio.CancelledError:
        # Cancelled by someone else, too: let that cancellation through.
        if gone and task is not None and task.uncancel() == 0:
            raise ClientGone("The client disconnected.") from None
        raise
    finally:
        over = True
        timer.cancel()
        if watching is not None:
            watching.cancel()


class WatchedPlace:
    """A place in a pool of a request that only reads: its calls are dropped when the client disconnects."""

    def __init__(self, client: Client, place: Place) -> None:
        self._client = client
        self._place = place

    @property
    def is_left(self) -> bool:
        """True once the client no longer waits for the result. Any thread may read it."""
        return self._place.is_left

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a blocking call in a thread. Raises :class:`service.errors.ClientGone`."""
        return await unless_gone(self._client, self._place.run(function, *args, **kwargs))


# The client of a request, as flows know it.


class Client(Protocol):
    """The sender of a request, who may disconnect, and the records that are kept of the request."""

    async def disconnected(self) -> None:
        """Return once the client has disconnected."""

    def audit(self, entry: Mapping[str, object]) -> None:
        """Add fields to the request's entry in the audit log."""

    def record_stages(self, stages: Sequence[Mapping[str, float]]) -> None:
        """Record the stage times, in milliseconds, of each question of the request."""
