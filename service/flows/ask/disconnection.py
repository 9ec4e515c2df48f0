"""Stop work whose client has disconnected."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from service.errors import ClientGone
from service.flows.ask.client import Client

T = TypeVar("T")


async def unless_gone(client: Client, work: Awaitable[T]) -> T:
    """Await work; cancel it when the client disconnects. Raises :class:`ClientGone`."""
    task, gone, over = asyncio.current_task(), False, False
    watching = asyncio.ensure_future(client.disconnected())

    def drop(_: object) -> None:
        nonlocal gone
        # The disconnect may be noticed after the work has ended: later work must not be cancelled.
        if task is not None and not over:
            gone = task.cancel()

    watching.add_done_callback(drop)
    try:
        return await work
    except asyncio.CancelledError:
        # Cancelled by someone else, too: let that cancellation through.
        if gone and task is not None and task.uncancel() == 0:
            raise ClientGone("The client disconnected.") from None
        raise
    finally:
        over = True
        watching.cancel()
