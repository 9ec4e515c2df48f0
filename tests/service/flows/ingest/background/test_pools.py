from __future__ import annotations

import asyncio
import threading

import anyio
import anyio.to_thread
import pytest

from service.errors import NotReady
from service.state.limits.pools import Pool, Pools
from tests.patience import PATIENCE, eventually

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "name",
    [
        "questions",
        "history",
        "awaited_changes",
        "texts",
        "verifying",
        "lookups",
        "ranking",
        "drawing",
        "writes",
        "embedding",
    ],
)
async def test_no_kind_of_work_waits_for_another(name: str) -> None:
    pools = Pools(max_requests=32, processes=1)
    free: Pool = getattr(pools, name)
    others = [pool for pool in vars(pools).values() if pool is not free]
    assert len(others) == 9
    gate = threading.Event()
    waiting = [pool.run(gate.wait, PATIENCE) for pool in others for _ in range(20)]
    with anyio.fail_after(PATIENCE / 2):
        assert await free.run(lambda: "done") == "done"
    gate.set()
    await asyncio.gather(*waiting)
    pools.close()


async def test_a_pool_runs_as_many_calls_at_once_as_it_has_threads() -> None:
    pool = Pool("example", 2)
    gate = threading.Event()
    running: list[str] = []

    def work() -> None:
        running.append(threading.current_thread().name)
        gate.wait(PATIENCE)

    calls = [pool.run(work) for _ in range(5)]
    await anyio.to_thread.run_sync(eventually, lambda: len(running) == 2)
    assert {name.rpartition("_")[0] for name in running} == {"loccit-example"}
    gate.set()
    await asyncio.gather(*calls)
    assert len(running) == 5
    pool.close()


async def test_closing_waits_for_what_runs_and_refuses_what_has_not_begun() -> None:
    pool = Pool("example", 1)
    begun, gate = threading.Event(), threading.Event()
    ended: list[str] = []

    def work() -> None:
        begun.set()
        gate.wait(PATIENCE)
        ended.append("first")

    async def refused() -> None:
        with pytest.raises(NotReady, match="Send the request again"):
            await pool.run(ended.append, "second")

    async with anyio.create_task_group() as tasks:
        first = pool.run(work)
        await anyio.to_thread.run_sync(begun.wait, PATIENCE)
        tasks.start_soon(refused)
        await anyio.wait_all_tasks_blocked()
        closing = threading.Thread(target=pool.close)
        closing.start()
        await anyio.sleep(0.02)
        assert closing.is_alive()
        gate.set()
        await anyio.to_thread.run_sync(closing.join, PATIENCE)
    await first
    assert ended == ["first"]
