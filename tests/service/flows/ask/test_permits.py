"""Who is let in."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.types import Message

from index.library import Library
from service.errors import Overloaded
from service.state.limits.permits import ElasticPermits, Permits
from tests.patience import eventually
from tests.service.http_service import GatedEmbedder, app_of, live


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def permits(clock: Clock) -> ElasticPermits:
    return ElasticPermits(32, least=2, clock=clock)


def refused(permits: Permits, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Overloaded):
            permits.require()


def test_permits_are_refused_at_once_and_given_back() -> None:
    permits = Permits(2)
    with permits.acquire(), permits.acquire():
        with pytest.raises(Overloaded, match="answering 2 requests"), permits.acquire():
            pass
        assert permits.taken == 2
        assert permits.limit == 2
    with pytest.raises(KeyError), permits.acquire():
        raise KeyError
    assert permits.taken == 0


def test_while_many_are_refused_fewer_are_let_in(clock: Clock, permits: ElasticPermits) -> None:
    permits.taken = 32
    refused(permits, 31)
    assert permits.limit == 2, "nobody was let in"
    permits = ElasticPermits(32, least=2, clock=clock)
    for _ in range(30):
        with permits.acquire():
            pass
    permits.taken = 32
    refused(permits, 10)
    assert permits.limit == round(32 * (1 - 10 / 50) ** 2)
    refused(permits, 190)
    assert permits.limit == 2


def test_a_few_refusals_do_not_lock_others_out_while_long_requests_hold_places(
    clock: Clock, permits: ElasticPermits
) -> None:
    permits.taken = 32
    refused(permits, 40)
    permits.taken = 8
    let_in = 0
    for _ in range(50):
        clock.now += 0.2
        with contextlib.suppress(Overloaded), permits.acquire():
            let_in += 1
    assert let_in > 40


def test_who_was_turned_away_from_a_burst_finds_room_when_it_is_over(
    clock: Clock, permits: ElasticPermits
) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(32):
            held.enter_context(permits.acquire())
        refused(permits, 32)
        assert permits.limit < 32
        clock.now += 0.3
    assert permits.limit < 32, "the next may be about to come"
    clock.now += 0.1
    assert permits.limit == 32


def test_some_seconds_later_there_are_as_many_as_before(clock: Clock, permits: ElasticPermits) -> None:
    permits.taken = 32
    refused(permits, 1000)
    permits.taken = 1
    limits = []
    for _ in range(12):
        clock.now += 1.0
        limits.append(permits.limit)
    assert limits == sorted(limits)
    assert (limits[0], limits[-1]) == (2, 32)


def test_while_many_are_refused_nobody_let_in_queues_for_the_model(
    clock: Clock, permits: ElasticPermits
) -> None:
    permits.taken = 32
    refused(permits, 1000)
    permits.taken = 0
    with permits.acquire():
        with permits.waiting():
            refused(permits, 1)
        with permits.acquire():  # the model is done with the first
            refused(permits, 1)
    assert permits.taken == 0


def test_a_queue_for_the_model_is_for_moments(permits: ElasticPermits) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(32):
            held.enter_context(permits.acquire())
            held.enter_context(permits.waiting())
        refused(permits, 1)


def test_there_is_always_something_to_do(clock: Clock) -> None:
    permits = ElasticPermits(1, least=3, clock=clock)
    with permits.acquire():
        refused(permits, 100)
    assert permits.limit == 1
    with permits.acquire():
        pass


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("headers", "parts", "is_kept"),
    [
        ([(b"content-length", b"4")], [b"1234"], True),
        ([(b"content-length", b"4")], [b"12", b"34"], True),
        ([], [b"x" * 40_000, b"x" * 40_000, b"x" * 40_000], False),
        ([(b"content-length", b"100000")], [], False),
        ([(b"content-length", b"4"), (b"expect", b"100-continue")], [], False),
        ([(b"content-length", b"4")], [b"12", None], False),
    ],
    ids=["one", "two", "endless", "large", "expecting", "gone"],
)
async def test_a_question_is_turned_away_before_it_is_looked_at(
    library: Library, headers: list[tuple[bytes, bytes]], parts: list[bytes | None], is_kept: bool
) -> None:
    app = app_of(library)
    with live(app):
        app.state.runtime.pools.questions.permits.taken = app.state.runtime.pools.questions.permits.most
        told: list[Message] = []
        left = list(parts)

        async def receive() -> Message:
            part = left.pop(0)
            if part is None:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": part, "more_body": bool(left)}

        async def send(message: Message) -> None:
            told.append(message)

        scope = {"type": "http", "method": "POST", "path": "/v1/ask", "headers": headers, "query_string": b""}
        await app(scope, receive, send)
        app.state.runtime.pools.questions.permits.taken = 0
    assert told[0]["status"] == 429
    assert (b"retry-after", b"1") in told[0]["headers"]
    assert ((b"connection", b"close") not in told[0]["headers"]) == is_kept
    assert b'"overloaded"' in told[1]["body"]


def test_earlier_moments_do_not_hold_the_places_of_questions(
    library: Library, embedder: GatedEmbedder
) -> None:
    app = app_of(library, max_queue=2)
    with live(app) as client, ThreadPoolExecutor(1) as crowd:
        assert client.put("/v1/documents/lamps.txt?wait=true", json={"text": "The lamp was lit."}).is_success
        runtime = app.state.runtime
        embedder.gate.clear()
        asked = crowd.submit(client.post, "/v1/ask", json={"question": "lamp", "as_of": 1})
        eventually(lambda: runtime.pools.history.permits.taken == 1)
        assert runtime.pools.questions.permits.taken == 0
        embedder.gate.set()
        assert asked.result().status_code == 200
        assert runtime.pools.history.permits.taken == 0
