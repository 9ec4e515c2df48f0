"""The bodies of one caller leave room in memory for those of others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Message, Receive, Scope, Send

from service.errors import Overloaded
from service.http.middleware.body_limit import BodyLimit
from service.state.identity import Principal, Scope as Rights

pytestmark = pytest.mark.anyio


class Bodies:
    """Requests whose bodies are sent in pieces of 100 bytes, and stay in memory until they are let go."""

    def __init__(self, *, others: int = 10_000, **limits: int) -> None:
        self.app = BodyLimit(self._handle, uploads=10_000, others=others, **limits)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(scope["pieces"]):
            await receive()
        if nested := scope["then"]:
            await nested()

    async def hold(self, key: str, pieces: int, then: Callable[[], Awaitable[None]] | None = None) -> None:
        """Receive so many pieces of a body of a key, and do what follows before it is let go."""

        async def receive() -> Message:
            return {"type": "http.request", "body": b"x" * 100, "more_body": True}

        async def send(message: Message) -> None:
            raise AssertionError(message)

        caller = Principal(key, key, Rights.WRITE)
        scope = {"type": "http", "path": "/v1/ask", "headers": [], "state": {"principal": caller}}
        await self.app({**scope, "pieces": pieces, "then": then}, receive, send)


async def test_a_caller_takes_at_most_half_of_the_memory() -> None:
    bodies = Bodies(documents=1000, together=2000)

    async def more_of_both() -> None:
        with pytest.raises(Overloaded, match="bodies of your requests may take 1,000 bytes"):
            await bodies.hold("a", 4)
        await bodies.hold("a", 3)  # what was refused and what has ended is let go
        await bodies.hold("b", 10, others_too)

    async def others_too() -> None:
        await bodies.hold("a", 3)
        with pytest.raises(Overloaded, match="may take 2,000 bytes together"):
            await bodies.hold("c", 4)

    await bodies.hold("a", 7, more_of_both)
    await bodies.hold("a", 10)


async def test_one_body_always_has_room() -> None:
    bodies = Bodies(documents=900, together=1000)
    await bodies.hold("a", 9)

    async def another() -> None:
        with pytest.raises(Overloaded, match="bodies of your requests"):
            await bodies.hold("a", 5)

    await bodies.hold("a", 5, another)


async def test_a_small_body_has_room_while_others_hold_all() -> None:
    bodies = Bodies(documents=512_000, together=1_024_000, others=512_000)

    async def small() -> None:
        await bodies.hold("c", 10)
        with pytest.raises(Overloaded, match="together"):
            await bodies.hold("c", 11)

    async def second() -> None:
        await bodies.hold("b", 5120, small)

    await bodies.hold("a", 5120, second)
