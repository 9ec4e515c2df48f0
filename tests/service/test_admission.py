"""Who is let in."""

from __future__ import annotations

import pytest
from starlette.types import Message

from index.library import Library
from service.admission import ElasticPermits, Permits
from service.errors import Overloaded
from tests.service.http_service import app_of, live


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refused(permits: Permits, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Overloaded):
            permits.require()


def test_permits_are_refused_at_once_and_given_back() -> None:
    permits = Permits(2)
    with permits.one(), permits.one():
        with pytest.raises(Overloaded, match="answering 2 requests"), permits.one():
            pass
        assert permits.taken == 2
        assert permits.limit == 2
    with pytest.raises(KeyError), permits.one():
        raise KeyError
    assert permits.taken == 0


def test_while_many_are_refused_fewer_are_let_in(clock: Clock) -> None:
    permits = ElasticPermits(32, least=2, clock=clock)
    permits.taken = 32
    refused(permits, 31)
    assert permits.limit == 2, "nobody was let in"
    permits = ElasticPermits(32, least=2, clock=clock)
    for _ in range(30):
        with permits.one():
            pass
    permits.taken = 32
    refused(permits, 10)
    assert permits.limit == round(32 * (1 - 10 / 41) ** 2)
    refused(permits, 90)
    assert permits.limit == 2


def test_who_waits_is_turned_away_where_there_is_no_room_any_more(clock: Clock) -> None:
    permits = ElasticPermits(32, least=2, clock=clock)
    for _ in range(30):
        with permits.one():
            pass
    permits.taken = 32
    assert permits.surplus(waiting=31) == 0
    refused(permits, 10)
    assert permits.surplus(waiting=5) == 5, "those that do not wait are being answered"
    permits.taken = 27
    limit = permits.limit
    assert limit < round(32 * (1 - 10 / 41) ** 2), "those turned away later count as well"
    assert permits.surplus(waiting=26) == 27 - limit


def test_some_seconds_later_there_are_as_many_as_before(clock: Clock) -> None:
    permits = ElasticPermits(32, least=2, clock=clock)
    permits.taken = 32
    refused(permits, 1000)
    permits.taken = 0
    limits = []
    for _ in range(12):
        clock.now += 1.0
        limits.append(permits.limit)
    assert limits == sorted(limits)
    assert (limits[0], limits[-1]) == (2, 32)


def test_there_is_always_something_to_do(clock: Clock) -> None:
    permits = ElasticPermits(1, least=3, clock=clock)
    with permits.one():
        refused(permits, 100)
    assert permits.limit == 1
    with permits.one():
        pass


@pytest.mark.anyio
async def test_nothing_is_read_of_a_question_that_is_turned_away(library: Library) -> None:
    app = app_of(library)
    with live(app):
        app.state.runtime.asking.taken = app.state.runtime.asking.most
        told: list[Message] = []

        async def receive() -> Message:
            raise AssertionError("read")

        async def send(message: Message) -> None:
            told.append(message)

        scope = {"type": "http", "method": "POST", "path": "/v1/ask", "headers": [], "query_string": b""}
        await app(scope, receive, send)
        app.state.runtime.asking.taken = 0
    assert told[0]["status"] == 429
    assert (b"retry-after", b"1") in told[0]["headers"]
    assert b'"overloaded"' in told[1]["body"]
