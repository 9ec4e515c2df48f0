"""Questions share one model: those that come while it works are embedded together, next.

:class:`QuestionQueue` gathers what waits into batches; nothing waits for a batch to fill. A question that is
being embedded already is not embedded once more, and neither is one whose vector is still known.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from index.errors import LoccitError, ModelFailed
from index.types import Vectors
from service.errors import NotReady
from service.question_cache import QuestionCache

log = logging.getLogger("loccit.service")

_STOP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Encoded:
    """The vector of a question, shape (dimension,), and how long it waited and was worked on.

    Together they are the time from the call to its end; both are 0 where the vector was known.
    """

    vector: Vectors
    queue_ms: float
    encode_ms: float


@dataclass(eq=False, slots=True)
class _Waiter:
    """One caller of a question."""

    future: asyncio.Future[Encoded]
    since: float = field(default_factory=time.perf_counter)
    flight: _Flight | None = None

    def give(self, vector: Vectors, milliseconds: float) -> None:
        if not self.future.done():
            waited = (time.perf_counter() - self.since) * 1000
            encoding = min(waited, milliseconds)  # who came while it was worked on waited for a part of it
            self.future.set_result(Encoded(vector, waited - encoding, encoding))

    def fail(self, error: LoccitError) -> None:
        if not self.future.done():
            self.future.set_exception(error)


@dataclass(eq=False, slots=True)
class _Flight:
    """A question on its way through the model, and all who wait for it."""

    key: bytes
    question: str
    waiters: list[_Waiter] = field(default_factory=list)


class QuestionQueue:
    """Embeds questions in batches, in one thread. Belongs to the event loop that it is used from.

    Every question that is taken ends: with its vector, with the error of its batch, or with
    :class:`NotReady` when the service stops. The vectors of the ``remembered`` last ones are kept.
    """

    def __init__(
        self, embed: Callable[[Sequence[str]], Vectors], *, max_batch: int, remembered: int = 0
    ) -> None:
        self._embed = embed
        self._max_batch = max_batch
        self._known = QuestionCache(remembered)
        self._flights: dict[bytes, _Flight] = {}
        self._waiting: deque[_Flight] = deque()
        self._in_batch: list[_Flight] = []
        self._scheduled = False
        self._stopped = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="loccit-encode")

    @property
    def waiting(self) -> int:
        """How many questions are not in a batch yet."""
        return len(self._waiting)

    def known(self, questions: Sequence[str]) -> list[Encoded] | None:
        """The vectors of questions, in order, when those of all are known."""
        found = [self._known.get(self._known.key(question)) for question in questions]
        vectors = [vector for vector in found if vector is not None]
        return [Encoded(vector, 0.0, 0.0) for vector in vectors] if len(vectors) == len(found) else None

    async def encode(self, questions: Sequence[str]) -> list[Encoded]:
        """The vectors of questions, in order. Raises :class:`ModelFailed`, :class:`NotReady`.

        When the caller is cancelled, its questions leave the queue, unless others wait for them too.
        """
        if self._stopped:
            raise NotReady("The service is stopping. Ask again in a moment.")
        mine = [self._asked(question) for question in questions]
        self._schedule()
        try:
            return [await waiter.future for waiter in mine]
        finally:
            self._forget(mine)

    def _asked(self, question: str) -> _Waiter:
        waiter = _Waiter(asyncio.get_running_loop().create_future())
        key = self._known.key(question)
        if (vector := self._known.get(key)) is not None:
            waiter.future.set_result(Encoded(vector, 0.0, 0.0))
            return waiter
        if (flight := self._flights.get(key)) is None:
            flight = self._flights[key] = _Flight(key, question)
            self._waiting.append(flight)
        flight.waiters.append(waiter)
        waiter.flight = flight
        return waiter

    def _forget(self, mine: Sequence[_Waiter]) -> None:
        for waiter in mine:
            waiter.future.cancel()  # does nothing to one that is done
            if waiter.future.cancelled():
                self._leave(waiter)
            else:
                waiter.future.exception()  # seen: of several that failed, only the first was raised

    def _leave(self, waiter: _Waiter) -> None:
        flight = waiter.flight
        if flight is None:
            return
        flight.waiters.remove(waiter)
        if not flight.waiters:
            with suppress(ValueError):  # not there: it is in the batch that the model works on
                self._waiting.remove(flight)
                del self._flights[flight.key]

    def _schedule(self) -> None:
        # Not this very moment: what other requests bring in the same turn of the loop comes along.
        if self._waiting and not self._scheduled and not self._in_batch and not self._stopped:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._scheduled = False
        if self._stopped or not self._waiting:
            return
        size = min(self._max_batch, len(self._waiting))
        self._in_batch = batch = [self._waiting.popleft() for _ in range(size)]
        try:
            work = self._thread.submit(self._timed, [flight.question for flight in batch])
        except RuntimeError as error:  # no thread can be started
            self._in_batch = []
            self._fail(batch, error)
            return
        asyncio.wrap_future(work).add_done_callback(lambda done: self._finish(batch, done))

    def _timed(self, questions: Sequence[str]) -> tuple[Vectors, float]:
        begun = time.perf_counter()
        vectors = self._embed(questions)
        if len(vectors) != len(questions):
            raise ModelFailed("The embedding model gave another number of vectors than it was asked for.")
        return vectors, (time.perf_counter() - begun) * 1000

    def _finish(self, batch: Sequence[_Flight], done: asyncio.Future[tuple[Vectors, float]]) -> None:
        self._in_batch = []
        try:
            vectors, milliseconds = done.result()
        except BaseException as error:
            self._fail(batch, error)
        else:
            for flight, vector in zip(self._landed(batch), vectors, strict=True):
                self._known.put(flight.key, vector)
                for waiter in flight.waiters:
                    waiter.give(vector, milliseconds)
        self._schedule()

    def _landed(self, batch: Sequence[_Flight]) -> Sequence[_Flight]:
        for flight in batch:
            del self._flights[flight.key]
        return batch

    def _fail(self, batch: Sequence[_Flight], error: BaseException) -> None:
        log.error("A batch of %d questions failed.", len(batch), exc_info=error)
        kind = type(error) if isinstance(error, LoccitError) else ModelFailed
        message = error.message if isinstance(error, LoccitError) else "The embedding model failed."
        for waiter in _waiters(self._landed(batch)):
            # Each its own: an exception raised in several tasks would gather all their tracebacks.
            waiter.fail(kind(message))

    async def stop(self, *, seconds: float = _STOP_SECONDS) -> None:
        """Turn away what waits, and give the batch that is worked on this long to end."""
        self._stopped = True
        self._turn_away(list(self._waiting))
        self._waiting.clear()
        batch = list(self._in_batch)
        if futures := [waiter.future for waiter in _waiters(batch)]:
            await asyncio.wait(futures, timeout=seconds)
        self._turn_away(batch)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _turn_away(self, flights: Sequence[_Flight]) -> None:
        for waiter in _waiters(flights):
            waiter.fail(NotReady("The service is stopping. Ask again in a moment."))


def _waiters(flights: Sequence[_Flight]) -> list[_Waiter]:
    return [waiter for flight in flights for waiter in flight.waiters]
