from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from index.collection import Collection
from index.embedding import WordEmbedder
from index.errors import ChangeNotReached
from index.ingest import Source
from index.library import Library
from service.asking.awaited_changes import AwaitedChanges
from service.asking.permits import Permits
from service.errors import Overloaded
from tests.patience import PATIENCE

pytestmark = pytest.mark.anyio

LAST = 2


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[Collection]:
    """A collection at change 1, of which another process has written change 2."""
    with Library(tmp_path, embedder=WordEmbedder()) as library:
        collection = library.open("default", create=True)
        collection.put(Source("a.txt", b"A lamp is lit."))
        with Library(tmp_path, embedder=WordEmbedder()) as other:
            other.open("default").put(Source("b.txt", b"A kettle boils."))
        yield collection


class Waits(AwaitedChanges):
    """Tells which collections are to be looked at."""

    def __init__(self, *, most: int = 1, seconds: float = PATIENCE) -> None:
        self.looks: asyncio.Queue[str] = asyncio.Queue()
        super().__init__(self.looks.put_nowait, Permits(most), seconds=seconds)


@asynccontextmanager
async def waiting(waits: Waits, collection: Collection) -> AsyncIterator[asyncio.Task[None]]:
    """A question that waits for the last change, and must not wait any more at the end."""
    task = asyncio.create_task(waits.wait_for(collection, LAST))
    with anyio.fail_after(PATIENCE):
        assert await waits.looks.get() == "default"
        yield task
        await task


async def test_a_question_waits_until_the_collection_was_followed(behind: Collection) -> None:
    waits = Waits()
    async with waiting(waits, behind) as task:
        assert waits.permits.taken == 1
        await asyncio.to_thread(waits.followed, "default")  # to an earlier change
        await asyncio.to_thread(waits.followed, "other")
        for _ in range(3):
            await asyncio.sleep(0)
        assert not task.done()
        behind.refresh()
        await asyncio.to_thread(waits.followed, "default")
    assert behind.reached == LAST
    assert waits.permits.taken == 0
    waits.followed("default")  # nobody waits


async def test_what_is_reached_already_takes_no_permit(behind: Collection) -> None:
    waits = Waits(most=0)
    await waits.wait_for(behind, 1)
    assert waits.looks.empty()


async def test_only_so_many_wait(behind: Collection) -> None:
    waits = Waits()
    async with waiting(waits, behind):
        with pytest.raises(Overloaded):
            await waits.wait_for(behind, LAST)
        behind.refresh()
        waits.followed("default")


async def test_a_question_does_not_wait_for_ever(behind: Collection) -> None:
    waits = Waits(seconds=0.0)
    with pytest.raises(ChangeNotReached, match="have reached change 1 here, and change 2 is asked for"):
        await waits.wait_for(behind, LAST)
    assert waits.permits.taken == 0
