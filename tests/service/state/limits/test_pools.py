"""Threads that callers share: whose call runs next, and what becomes of calls when the pool is closed."""

from __future__ import annotations

import asyncio
import threading
from contextvars import ContextVar

import pytest

from service.errors import NotReady
from service.state.limits.permits import Permits
from service.state.limits.pools import Pool
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio

_named: ContextVar[str] = ContextVar("named", default="")


class Gate:
    """Holds the threads that pass it until it is opened."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.entered = threading.Semaphore(0)

    def hold(self) -> None:
        self.entered.release()
        assert self.opened.wait(PATIENCE)

    async def until_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.acquire, timeout=PATIENCE)


async def test_callers_take_turns_in_the_threads() -> None:
    pool, gate, ran = Pool("example", 1, Permits(32)), Gate(), []
    with pool.admit("a") as first, pool.admit("b") as other:
        calls = [first.run(gate.hold)]
        await gate.until_entered()
        calls += [first.run(ran.append, f"a{number}") for number in range(20)]
        calls += [other.run(ran.append, f"b{number}") for number in range(2)]
        gate.opened.set()
        await asyncio.gather(*calls)
    assert ran[:4] == ["a0", "b0", "a1", "b1"]
    assert ran[4:] == [f"a{number}" for number in range(2, 20)]
    pool.close()


async def test_one_caller_leaves_a_thread_to_the_others() -> None:
    pool, gate = Pool("example", 3, Permits(32), most_each=2), Gate()
    with pool.admit("a") as many, pool.admit("b") as other:
        held = [many.run(gate.hold) for _ in range(6)]
        await gate.until_entered()
        await gate.until_entered()
        assert await other.run(lambda: "b") == "b"
        assert not gate.entered.acquire(blocking=False), "a third thread"
        gate.opened.set()
        await asyncio.gather(*held)
    pool.close()


async def test_a_call_has_the_context_result_and_error_of_its_own() -> None:
    pool = Pool("example", 1, Permits(2))

    def broken() -> None:
        raise KeyError

    with pool.admit("a") as place:
        _named.set("here")
        assert await place.run(_named.get) == "here"
        with pytest.raises(KeyError):
            await place.run(broken)
        assert await place.run(divmod, 7, 2) == (3, 1)
        assert not place.is_left
    assert place.is_left
    pool.close()


async def test_a_call_that_nobody_waits_for_does_not_begin() -> None:
    pool, gate, ran = Pool("example", 1, Permits(32)), Gate(), []
    with pool.admit("a") as place:
        held = place.run(gate.hold)
        await gate.until_entered()
        dropped = place.run(ran.append, "dropped")
        after = place.run(ran.append, "after")
        dropped.cancel()
        await asyncio.sleep(0)  # the loop tells the thread
        gate.opened.set()
        await asyncio.gather(held, after)
    assert ran == ["after"]
    pool.close()


async def test_a_closed_pool_refuses_what_waits_and_what_comes() -> None:
    pool, gate = Pool("example", 1, Permits(32)), Gate()
    with pool.admit("a") as place:
        held, waiting = place.run(gate.hold), place.run(lambda: "never")
        await gate.until_entered()
        closing = asyncio.create_task(asyncio.to_thread(pool.close))
        with pytest.raises(NotReady, match="Send the request again"):
            await waiting
        gate.opened.set()
        await held
        await closing
        with pytest.raises(NotReady):
            await place.run(lambda: "late")
    with pytest.raises(NotReady):
        await pool.run(lambda: "later")
