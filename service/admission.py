"""Who is let in: so many requests at once, and fewer of them while others are turned away.

A queue is for moments in which more comes than can be answered. When more comes all the time, its places are
always taken: then everyone who is let in waits for all of it, and nobody else is answered for that.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

from service.body_limit import announced
from service.error_handlers import error_response, request_id_of
from service.errors import Overloaded

_MEMORY_SECONDS = 1.0
"""What came longer ago counts for less than 1/e of what comes now."""
_FEW = 10.0
"""So many refusals say little: a few long requests may hold some places while hardly any others come."""
_IDLE_SECONDS = 0.05
_SMALL = 65_536
"""Bytes of a body that are waited for, so that the connection can go on to be used."""


class Permits:
    """A fixed number of requests may be in at once. Used from the event loop's thread alone."""

    def __init__(self, most: int, *, advice: str = "raise LOCCIT_MAX_QUEUE") -> None:
        self.most = most
        self.taken = 0
        self._waiting = 0
        self._advice = advice

    @property
    def limit(self) -> int:
        """How many may be in now."""
        return self.most

    def require(self) -> None:
        """Raise :class:`Overloaded` when all permits are taken."""
        if self._has_room():
            return
        self._turned_away()
        told = f"The service is answering {self.taken} requests of this kind already. Try again in a moment"
        raise Overloaded(f"{told}, or {self._advice}." if self.taken >= self.most else f"{told}.")

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold a permit. Raises :class:`Overloaded` at once when all are taken."""
        self.require()
        self._let_in()
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
            self._given_back()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Be one of those who hold a permit and wait for the model."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def _has_room(self) -> bool:
        return self.taken < self.limit

    def _turned_away(self) -> None:
        pass

    def _let_in(self) -> None:
        pass

    def _given_back(self) -> None:
        pass


class ElasticPermits(Permits):
    """Permits of which fewer are given while requests are turned away, by the share of those let in, squared.

    Never fewer than ``least``, with which there is always something to do. Where it has come to that, one of
    these is kept free for a request that the model is done with: nobody let in waits for another's turn with
    it. Once the service has had nothing to do for a moment, or some seconds after the last refusal, there are
    as many as before: who was turned away from a burst finds room when it is over.
    """

    def __init__(self, most: int, *, least: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(most)
        self._least = min(least, most)
        self._clock = clock
        self._since = self._empty_since = clock()
        self._refused = self._admitted = 0.0

    @property
    def limit(self) -> int:
        """See :class:`Permits`."""
        self._fade()
        if not self.taken and self._since - self._empty_since >= _IDLE_SECONDS:
            self._refused = self._admitted = 0.0
        share = self._refused / (self._refused + self._admitted + _FEW)
        return max(self._least, round(self.most * (1.0 - share) ** 2))

    def _has_room(self) -> bool:
        limit = self.limit
        if self._least == limit < self.most and self._waiting >= max(1, limit - 1):
            return False
        return self.taken < limit

    def _turned_away(self) -> None:
        self._fade()
        self._refused += 1.0

    def _let_in(self) -> None:
        self._fade()
        self._admitted += 1.0

    def _given_back(self) -> None:
        if not self.taken:
            self._empty_since = self._clock()

    def _fade(self) -> None:
        now = self._clock()
        left = math.exp((self._since - now) / _MEMORY_SECONDS)
        self._since, self._refused, self._admitted = now, left * self._refused, left * self._admitted


class EarlyRefusal:
    """Middleware that turns questions away before they are routed, parsed and checked.

    Refusing costs a part of what answering does, and takes it from those who are answered.
    """

    def __init__(self, app: ASGIApp, *, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._path and scope["method"] == "POST":
            try:
                # Not yet counted as one who came: those let in come to the route, which does.
                scope["app"].state.runtime.asking.require()
            except Overloaded as error:
                response = error_response(error, request_id_of(scope))
                if not await _passed_over(scope, receive):
                    response.headers["Connection"] = "close"
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


async def _passed_over(scope: Scope, receive: Receive) -> bool:
    """Whether the body came as a whole: what follows on the connection is another request."""
    if announced(scope) > _SMALL or any(name == b"expect" for name, _ in scope["headers"]):
        return False
    left = _SMALL
    while left >= 0 and (message := await receive())["type"] == "http.request":
        if not message.get("more_body", False):
            return True
        left -= len(message.get("body", b""))
    return False
