from __future__ import annotations

import threading
from collections.abc import Sequence

import anyio
import pytest

from index.embedding import WordEmbedder
from index.errors import ModelDamaged, ModelFailed
from index.types import Vectors
from service.errors import NotReady
from service.flows.ask.batching import Encoded, QuestionQueue
from tests.patience import PATIENCE
from tests.service.http_service import GatedEmbedder

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


async def test_waiting_for_the_model_and_its_work_are_measured_apart(embedder: GatedEmbedder) -> None:
    now = 0.0

    def embed(questions: Sequence[str]) -> Vectors:
        nonlocal now
        vectors = embedder.embed_queries(questions)
        now += 2.0
        return vectors

    queue = QuestionQueue(embed, max_batch=8, clock=lambda: now)
    embedder.gate.clear()
    times: dict[str, tuple[float, float]] = {}

    async def ask(question: str) -> None:
        (encoded,) = await queue.encode([question])
        times[question] = encoded.queue_ms, encoded.encode_ms

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(ask, "first")
            await until(lambda: embedder.batches)
            now = 1.0
            group.start_soon(ask, "second")
            await until(lambda: queue.waiting == 1)
            embedder.gate.set()
    # The first batch takes from 0 to 3. The second question comes at 1, and its batch takes from 3 to 5.
    assert times == {"first": (0.0, 3000.0), "second": (2000.0, 2000.0)}
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


async def test_the_same_question_at_the_same_moment_is_embedded_once(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=8)
    embedder.gate.clear()
    found: list[list[Encoded]] = []

    async def ask(*questions: str) -> None:
        found.append(await queue.encode(questions))

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(ask, "first")
            await until(lambda: embedder.batches)
            for questions in (("first", "second"), ("second", "second"), ("third", "first")):
                group.start_soon(ask, *questions)
            await until(lambda: queue.waiting == 2)
            embedder.gate.set()
    assert embedder.batches == [["first"], ["second", "third"]]
    assert sorted(map(len, found)) == [1, 2, 2, 2]
    expected = {text: WordEmbedder().embed_queries([text])[0].tolist() for text in ("first", "second")}
    (alone,) = (one for one in found if len(one) == 1)
    assert alone[0].vector.tolist() == expected["first"]
    (twice,) = (one for one in found if len({id(part.vector) for part in one}) == 1 and len(one) == 2)
    assert [one.vector.tolist() for one in twice] == [expected["second"]] * 2
    # Nothing is remembered here: asked again, it is embedded again.
    await queue.encode(["first"])
    assert embedder.batches[2:] == [["first"]]
    await queue.stop()


@pytest.mark.parametrize("in_batch", [True, False])
async def test_who_goes_leaves_the_same_question_to_the_others(
    embedder: GatedEmbedder, in_batch: bool
) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=8)
    embedder.gate.clear()
    found: list[Encoded] = []

    async def stays() -> None:
        found.extend(await queue.encode(["same"]))

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            if not in_batch:
                group.start_soon(queue.encode, ["another"])
                await until(lambda: embedder.batches)
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as leaving:
                    leaving.start_soon(queue.encode, ["same"])
                    await anyio.sleep(0.02)
                    group.start_soon(stays)
                    await anyio.sleep(0.02)
                    leaving.cancel_scope.cancel()
            assert not scope.cancelled_caught
            assert queue.waiting == (0 if in_batch else 1)
            embedder.gate.set()
    assert embedder.batches.count(["same"]) == 1
    assert found[0].vector.tolist() == WordEmbedder().embed_queries(["same"])[0].tolist()
    await queue.stop()


async def test_who_comes_back_joins_the_batch_that_everyone_left(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=8)
    embedder.gate.clear()
    with anyio.fail_after(PATIENCE):
        with anyio.move_on_after(0.05):
            await queue.encode(["same"])
        async with anyio.create_task_group() as group:
            group.start_soon(queue.encode, ["same"])
            await anyio.sleep(0.02)
            embedder.gate.set()
    assert embedder.batches == [["same"]]
    await queue.stop()


async def test_a_question_that_failed_is_embedded_when_it_is_asked_again(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=8, cache_size=8)
    embedder.failure = RuntimeError("it broke")
    with anyio.fail_after(PATIENCE), pytest.raises(ModelFailed):
        await queue.encode(["same", "same"])
    embedder.failure = None
    assert queue.find_cached(["same"]) is None
    assert len(await queue.encode(["same"])) == 1
    assert len(embedder.batches) == 2
    await queue.stop()


async def test_vectors_of_the_last_questions_are_known(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=8, cache_size=2)
    (first,) = await queue.encode(["first"])
    (again, _) = await queue.encode(["first", "second"])
    assert again.vector.tolist() == first.vector.tolist()
    assert (again.queue_ms, again.encode_ms) == (0, 0)
    assert first.encode_ms > 0
    assert embedder.batches == [["first"], ["second"]]
    known = queue.find_cached(["second", "first"])
    assert known is not None
    expected = WordEmbedder().embed_queries(["second", "first"])
    assert [one.vector.tolist() for one in known] == expected.tolist()
    await queue.encode(["third"])
    assert queue.find_cached(["second"]) is None
    assert queue.find_cached(["first", "third", "second"]) is None
    assert queue.find_cached(["first", "third"]) is not None
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


async def test_callers_take_turns_in_the_batches(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=4)
    embedder.gate.clear()
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(queue.encode, ["first"])
            await until(lambda: embedder.batches)
            many = [f"a{number}" for number in range(10)]
            group.start_soon(lambda: queue.encode(many, holder="a"))
            await until(lambda: queue.waiting == 10)
            group.start_soon(lambda: queue.encode(["b0"], holder="b"))
            # What somebody else has asked for before waits in the turn of whoever comes first.
            group.start_soon(lambda: queue.encode(["a9", "c0"], holder="c"))
            await until(lambda: queue.waiting == 12)
            embedder.gate.set()
    assert embedder.batches[1] == ["a0", "b0", "a9", "a1"]
    assert embedder.batches[2] == ["c0", "a2", "a3", "a4"]
    assert sum(map(len, embedder.batches)) == 13
    await queue.stop()


async def test_long_questions_make_small_batches(embedder: GatedEmbedder) -> None:
    queue = QuestionQueue(embedder.embed_queries, max_batch=32)
    embedder.gate.clear()
    long = [f"{number} " + "lamp " * 390 for number in range(10)]
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as group:
            group.start_soon(queue.encode, ["first"])
            await until(lambda: embedder.batches)
            group.start_soon(queue.encode, ["lamp " * 5000, *long])
            await until(lambda: queue.waiting == 11)
            embedder.gate.set()
    assert [len(batch) for batch in embedder.batches] == [1, 1, 4, 4, 2]
    assert [question for batch in embedder.batches[2:] for question in batch] == long
    await queue.stop()
