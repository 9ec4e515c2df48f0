"""What happens to work whose caller hangs up, to the turn of the event loop."""

from __future__ import annotations

import asyncio
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import Request

from service.errors import ClientGone
from service.faces.client import HttpClient
from service.faces.dependencies import writes_place, writes_place_after_body
from service.flows.ask.disconnection import unless_gone
from service.state.limits.pools import Pools

pytestmark = pytest.mark.anyio


class Caller:
    """The other end of a request, which hangs up when it is told to."""

    def __init__(self) -> None:
        self._gone = asyncio.Event()
        self.client = HttpClient(Request({"type": "http"}, self._receive))

    def hang_up(self) -> None:
        self._gone.set()

    async def _receive(self) -> dict[str, Any]:
        await self._gone.wait()
        return {"type": "http.disconnect"}


async def test_work_of_a_caller_who_stays_is_answered_with() -> None:
    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await unless_gone(Caller().client, work()) == "done"


async def test_work_of_a_caller_who_goes_is_dropped() -> None:
    caller = Caller()
    dropped = asyncio.Event()

    async def work() -> None:
        caller.hang_up()
        try:
            await asyncio.sleep(10)
        finally:
            dropped.set()

    with pytest.raises(ClientGone):
        await unless_gone(caller.client, work())
    assert dropped.is_set()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


@pytest.mark.parametrize("turns", range(8))
async def test_who_goes_as_the_work_ends_disturbs_nothing_later(turns: int) -> None:
    caller = Caller()
    vector: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def end() -> None:
        caller.hang_up()
        for _ in range(turns):
            await asyncio.sleep(0)
        vector.set_result("done")

    ending = asyncio.ensure_future(end())
    try:
        assert await unless_gone(caller.client, vector, after=0) == "done"
    except ClientGone:
        assert turns > 0
    for _ in range(5):  # nothing is cancelled afterwards
        await asyncio.sleep(0)
    await ending if not vector.cancelled() else await asyncio.gather(ending, return_exceptions=True)


async def test_what_the_work_raises_is_raised_and_cancelling_from_elsewhere_stays_so() -> None:
    async def broken() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await unless_gone(Caller().client, broken())
    task = asyncio.ensure_future(unless_gone(Caller().client, asyncio.sleep(10)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_write_that_nobody_waits_for_any_more_is_not_begun(method: str) -> None:
    """A process that stood still reads a request first, and then that its connection is closed."""
    gone = asyncio.Event()
    messages = [{"type": "http.request", "body": b"{}", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            asyncio.get_running_loop().call_soon(asyncio.get_running_loop().call_soon, gone.set)
            return messages.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": method, "state": {"principal": SimpleNamespace(holder="a")}}
    find = writes_place_after_body if method == "PUT" else writes_place
    with closing(Pools(max_requests=4, processes=1)) as pools:
        place = find(Request(scope, receive), pools)
        with pytest.raises(ClientGone):
            await anext(place)
        assert pools.writes.permits.taken == 0
