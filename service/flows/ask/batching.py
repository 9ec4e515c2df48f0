"""Batching of questions: those that arrive while the model is busy are embedded together in the next batch.

No question waits for a batch to fill. The callers take turns in it: whoever sends many questions does not
delay those of others by more than a batch. Concurrent requests with the same question share one embedding,
and the vectors of recent questions are cached.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field
from hashlib import blake2b

from index.errors import LoccitError, ModelFailed
from index.types import Vectors
from service.errors import stopping
from service.state.limits.turns import Turns

log = logging.getLogger("loccit.service")

MAX_BATCH = 32
"""Most questions that the model embeds at once. More raise throughput and delay the first of them."""
CACHED_QUESTIONS = 4096
"""Questions whose vectors stay in memory, 1.5 KB each, without the text."""
_STOP_SECONDS = 10.0
_MOST_CHARACTERS = 8_000
"""Of the questions of a batch, unless one alone is longer: the next batch has to wait for it."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """The vector of a question, shape (dimension,), with the time it waited and the time it was embedded.

    The two add up to the duration of the call. Both are 0 for a cached vector.
    """

    vector: Vectors
    queue_ms: float
    encode_ms: float


@dataclass(eq=False, slots=True)
class _Waiter:
    """A request that waits for the vector of a question."""

    future: asyncio.Future[Encoded]
    since: float
    pending: _Pending | None = None

    def resolve(self, vector: Vectors, milliseconds: float, now: float) -> None:
        if not self.future.done():
            waited = (now - self.since) * 1000
            encoding = min(waited, milliseconds)  # a request that joined the batch waited for a part of it
            self.future.set_result(Encoded(vector, waited - encoding, encoding))

    def fail(self, error: LoccitError) -> None:
        if not self.future.done():
            self.future.set_exception(error)


@dataclass(eq=False, slots=True)
class _Pending:
    """A question that is queued or being embedded, and the requests that wait for it."""

    key: bytes
    question: str
    waiters: list[_Waiter] = field(default_factory=list)
    holders: set[str] = field(default_factory=set)
    """In whose turns it waits."""
    is_taken: bool = False


def _count_nothing(_: float) -> None:
    pass


@dataclass(frozen=True, slots=True)
class QuestionCounts:
    """Called with numbers of questions: cached ones, those that were not, and those of a batch."""

    hits: Callable[[float], None] = _count_nothing
    misses: Callable[[float], None] = _count_nothing
    batch: Callable[[float], None] = _count_nothing


class QuestionQueue:
    """Embeds questions in batches, in one thread. All calls must come from one event loop.

    Every accepted question ends: with its vector, with the error of its batch, or with :class:`NotReady` when
    the service stops. The vectors of the last ``cache_size`` questions are cached.
    """

    def __init__(
        self,
        embed: Callable[[Sequence[str]], Vectors],
        *,
        max_batch: int,
        cache_size: int = 0,
        counts: QuestionCounts | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._embed = embed
        self._clock = clock
        self._max_batch = max_batch
        self._cache = QuestionCache(cache_size)
        self._counts = counts or QuestionCounts()
        self._pending: dict[bytes, _Pending] = {}
        self._turns: Turns[_Pending] = Turns()
        self._next: _Pending | None = None
        """A question that did not fit into the last batch."""
        self._in_batch: list[_Pending] = []
        self._scheduled = False
        self._stopped = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="loccit-encode")

    @property
    def waiting(self) -> int:
        """Number of questions that are not in a batch yet."""
        return len(self._pending) - len(self._in_batch)

    @property
    def cached_vectors(self) -> int:
        """Number of questions whose vectors are cached."""
        return len(self._cache)

    def find_cached(self, questions: Sequence[str]) -> list[Encoded] | None:
        """The vectors of questions, in order, if all of them are cached; else None."""
        found = [self._cache.get(self._cache.key(question)) for question in questions]
        vectors = [vector for vector in found if vector is not None]
        if len(vectors) < len(found):
            return None
        self._counts.hits(len(vectors))
        return [Encoded(vector, 0.0, 0.0) for vector in vectors]

    async def encode(self, questions: Sequence[str], *, holder: str = "") -> list[Encoded]:
        """Embed questions; returns their vectors in order. Raises :class:`ModelFailed`, :class:`NotReady`.

        ``holder`` is whose turns they wait for. When the caller is cancelled, its questions leave the queue
        unless other requests wait for them.
        """
        if self._stopped:
            raise stopping()
        mine = [self._enqueue(question, holder) for question in questions]
        self._schedule()
        try:
            return [await waiter.future for waiter in mine]
        finally:
            self._release(mine)

    def _enqueue(self, question: str, holder: str) -> _Waiter:
        waiter = _Waiter(asyncio.get_running_loop().create_future(), self._clock())
        key = self._cache.key(question)
        if (vector := self._cache.get(key)) is not None:
            self._counts.hits(1)
            waiter.future.set_result(Encoded(vector, 0.0, 0.0))
            return waiter
        self._counts.misses(1)
        if (pending := self._pending.get(key)) is None:
            pending = self._pending[key] = _Pending(key, question)
        if not pending.is_taken and holder not in pending.holders:
            pending.holders.add(holder)
            self._turns.put(holder, pending)
        pending.waiters.append(waiter)
        waiter.pending = pending
        return waiter

    def _release(self, mine: Sequence[_Waiter]) -> None:
        for waiter in mine:
            waiter.future.cancel()  # has no effect on a finished one
            if waiter.future.cancelled():
                self._leave(waiter)
            else:
                waiter.future.exception()  # mark as retrieved: of several failures only the first was raised

    def _leave(self, waiter: _Waiter) -> None:
        pending = waiter.pending
        if pending is None:
            return
        pending.waiters.remove(waiter)
        if not pending.waiters and not pending.is_taken:  # else the model is working on it
            pending.is_taken = True
            del self._pending[pending.key]

    def _schedule(self) -> None:
        # Not immediately, so that questions of the same turn of the event loop join the batch.
        if self.waiting and not self._scheduled and not self._in_batch and not self._stopped:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._start)

    def _start(self) -> None:
        self._scheduled = False
        if self._stopped or not (batch := self._take_batch()):
            return
        self._in_batch = batch
        self._counts.batch(len(batch))
        try:
            work = self._thread.submit(self._embed_timed, [pending.question for pending in batch])
        except RuntimeError as error:  # the thread cannot be started
            self._in_batch = []
            self._fail(batch, error)
            return
        asyncio.wrap_future(work).add_done_callback(lambda done: self._finish(batch, done))

    def _take_batch(self) -> list[_Pending]:
        """Take the questions whose turn it is, as many as fit into a batch."""
        batch: list[_Pending] = []
        characters = 0
        while len(batch) < self._max_batch:
            pending, self._next = self._next or self._take_turn(), None
            if pending is None:
                break
            if pending.is_taken:  # in the turn of another, or nobody waits for it any more
                continue
            characters += len(pending.question)
            if batch and characters > _MOST_CHARACTERS:
                self._next = pending
                break
            pending.is_taken = True
            batch.append(pending)
        return batch

    def _take_turn(self) -> _Pending | None:
        taken = self._turns.take()
        return None if taken is None else taken[1]

    def _embed_timed(self, questions: Sequence[str]) -> tuple[Vectors, float]:
        started = self._clock()
        vectors = self._embed(questions)
        if len(vectors) != len(questions):
            raise ModelFailed("The embedding model returned a wrong number of vectors.")
        return vectors, (self._clock() - started) * 1000

    def _finish(self, batch: Sequence[_Pending], done: asyncio.Future[tuple[Vectors, float]]) -> None:
        self._in_batch = []
        try:
            vectors, milliseconds = done.result()
        except BaseException as error:
            self._fail(batch, error)
        else:
            now = self._clock()
            for pending, vector in zip(self._remove(batch), vectors, strict=True):
                self._cache.put(pending.key, vector)
                for waiter in pending.waiters:
                    waiter.resolve(vector, milliseconds, now)
        self._schedule()

    def _remove(self, batch: Sequence[_Pending]) -> Sequence[_Pending]:
        for pending in batch:
            del self._pending[pending.key]
        return batch

    def _fail(self, batch: Sequence[_Pending], error: BaseException) -> None:
        log.error("A batch of %d questions failed.", len(batch), exc_info=error)
        failure = error if isinstance(error, LoccitError) else ModelFailed("The embedding model failed.")
        for waiter in _waiters(self._remove(batch)):
            # A copy for each: an exception raised in several tasks would collect all their tracebacks.
            waiter.fail(copy(failure))

    async def stop(self, *, seconds: float = _STOP_SECONDS) -> None:
        """Reject queued questions, and wait at most this long for the current batch."""
        self._stopped = True
        batch = list(self._in_batch)
        self._reject(self._remove([one for one in self._pending.values() if not one.is_taken]))
        if futures := [waiter.future for waiter in _waiters(batch)]:
            await asyncio.wait(futures, timeout=seconds)
        self._reject(batch)
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _reject(self, questions: Sequence[_Pending]) -> None:
        for waiter in _waiters(questions):
            waiter.fail(stopping())


def _waiters(questions: Sequence[_Pending]) -> list[_Waiter]:
    return [waiter for pending in questions for waiter in pending.waiters]


# Cache of question vectors. People, and programs even more often, repeat questions.


_HASH_BYTES = 16


class QuestionCache:
    """Vectors of the last ``size`` questions, by their exact text.

    Use it from the event loop's thread only, and for one model. It stores no text: keys are hashes with a
    secret that each process draws anew, so that the questions cannot be guessed from a memory dump.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._secret = os.urandom(_HASH_BYTES)
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()

    def __len__(self) -> int:
        return len(self._vectors)

    def key(self, question: str) -> bytes:
        """The key of a question."""
        # Lone surrogates are allowed here; the model refuses them.
        text = question.encode("utf-8", "surrogatepass")
        return blake2b(text, digest_size=_HASH_BYTES, key=self._secret).digest()

    def get(self, key: bytes) -> Vectors | None:
        """The vector of a question, shape (dimension,), read-only; None when it is not cached."""
        vector = self._vectors.get(key)
        if vector is not None:
            self._vectors.move_to_end(key)
        return vector

    def put(self, key: bytes, vector: Vectors) -> None:
        """Store a vector, and evict the least recently used one if the cache is full."""
        if not self.size:
            return
        stored = vector.copy()  # a view would keep the vectors of the whole batch in memory
        stored.flags.writeable = False
        self._vectors[key] = stored
        self._vectors.move_to_end(key)
        if len(self._vectors) > self.size:
            self._vectors.popitem(last=False)
