from __future__ import annotations

import logging
from collections.abc import AsyncGenerator

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from service.errors import InternalError
from service.flows.answer.events import Delta, Event
from service.flows.answer.flow import until_error
from service.http.event_stream import EventStream, event

pytestmark = pytest.mark.anyio


async def test_events_are_closed_when_the_client_is_gone_while_one_is_sent() -> None:
    closed = []

    async def events() -> AsyncGenerator[bytes]:
        try:
            yield event({"text": "It"}, "delta")
            yield event({"text": " was"}, "delta")
        finally:
            closed.append(True)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            raise OSError

    async def receive() -> Message:
        raise AssertionError

    kept = events()  # so that nothing else closes it
    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    with pytest.raises(ClientDisconnect):
        await EventStream(kept)(scope, receive, send)
    assert closed == [True]


async def test_an_answer_that_fails_unexpectedly_ends_with_an_error(caplog: pytest.LogCaptureFixture) -> None:
    async def steps() -> AsyncGenerator[Event]:
        yield Delta("It was")
        raise ZeroDivisionError("the secret reason")

    with caplog.at_level(logging.ERROR):
        told = [one async for one in until_error(steps())]
    assert told[0] == Delta("It was")
    assert isinstance(told[1], InternalError)
    assert "secret" not in told[1].message
    assert "the secret reason" in caplog.text


async def test_whoever_stops_listening_closes_the_steps() -> None:
    closed = []

    async def steps() -> AsyncGenerator[Event]:
        try:
            yield Delta("It was")
            yield Delta(" lit")
        finally:
            closed.append(True)

    kept = steps()
    told = until_error(kept)
    await anext(told)
    await told.aclose()
    assert closed == [True]
