"""What is behind the routes: library, queue of questions, embedding worker; and how they start and end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from fastapi import Depends, Request

from index.errors import CollectionNotFound, LoccitError
from index.library import Library
from index.processors import threads
from index.types import Vectors
from service.admission import ElasticPermits, Permits
from service.batching import QuestionQueue
from service.embedding_worker import EmbeddingWorker
from service.errors import NotReady
from service.jobs.runner import JobRunner
from service.library_settings import open_library
from service.settings import Settings, open_intake

log = logging.getLogger("loccit.service")
P = ParamSpec("P")
T = TypeVar("T")

_FEWEST_ANSWERING_THREADS = 2
"""Else as many as there are processors. More would take turns at the interpreter with the event loop and the
model, which then wait longer than a question takes."""
_READING_THREADS = 2
"""Apart from those that answer: a list that takes long must not keep questions waiting."""
_WRITING_THREADS = 4
"""Nor must large uploads."""
_EXAMINING_THREADS = 4
"""Nor must requests that go through whole texts."""
_RECALLING_THREADS = 2
_MOST_RECALLING = 8
"""Nor those that ask earlier moments, which may have to be made first, one at a time."""


class Runtime:
    """One per application. All its methods are for the event loop; the library is used from threads alone."""

    def __init__(self, settings: Settings, library: Library | None = None) -> None:
        self.settings = settings
        self._owns_library = library is None
        self.library = library or open_library(settings, processes=settings.workers)
        answering = max(_FEWEST_ANSWERING_THREADS, threads(settings.workers))
        # One for each thread that answers: one of them is embedded meanwhile.
        self.asking = ElasticPermits(settings.max_queue, least=answering)
        self.questions = QuestionQueue(
            self._embed_questions, max_batch=settings.max_batch, remembered=settings.question_cache
        )
        self.worker = EmbeddingWorker(self.library)
        self.examining = Permits(settings.max_queue)
        self.recalling = Permits(
            min(_MOST_RECALLING, settings.max_queue), advice="ask the collection as it is"
        )
        self.writing = Permits(settings.max_queue)
        self.following = Permits(settings.max_queue)
        self.jobs = JobRunner(
            self.library,
            open_intake(settings, self.library.data),
            on_stored=self.worker.notify,
            keep_days=settings.keep_jobs_days,
        )
        self._answerers = ThreadPoolExecutor(answering, thread_name_prefix="loccit-answer")
        self._readers = anyio.CapacityLimiter(_READING_THREADS)
        self._examiners = anyio.CapacityLimiter(_EXAMINING_THREADS)
        self._recallers = anyio.CapacityLimiter(_RECALLING_THREADS)
        self._writers = anyio.CapacityLimiter(_WRITING_THREADS)
        self._waiters = anyio.CapacityLimiter(_WRITING_THREADS)
        self._state: NotReady | None = NotReady("The service is loading its model. Try again in a moment.")
        self._warm_up: asyncio.Task[None] | None = None

    def _embed_questions(self, questions: Sequence[str]) -> Vectors:
        # Not before the first question is the model loaded, in the thread that goes on to use it.
        return self.library.embedder.embed_queries(questions)

    async def start(self) -> None:
        """Begin to get ready; returns at once, so that the health checks can be answered meanwhile."""
        self._warm_up = asyncio.create_task(self._get_ready())

    async def stop(self) -> None:
        """Finish or turn away what is going on, and close what was opened."""
        self._state = NotReady("The service is stopping.")
        if self._warm_up is not None:
            self._warm_up.cancel()
            await asyncio.wait([self._warm_up])
        await self.questions.stop()
        await anyio.to_thread.run_sync(self._close)

    def _close(self) -> None:
        self._answerers.shutdown(cancel_futures=True)
        self.jobs.stop()
        self.worker.stop()
        if self._owns_library:
            self.library.close()

    def require_ready(self) -> None:
        """Raise :class:`NotReady` with the reason while questions cannot be answered."""
        if self._state is not None:
            raise NotReady(self._state.message)

    async def _get_ready(self) -> None:
        try:
            # The first question makes torch allocate and choose its kernels; later ones are fast.
            await self.questions.encode(["Is anyone there?"])
            await self.read(self._open_all)
        except LoccitError as error:
            log.critical("The service cannot answer: %s", error.message)
            self._state = NotReady(f"The service cannot answer ({error.code}). Its log has the reason.")
        except Exception as error:
            log.critical("The service cannot answer.", exc_info=error)
            self._state = NotReady("The service cannot answer. Its log has the reason.")
        else:
            self.worker.start()
            self.jobs.start()
            self._state = None
            log.info("Ready. Collections: %s", ", ".join(self.library.names()) or "none yet")

    def _open_all(self) -> None:
        for name in self.library.names():
            try:
                self.library.open(name)
            except CollectionNotFound:
                continue  # deleted meanwhile
            except LoccitError as error:
                # The others are served all the same.
                log.warning("The collection %r cannot be served: %s", name, error.message)

    async def answer(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a library call that answers a question, in a thread."""
        # Not by anyio, which takes a third of what the service itself does with a question.
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._answerers, lambda: function(*args, **kwargs))

    async def read(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a library call that reads, in a thread."""
        return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs), limiter=self._readers)

    async def examine(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a library call that goes through whole texts, in a thread. Raises :class:`Overloaded`."""
        with self.examining.one():
            return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs), limiter=self._examiners)

    async def recall(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a library call that asks an earlier moment, in a thread."""
        return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs), limiter=self._recallers)

    async def write(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a library call that writes, in a thread."""
        return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs), limiter=self._writers)

    async def wait(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a library call that takes long, in a thread."""
        return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs), limiter=self._waiters)


async def runtime(request: Request) -> Runtime:
    """The application's runtime, ready or not."""
    found: Runtime = request.app.state.runtime
    return found


async def ready_runtime(request: Request) -> Runtime:
    """The application's runtime. Raises :class:`NotReady` while it cannot answer."""
    found = await runtime(request)
    found.require_ready()
    return found


AnyRuntime = Annotated[Runtime, Depends(runtime)]
ReadyRuntime = Annotated[Runtime, Depends(ready_runtime)]
