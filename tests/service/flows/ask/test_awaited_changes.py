from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from index.collection import Collection
from index.embedding import WordEmbedder
from index.errors import ChangeNotFound, ChangeNotReached, CollectionNotFound
from index.ingest import Source
from index.library import Library
from service.errors import Overloaded
from service.flows.ask.awaited_changes import AwaitedChanges
from service.state.limits.permits import Permits
from service.state.limits.pools import Pool
from tests.patience import PATIENCE, eventually

pytestmark = pytest.mark.anyio

LAST = 2


class HeldLibrary(Library):
    """Opens collections, and holds them back while its gate is shut."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, embedder=WordEmbedder())
        self.gate = threading.Event()
        self.gate.set()
        self.held = 0

    def open(self, name: str, *, create: bool = False, model: str = "") -> Collection:
        collection = super().open(name, create=create, model=model)
        self.held += not self.gate.is_set()
        assert self.gate.wait(PATIENCE)
        return collection


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[HeldLibrary]:
    """A library whose collection is at change 1, of which another process has written change 2."""
    with HeldLibrary(tmp_path) as library:
        library.open("default", create=True).put(Source("a.txt", b"A lamp is lit."))
        with Library(tmp_path, embedder=WordEmbedder()) as other:
            other.open("default").put(Source("b.txt", b"A kettle boils."))
        yield library


@pytest.fixture
def pool(behind: HeldLibrary) -> Iterator[Pool]:
    pool = Pool("example", 1, Permits(1))
    yield pool
    behind.gate.set()
    pool.close()


async def held(library: HeldLibrary) -> None:
    await asyncio.to_thread(eventually, lambda: library.held)


async def test_a_question_waits_until_the_collection_was_followed(behind: HeldLibrary, pool: Pool) -> None:
    behind.gate.clear()
    waiting = asyncio.create_task(
        AwaitedChanges(behind, pool, seconds=PATIENCE).wait_for("default", LAST, "a")
    )
    await held(behind)
    assert pool.permits.taken == 1
    assert not waiting.done()
    behind.gate.set()
    with anyio.fail_after(PATIENCE):
        await waiting
    assert behind.reached("default") == LAST
    assert pool.permits.taken == 0


async def test_what_is_reached_already_takes_no_permit_and_no_look(behind: HeldLibrary) -> None:
    pool = Pool("example", 1, Permits(0))
    pool.close()
    await AwaitedChanges(behind, pool).wait_for("default", 1, "a")


async def test_only_so_many_wait(behind: HeldLibrary, pool: Pool) -> None:
    waits = AwaitedChanges(behind, pool, seconds=PATIENCE)
    behind.gate.clear()
    waiting = asyncio.create_task(waits.wait_for("default", LAST, "a"))
    await held(behind)
    with pytest.raises(Overloaded):
        await waits.wait_for("default", LAST, "a")
    behind.gate.set()
    await waiting


async def test_a_question_does_not_wait_for_ever(behind: HeldLibrary, pool: Pool) -> None:
    """Also where the record does not answer."""
    behind.gate.clear()
    with pytest.raises(ChangeNotReached, match="have reached change 1 here, and change 2 is asked for"):
        await AwaitedChanges(behind, pool, seconds=0.01).wait_for("default", LAST, "a")
    assert pool.permits.taken == 0


async def test_a_change_that_there_is_not_is_not_waited_for(behind: HeldLibrary, pool: Pool) -> None:
    with pytest.raises(ChangeNotFound, match="the collection is at change 2"):
        await AwaitedChanges(behind, pool).wait_for("default", LAST + 1, "a")


@pytest.mark.parametrize("is_made_again", [False, True])
async def test_a_collection_may_be_deleted_while_a_question_waits_for_it(
    behind: HeldLibrary, pool: Pool, is_made_again: bool
) -> None:
    behind.gate.clear()
    waiting = asyncio.create_task(
        AwaitedChanges(behind, pool, seconds=PATIENCE).wait_for("default", LAST, "a")
    )
    await held(behind)
    await asyncio.to_thread(behind.delete, "default")
    assert behind.reached("default") == 0
    if is_made_again:
        with Library(behind.data, embedder=WordEmbedder()) as other:
            other.open("default", create=True)
    behind.gate.set()
    with pytest.raises(ChangeNotFound if is_made_again else CollectionNotFound):
        await waiting


async def test_a_closed_collection_has_reached_nothing(behind: HeldLibrary) -> None:
    collection = behind.open("default")
    behind.delete("default")
    with pytest.raises(CollectionNotFound, match="'default' is deleted, or closed"):
        _ = collection.reached
    assert collection.lag.changes == 0
