"""Threads for blocking calls. Each kind of work has its own, so that no kind waits for another."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import ParamSpec, TypeVar

from index.processors import threads
from service.state.limits.permits import ElasticPermits, Permits

P = ParamSpec("P")
T = TypeVar("T")

_FEWEST_QUESTION_THREADS = 2
_MOST_HISTORY_QUESTIONS = 8
_MOST_WRITERS = 64
_MOST_RANKINGS = 4
_MOST_DRAWINGS = 16


class Pool:
    """The threads of one kind of work, and the permits of requests that may be doing it at once."""

    def __init__(self, name: str, most_threads: int, permits: Permits | None = None) -> None:
        self.permits = permits or Permits(sys.maxsize)
        # Not anyio's threads, which take up to three times as much processor time for a call.
        self._threads = ThreadPoolExecutor(most_threads, thread_name_prefix=f"loccit-{name}")

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Run a blocking call in a thread, from now on; await its result."""
        loop = asyncio.get_running_loop()
        # With the context of the request, which log lines and spans name.
        context = copy_context()
        return loop.run_in_executor(self._threads, lambda: context.run(function, *args, **kwargs))

    def close(self) -> None:
        """Drop calls that have no thread yet, and wait for the others to end."""
        self._threads.shutdown(cancel_futures=True)


class Pools:
    """All threads that requests use. A request that finds no permit is refused, not queued."""

    def __init__(self, *, max_requests: int, processes: int) -> None:
        # More threads than processors would compete with the event loop and the model for the interpreter.
        answering = max(_FEWEST_QUESTION_THREADS, threads(processes))
        # Answers to questions. A permit for each thread keeps all busy: one question is embedded meanwhile.
        self.questions = Pool("questions", answering, ElasticPermits(max_requests, least=answering))
        # Questions as of an earlier change: its indexes may have to be built first, one at a time.
        few = min(_MOST_HISTORY_QUESTIONS, max_requests)
        self.history = Pool("history", 2, Permits(few, advice="ask the collection as it is"))
        # Questions that wait until this process has followed the record: the threads wait for the database.
        self.awaited_changes = Pool("awaited-changes", 4, Permits(max_requests))
        # Citations, diffs, verification, the viewer: all that reads whole texts.
        self.texts = Pool("texts", 4, Permits(max_requests))
        # Records, lists, health checks: short, and never refused.
        self.lookups = Pool("lookups", 2)
        # Documents, collections and jobs that are stored, changed or deleted.
        # They wait, for readers or for another commit, more than they compute.
        self.writes = Pool("writes", min(_MOST_WRITERS, max_requests), Permits(max_requests))
        # Texts that come with a question: the model reads all of them, so one thread, and few that wait.
        few = min(_MOST_RANKINGS, max_requests)
        self.ranking = Pool("ranking", 1, Permits(few, advice="send fewer texts at a time"))
        # Pages that are drawn: the threads wait for the processes that draw.
        few = min(_MOST_DRAWINGS, max_requests)
        self.drawing = Pool("drawing", 4, Permits(few, advice="look at fewer pages at a time"))
        # Uploads that wait for their vectors, for minutes. They keep their permit of `writes` meanwhile.
        self.embedding = Pool("embedding", 4)

    def permits_by_kind(self) -> dict[str, Permits]:
        """The permits of the kinds of requests that have a limit, by the names of the kinds."""
        return {
            "questions": self.questions.permits,
            "history": self.history.permits,
            "awaited_changes": self.awaited_changes.permits,
            "texts": self.texts.permits,
            "writes": self.writes.permits,
            "ranking": self.ranking.permits,
            "drawing": self.drawing.permits,
        }

    def close(self) -> None:
        """Close every pool."""
        answering = (self.questions, self.history, self.awaited_changes)
        reading = (self.texts, self.lookups, self.ranking, self.drawing)
        for pool in (*answering, *reading, self.writes, self.embedding):
            pool.close()
