"""How many requests are admitted at once, of whom, and when others are told to come again."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, strategies as st
from starlette.types import Message

from index.library import Library
from service.errors import Overloaded
from service.state.limits.permits import ElasticPermits, Permits
from tests.patience import eventually
from tests.service.http_service import GatedEmbedder, app_of, live
from tests.service.permits import held_by, held_by_all


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


def refused(permits: Permits, times: int, holder: str = "one more") -> None:
    for _ in range(times):
        with pytest.raises(Overloaded):
            permits.require(holder)


def seconds_told(permits: Permits, holder: str) -> int:
    with pytest.raises(Overloaded) as told:
        permits.require(holder)
    return int(told.value.headers["Retry-After"])


def test_permits_are_refused_at_once_and_given_back() -> None:
    permits = Permits(2)
    with permits.acquire("a"), permits.acquire("a"):
        with pytest.raises(Overloaded, match="answering 2 requests"), permits.acquire("a"):
            pass
        assert permits.taken == 2
        assert permits.limit == 2
    with pytest.raises(KeyError), permits.acquire("a"):
        raise KeyError
    assert permits.taken == 0


@pytest.mark.parametrize("most", [1, 2, 3, 4, 8, 32])
def test_a_caller_that_is_alone_may_hold_all_permits(most: int) -> None:
    permits = Permits(most)
    with held_by(permits, "a", most):
        refused(permits, 1, "a")


@pytest.mark.parametrize("most", [2, 3, 4, 8, 32])
def test_who_holds_nothing_finds_room_beside_a_caller_that_took_all(most: int) -> None:
    permits = Permits(most)
    with held_by(permits, "a", most), held_by(permits, "b", most // 2):
        refused(permits, 1, "b")
        refused(permits, 1, "a")


@pytest.mark.parametrize("most", [2, 3, 4, 8, 32])
def test_no_caller_gets_more_than_half_while_others_hold_any(most: int) -> None:
    permits = Permits(most)
    with held_by(permits, "b", 1):
        with held_by(permits, "a", most // 2):
            refused(permits, 1, "a")
        with held_by(permits, "c", max(1, most // 2 - 1)):
            pass
    with held_by(permits, "a", most):
        pass


@given(
    most=st.integers(1, 12), asked=st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=60)
)
def test_whoever_comes_whenever_the_shares_are_fair(most: int, asked: Sequence[tuple[str, bool]]) -> None:
    permits = Permits(most)
    held: dict[str, list[contextlib.ExitStack]] = {}
    for name, comes in asked:
        mine = held.setdefault(name, [])
        if not comes:
            if mine:
                mine.pop().close()
            continue
        others = [len(one) for other, one in held.items() if other != name and one]
        place = contextlib.ExitStack()
        try:
            place.enter_context(permits.acquire(name))
        except Overloaded:
            # It was alone and had all, or it had half, or each of the others and it had a fair share.
            share = max(1, most // (len(others) + 1))
            assert len(mine) >= (max(1, most // 2) if others else most) or (
                len(mine) + sum(min(share, one) for one in others) >= most
            )
            assert mine or len(others) >= most, "who holds nothing is refused for no caller's excess"
        else:
            mine.append(place)
            assert len(mine) <= (max(1, most // 2) if others else most)
    assert permits.taken == sum(map(len, held.values()))
    for mine in held.values():
        for place in mine:
            place.close()
    assert permits.taken == 0


def test_who_is_refused_is_told_when_the_first_of_the_running_requests_will_end(clock: Clock) -> None:
    permits = Permits(2, width=1, clock=clock)
    with permits.acquire("a"):
        clock.now += 4.0
    with permits.acquire("a"), permits.acquire("b"):
        # Two requests that take 4 s alone share one thread: 8 s.
        assert seconds_told(permits, "c") == 8
        clock.now += 5.0
        assert seconds_told(permits, "c") == 3


def test_who_is_refused_is_told_by_the_pace_of_batches(clock: Clock) -> None:
    permits = Permits(2, width=1, clock=clock)
    with permits.acquire("a") as batch, permits.acquire("b") as longer:
        batch.plan(64)
        longer.plan(100)
        for _ in range(4):
            clock.now += 0.5
            batch.advance()
            longer.advance()
        assert seconds_told(permits, "c") == 30  # 60 questions of 0.5 s
        with pytest.raises(Overloaded, match=r"2 requests of this kind already\. Try again in 30 s"):
            permits.require("c")


def test_a_caller_with_more_than_its_share_is_told_when_enough_of_its_own_will_end(clock: Clock) -> None:
    permits = Permits(4, width=4, clock=clock)
    with contextlib.ExitStack() as held:
        for steps in (10, 20, 30, 40):
            permit = held.enter_context(permits.acquire("a"))
            permit.plan(steps)
            clock.now += 1.0
            permit.advance()
            clock.now += 1.0
            permit.advance()
        other = held.enter_context(permits.acquire("b"))
        other.plan(2)
        # The third of its own must end before it has less than half: 28 more steps of 1 s, after 2 s.
        assert seconds_told(permits, "a") == 26
        with pytest.raises(Overloaded, match="5 requests of this kind already, 4 of them yours"):
            permits.require("a")


def test_before_any_request_has_ended_they_are_thought_to_take_as_long_again(clock: Clock) -> None:
    permits = Permits(1, clock=clock)
    with permits.acquire("a"):
        assert seconds_told(permits, "b") == 1
        clock.now += 7.0
        assert seconds_told(permits, "b") == 7


def test_what_is_given_up_says_nothing_of_how_long_requests_take(clock: Clock) -> None:
    permits = Permits(1, clock=clock)
    with permits.acquire("a"):
        clock.now += 3.0
    with contextlib.suppress(KeyError), permits.acquire("a"):
        clock.now += 100.0
        raise KeyError
    with permits.acquire("a"):
        assert seconds_told(permits, "b") == 3


def test_while_many_are_refused_fewer_are_let_in(clock: Clock, permits: ElasticPermits) -> None:
    with held_by_all(permits):
        clock.now += 100.0
        refused(permits, 31)
        assert permits.limit == 2, "nobody was let in"
    clock.now += 100.0
    with held_by_all(permits):
        clock.now += 100.0
        with contextlib.ExitStack() as more:
            permits = ElasticPermits(32, least=2, clock=clock)
            for _ in range(30):
                more.enter_context(permits.acquire("a"))
            more.enter_context(permits.acquire("a"))
            more.enter_context(permits.acquire("a"))
            refused(permits, 10, "a")
            assert permits.limit == round(32 * (1 - 10 / 52) ** 2)
            refused(permits, 190, "a")
            assert permits.limit == 2


def test_who_sends_too_much_lowers_the_limit_for_itself_alone(clock: Clock, permits: ElasticPermits) -> None:
    with held_by(permits, "a", 32):
        refused(permits, 1000, "a")
        assert permits.limit == 2
        with held_by_all(permits, 8):
            pass


def test_a_few_refusals_do_not_lock_others_out_while_long_requests_hold_places(
    clock: Clock, permits: ElasticPermits
) -> None:
    with held_by_all(permits, 8):
        clock.now += 100.0
        with held_by(permits, "a", 16):
            refused(permits, 40, "a")
        let_in = 0
        for _ in range(50):
            clock.now += 0.2
            with contextlib.suppress(Overloaded), permits.acquire("b"):
                let_in += 1
        assert let_in > 40


def test_who_was_turned_away_from_a_burst_finds_room_when_it_is_over(
    clock: Clock, permits: ElasticPermits
) -> None:
    with held_by(permits, "a", 32):
        refused(permits, 32, "a")
        assert permits.limit < 32
        clock.now += 0.3
    assert permits.limit < 32, "the next may be about to come"
    clock.now += 0.1
    assert permits.limit == 32


def test_some_seconds_later_there_are_as_many_as_before(clock: Clock, permits: ElasticPermits) -> None:
    with permits.acquire("b"):
        with held_by_all(permits, 31):
            refused(permits, 1000)
        limits = []
        for _ in range(12):
            clock.now += 1.0
            limits.append(permits.limit)
    assert limits == sorted(limits)
    assert (limits[0], limits[-1]) == (2, 32)


def test_while_many_are_refused_nobody_let_in_queues_for_the_model(
    clock: Clock, permits: ElasticPermits
) -> None:
    with permits.acquire("b"):
        with held_by_all(permits, 31):
            refused(permits, 1000)
        with permits.waiting():
            refused(permits, 1)
        with permits.acquire("c"):  # the model is done with the first
            refused(permits, 1)
    assert permits.taken == 0


def test_a_queue_for_the_model_is_for_moments(permits: ElasticPermits) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(32):
            held.enter_context(permits.acquire("a"))
            held.enter_context(permits.waiting())
        refused(permits, 1, "a")


def test_there_is_always_something_to_do(clock: Clock) -> None:
    permits = ElasticPermits(1, least=3, clock=clock)
    with permits.acquire("a"):
        refused(permits, 100)
    assert permits.limit == 1
    with permits.acquire("a"):
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
    with live(app), held_by_all(app.state.runtime.pools.questions.permits):
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
