"""Threads for blocking calls. Each kind of work has its own, so that no kind waits for another.

The callers of a kind take turns: a call waits for one call of each other caller, not for all of them.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

from index.processors import threads
from service.errors import stopping
from service.state.limits.permits import ElasticPermits, Permit, Permits
from service.state.limits.turns import Turns

P = ParamSpec("P")
T = TypeVar("T")

_FEWEST_QUESTION_THREADS = 2
_MOST_HISTORY_QUESTIONS = 8
_MOST_WRITERS = 64
_MOST_RANKINGS = 4
_MOST_DRAWINGS = 16
_MOST_VERIFYING = 8


@dataclass(frozen=True, slots=True)
class _Call(Generic[T]):
    """A blocking call, and the future of its result."""

    function: Callable[[], T]
    future: Future[T]

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.function()
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)

    def reject(self) -> None:
        if self.future.set_running_or_notify_cancel():
            self.future.set_exception(stopping())


class Place:
    """A permit of a pool, with which a request has the turns of its caller in the threads."""

    def __init__(self, pool: Pool, permit: Permit) -> None:
        self._pool = pool
        self._permit = permit
        self.is_left = False
        """Whether the request has ended, so that nobody waits for the result of a call any more."""

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Run a blocking call in a thread when it is the caller's turn; await its result."""
        return self._pool.submit(self._permit.holder, partial(function, *args, **kwargs))

    def plan(self, steps: int) -> None:
        """Say how many calls the request takes, by which others are told when to come again."""
        self._permit.plan(steps)

    def advance(self) -> None:
        """Count one of these calls as done."""
        self._permit.advance()

    def waiting(self) -> AbstractContextManager[None]:
        """Count the request as waiting for the model."""
        return self._pool.permits.waiting()


class Pool:
    """The threads of one kind of work, and the permits of requests that may be doing it at once."""

    def __init__(
        self, name: str, most_threads: int, permits: Permits | None = None, *, most_each: int | None = None
    ) -> None:
        """``most_each`` is how many threads the calls of one caller may take at once; by default all."""
        self.permits = permits or Permits(sys.maxsize)
        self._most_each = most_each or most_threads
        self._running: Counter[str] = Counter()
        self._turns: Turns[_Call[Any]] = Turns()
        self._lock = threading.Lock()
        self._is_closed = False
        # Not anyio's threads, which take up to three times as much processor time for a call.
        self._threads = ThreadPoolExecutor(most_threads, thread_name_prefix=f"loccit-{name}")

    @contextmanager
    def admit(self, holder: str) -> Iterator[Place]:
        """Hold a permit of the pool. Raises :class:`service.errors.Overloaded` if there is none."""
        with self.permits.acquire(holder) as permit:
            place = Place(self, permit)
            try:
                yield place
            finally:
                place.is_left = True

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Run a blocking call in a thread, from now on; await its result.

        Raises :class:`service.errors.NotReady` when the service stops first.
        """
        return self.submit("", partial(function, *args, **kwargs))

    def submit(self, holder: str, function: Callable[[], T]) -> asyncio.Future[T]:
        """Run a blocking call of a holder of a permit, as :meth:`run`."""
        # With the context of the request, which log lines and spans name.
        call: _Call[T] = _Call(partial(copy_context().run, function), Future())
        with self._lock:
            self._turns.put(holder, call)
        try:
            self._threads.submit(self._run_next)
        except RuntimeError:
            if not self._is_closed:  # no thread can be started
                raise
            raise stopping() from None
        return asyncio.wrap_future(call.future)

    def close(self) -> None:
        """Reject calls that have no thread yet, and wait for the others to end."""
        self._is_closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        with self._lock:
            rejected = self._turns.clear()
        for call in rejected:
            call.reject()
        self._threads.shutdown()

    def _run_next(self) -> None:
        """Run the call whose turn it is, and those that must wait for it to end.

        It is called once for each call. What it finds waiting because its caller has no more threads is run
        by the thread in which one of that caller's calls ends.
        """
        while (taken := self._take_turn()) is not None:
            holder, call = taken
            call.run()
            with self._lock:
                self._running[holder] -= 1
                if not self._running[holder]:
                    del self._running[holder]

    def _take_turn(self) -> tuple[str, _Call[Any]] | None:
        with self._lock:
            taken = self._turns.take(lambda holder: self._running[holder] < self._most_each)
            if taken is not None:
                self._running[taken[0]] += 1
            return taken


class Pools:
    """All threads that requests use. A request that finds no permit is refused, not queued."""

    def __init__(self, *, max_requests: int, processes: int) -> None:
        # More threads than processors would compete with the event loop and the model for the interpreter.
        answering = max(_FEWEST_QUESTION_THREADS, threads(processes))
        # Answers to questions. A permit for each thread keeps all busy: one question is embedded meanwhile.
        self.questions = Pool("questions", answering, ElasticPermits(max_requests, least=answering))
        # Questions as of an earlier change: its indexes may have to be built first, one at a time.
        few = min(_MOST_HISTORY_QUESTIONS, max_requests)
        self.history = Pool("history", 2, Permits(few, advice="ask the collection as it is", width=2))
        # Questions that wait until this process has followed the record: the threads wait for the database.
        self.awaited_changes = Pool("awaited-changes", 4, Permits(max_requests))
        # Citations, diffs, verification, the viewer: all that reads whole texts.
        self.texts = Pool("texts", 4, Permits(max_requests, width=4), most_each=3)
        # Verdicts that are sent as they are made, for minutes: one stream of each caller at once.
        few = min(_MOST_VERIFYING, max_requests)
        self.verifying = Pool(
            "verifying", 2, Permits(few, advice="verify shorter texts", width=2), most_each=1
        )
        # Records, lists, health checks: short, and never refused.
        self.lookups = Pool("lookups", 2)
        # Documents, collections and jobs that are stored, changed or deleted.
        # They wait, for readers or for another commit, more than they compute.
        self.writes = Pool("writes", min(_MOST_WRITERS, max_requests), Permits(max_requests))
        # Texts that come with a question: the model reads all of them, so one thread, and few that wait.
        few = min(_MOST_RANKINGS, max_requests)
        self.ranking = Pool("ranking", 1, Permits(few, advice="send fewer texts at a time", width=1))
        # Pages that are drawn: the threads wait for the processes that draw.
        few = min(_MOST_DRAWINGS, max_requests)
        self.drawing = Pool(
            "drawing", 4, Permits(few, advice="look at fewer pages at a time", width=4), most_each=3
        )
        # Uploads that wait for their vectors, for minutes. They keep their permit of `writes` meanwhile.
        self.embedding = Pool("embedding", 4, most_each=3)

    def permits_by_kind(self) -> dict[str, Permits]:
        """The permits of the kinds of requests that have a limit, by the names of the kinds."""
        return {
            "questions": self.questions.permits,
            "history": self.history.permits,
            "awaited_changes": self.awaited_changes.permits,
            "texts": self.texts.permits,
            "verifying": self.verifying.permits,
            "writes": self.writes.permits,
            "ranking": self.ranking.permits,
            "drawing": self.drawing.permits,
        }

    def close(self) -> None:
        """Close every pool."""
        answering = (self.questions, self.history, self.awaited_changes)
        reading = (self.texts, self.verifying, self.lookups, self.ranking, self.drawing)
        for pool in (*answering, *reading, self.writes, self.embedding):
            pool.close()
