from __future__ import annotations

import threading

import anyio
import pytest

from index.embedding import WordEmbedder
from index.errors import ModelDamaged, ModelFailed
from index.types import Vectors
from service.batching import Encoded, Permits, QuestionQueue
from service.errors import NotReady, Overloaded
from tests.service.http_service import PATIENCE, GatedEmbedder

pytestmark = pytest.mark.anyio


async def until(condition: object) -> None:
    assert callable(condition)
    with anyio.fail_after(PATIENCE):
        while not condition():  # noqa: ASYNC110 -- of a thread, which sets no event
            await anyio.sleep(0.002)


async def test_a_question_gets_its_own_vector(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=4)
    found: dict[str, Encoded] = {}

    async def ask(question: str) -> None:
        (found[question],) = await queue.encode([question])

    questions = [f"question number {number}" for number in range(20)]
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            for question in questions:
                group.start_soon(ask, question)
    expected = WordEmbedder().embed_queries(questions)
    for question, vector in zip(questions, expected, strict=True):
        assert found[question].vector.tolist() == vector.tolist()
        assert found[question].encode_ms > 0
        assert found[question].queue_ms >= 0
    assert max(map(len, embedder.batches)) <= 4
    await queue.stop()


async def test_what_comes_while_the_model_works_is_one_batch(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=8)
    embedder.gate.clear()
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(queue.encode, ["first"])
            await until(lambda: embedder.batches)
            for question in ("second", "third", "fourth"):
                group.start_soon(queue.encode, [question])
            await until(lambda: queue.waiting == 3)
            embedder.gate.set()
    assert embedder.batches == [["first"], ["second", "third", "fourth"]]
    await queue.stop()


async def test_a_long_list_is_cut_into_batches_and_comes_back_in_order(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=3)
    questions = [f"number {number}" for number in range(8)]
    with anyio.fail_after(PATIENCE):
        encoded = await queue.encode(questions)
    expected = WordEmbedder().embed_queries(questions)
    assert [one.vector.tolist() for one in encoded] == expected.tolist()
    assert [len(batch) for batch in embedder.batches] == [3, 3, 2]
    await queue.stop()


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (RuntimeError("secret"), ModelFailed),
        (MemoryError(), ModelFailed),
        (SystemExit(1), ModelFailed),
        (ModelDamaged("The files are damaged."), ModelDamaged),
    ],
)
async def test_a_batch_that_fails_fails_each_waiter_and_the_next_one_works(
    embedder: GatedEmbedder, failure: Exception, expected: type[Exception]
) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=8)
    raised: list[Exception] = []

    async def ask(*questions: str) -> None:
        with pytest.raises(expected) as caught:
            await queue.encode(questions)
        raised.append(caught.value)

    embedder.failure = failure
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            for questions in (("a",), ("b", "c"), ("d",)):
                group.start_soon(ask, *questions)
        assert len({id(error) for error in raised}) == 3
        assert not any("secret" in str(error) for error in raised)
        embedder.failure = None
        assert await queue.encode(["e"])
    await queue.stop()


async def test_a_model_that_gives_too_few_vectors_fails() -> None:
    def short(texts: object) -> Vectors:
        return WordEmbedder().embed_queries(["one"])

    queue = QuestionQueue(short, max_batch=8)
    with anyio.fail_after(PATIENCE), pytest.raises(ModelFailed):
        await queue.encode(["a", "b"])
    await queue.stop()


async def test_who_is_cancelled_leaves_the_queue(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=8)
    embedder.gate.clear()
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(queue.encode, ["first"])
            await until(lambda: embedder.batches)
            group.start_soon(queue.encode, ["stays"])
            with anyio.move_on_after(0.05) as scope:
                await queue.encode(["goes", "goes too"])
            assert scope.cancelled_caught
            assert queue.waiting == 1
            embedder.gate.set()
    assert embedder.batches == [["first"], ["stays"]]
    await queue.stop()


async def test_who_is_cancelled_in_a_batch_does_not_harm_it(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=8)
    embedder.gate.clear()
    with anyio.fail_after(PATIENCE):
        with anyio.move_on_after(0.05):
            await queue.encode(["goes"])
        embedder.gate.set()
        assert await queue.encode(["comes"])
    await queue.stop()


async def test_stopping_turns_away_who_waits_and_finishes_what_is_worked_on(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=1)
    embedder.gate.clear()
    done: list[str] = []

    async def ask(question: str) -> None:
        try:
            await queue.encode([question])
            done.append(question)
        except NotReady:
            done.append(f"not {question}")

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(ask, "first")
            await until(lambda: embedder.batches)
            group.start_soon(ask, "second")
            await until(lambda: queue.waiting == 1)
            group.start_soon(queue.stop)
            await until(lambda: done)
            embedder.gate.set()
    assert done == ["not second", "first"]
    with pytest.raises(NotReady):
        await queue.encode(["third"])


async def test_stopping_does_not_wait_for_ever() -> None:
    release = threading.Event()

    def stuck(texts: object) -> Vectors:
        release.wait(PATIENCE)
        return WordEmbedder().embed_queries(["one"])

    queue = QuestionQueue(stuck, max_batch=1)
    with anyio.fail_after(PATIENCE / 2):
        async with anyio.create_task_group() as group:

            async def ask() -> None:
                with pytest.raises(NotReady):
                    await queue.encode(["first"])

            group.start_soon(ask)
            await anyio.sleep(0.02)
            await queue.stop(seconds=0.05)
    release.set()


async def test_permits_are_refused_at_once_and_given_back() -> None:
    permits = Permits(2)
    with permits.one(), permits.one():
        with pytest.raises(Overloaded), permits.one():
            pass
        assert permits.taken == 2
    with pytest.raises(KeyError), permits.one():
        raise KeyError
    assert permits.taken == 0
