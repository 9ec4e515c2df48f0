"""State shared by all requests: library, question queue, thread pools, embedding worker and job runner."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from index.collection import Collection
from index.errors import CollectionNotFound, LoccitError
from index.history import PurgeState
from index.library import Library
from service.flows.answer.writing.endpoint import open_writer
from service.flows.ask.awaited_changes import AwaitedChanges
from service.flows.ask.batching import QuestionCounts, QuestionQueue
from service.flows.ask.queues import QuestionQueues
from service.flows.ingest.background.embedding import EmbeddingWorker
from service.flows.ingest.background.purging import Purger
from service.flows.ingest.background.retention import RetentionWorker
from service.flows.ingest.jobs.intake import open_intake
from service.flows.ingest.jobs.runner import JobRunner
from service.flows.upkeep.readiness import Readiness
from service.monitoring.audit import AuditLog
from service.monitoring.metrics import Metrics, SharedState, WorkerState
from service.monitoring.tracing import Tracing
from service.settings import Settings
from service.state.files import DocumentOrder, FileErasure, open_file_store
from service.state.identity import (
    LimitExchange,
    Principal,
    Prover,
    RateLimits,
    Sessions,
    WrongKeys,
    open_keyring,
    open_limit_store,
)
from service.state.jobs import open_job_store, open_spool, refusals
from service.state.jobs.cancelling import cancelled_with
from service.state.jobs.erasing import JobErasure
from service.state.jobs.records import Access, Job, NewItem, new_job_id
from service.state.library import open_library
from service.state.limits.permits import Permits
from service.state.limits.pools import Pools
from service.state.unanswered import open_unanswered

log = logging.getLogger("loccit.service")

_SAMPLE_SECONDS = 1.0


class Runtime:
    """State of one application. Call its methods from the event loop, and the library from threads only."""

    def __init__(
        self,
        settings: Settings,
        library: Library | None = None,
        *,
        metrics: Metrics | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self.settings = settings
        self._owns_library = library is None
        self.library = library or open_library(settings, processes=settings.workers)
        store = self.library.config.store_url
        self.keyring = open_keyring(self.library.data, settings.api_key, store=store)
        self.sessions = Sessions(
            self.keyring, self.keyring.store.secret("sessions"), seconds=3600 * settings.session_hours
        )
        self.is_signed_on = bool(settings.proxy_user_header)
        self.audit = _open_audit(settings, self.library.data)
        self.unanswered = open_unanswered(
            self.library.data,
            store=store,
            keep_days=settings.keep_unanswered_days,
            collections=self.library.names,
        )
        secret = self.keyring.store.secret("limits")
        self.rates = RateLimits(settings.rate_limit, visitors=settings.visitor_rate_limit, secret=secret)
        self.wrong_keys = WrongKeys(secret=secret)
        self._limit_exchange = LimitExchange(
            open_limit_store(store=store), [self.rates.counter, self.wrong_keys.counter]
        )
        self.prover = Prover(self.keyring.store.secret("citations"), days=settings.visitor_link_days)
        self.pools = Pools(max_requests=settings.max_queue, processes=settings.workers)
        self._adding = threading.Lock()
        self.naming = threading.Lock()
        """Held while a collection is created under a name that is chosen for it."""
        self.job_followers = Permits(settings.max_queue)
        self.writer = open_writer(settings)
        self.writing = Permits(settings.max_queue)
        self.tracing = tracing
        self.metrics = metrics or Metrics()
        self.instruments = counted = self.metrics.instruments
        counts = QuestionCounts(counted.cache_hits.inc, counted.cache_misses.inc, counted.batch_size.observe)
        self.questions = QuestionQueues(
            self.library.models,
            lambda embed: QuestionQueue(
                embed, max_batch=settings.max_batch, cache_size=settings.question_cache, counts=counts
            ),
        )
        job_store = open_job_store(self.library.data, store=store)
        objects = self.library.config.objects
        spool = open_spool(
            self.library.data, store=store, max_bytes=settings.max_spool_bytes, objects=objects
        )
        self.files = open_file_store(self.library.data, store=store, objects=objects)
        self.file_erasure = FileErasure(self.files, self.library.ledger)
        self.document_order = DocumentOrder()
        self.job_erasure = JobErasure(job_store, spool)
        self.purger = Purger(self.library, self.job_erasure, self.file_erasure)
        self.awaited_changes = AwaitedChanges(self.library, self.pools.awaited_changes)
        self.worker = EmbeddingWorker(
            self.library, embeds=not settings.answers_only, on_told=self.purger.look_at
        )
        self.jobs = JobRunner(
            self.library,
            job_store,
            open_intake(settings, spool),
            on_stored=self.worker.notify,
            keep_days=settings.keep_jobs_days,
        )
        self.retention = RetentionWorker(self.library, keep_days=settings.keep_retired_days)
        self.readiness = Readiness(
            self.library, self.questions, self.pools.lookups, lag_seconds=settings.ready_lag_seconds
        )
        self._warm_up: asyncio.Task[None] | None = None
        self._sampling: asyncio.Task[None] | None = None
        permits = {**self.pools.limited(), "job_followers": self.job_followers, "writing": self.writing}
        self._worker_state = WorkerState(self.metrics, self.questions, permits)
        self._shared_state = SharedState(self.library, self.jobs.store)

    async def start(self) -> None:
        """Start loading the model in the background, so that health checks are answered meanwhile."""
        self.keyring.start()
        self._limit_exchange.start()
        if self.audit is not None:
            self.audit.start()
        if self.unanswered is not None:
            self.unanswered.start()
        self._warm_up = asyncio.create_task(self._get_ready())
        if self.metrics.shared:
            self._sampling = asyncio.create_task(self._sample_often())

    async def stop(self) -> None:
        """Finish or reject running requests, stop all threads and close the library."""
        self.readiness.withdraw()
        for task in (self._warm_up, self._sampling):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])
        await self.questions.stop()
        if self.writer is not None:
            await self.writer.close()
        await anyio.to_thread.run_sync(self._close)

    def _close(self) -> None:
        self.purger.stop()
        self.worker.stop()  # first: it ends the waits of uploads in the embedding pool
        self.pools.close()
        self.jobs.stop()
        self.retention.stop()
        self.jobs.store.close()
        self.files.close()
        self._limit_exchange.close()
        self.keyring.close()
        if self.audit is not None:
            self.audit.close()
        if self.unanswered is not None:
            self.unanswered.close()
        if self._owns_library:
            self.library.close()
        if self.tracing is not None:
            self.tracing.close()

    def purge(self, caller: Principal, name: str, seconds: float) -> PurgeState:
        """Purge what was erased from a collection, for so many seconds at most; not at all for 0.

        Raises nothing, for the erasure is done: what prevents the purge is logged, and it is tried again.
        """
        try:
            collection = self.collection(caller, name)
            return self.purger.finish(collection, seconds=seconds) if seconds else collection.purging.state
        except (LoccitError, OSError) as error:
            log.warning("What was erased from the collection %r is not purged yet: %s", name, error)
            return "pending"

    @property
    def is_closed_to_strangers(self) -> bool:
        """Whether callers have to say who they are."""
        return self.keyring.required or self.is_signed_on

    def collection(
        self, caller: Principal, name: str, *, create: bool = False, model: str = ""
    ) -> Collection:
        """Open a collection as a caller sees it; blocks. One that it may not use is not found.

        Raises what :meth:`index.library.Library.open` raises.
        """
        self.require_collection(caller, name)
        return self.library.open(name, create=create, model=model).seen_by(caller.groups)

    def opened_collection(self, caller: Principal, name: str) -> Collection:
        """The same for short reads; see :meth:`index.library.Library.opened`."""
        self.require_collection(caller, name)
        return self.library.opened(name).seen_by(caller.groups)

    def model_of(self, caller: Principal, name: str) -> str:
        """The model that embeds a caller's questions to a collection, as :class:`QuestionQueues` names it."""
        return self.library.model_of(name) if caller.may_use(name) else ""

    @staticmethod
    def require_collection(caller: Principal, name: str) -> None:
        """Raise :class:`index.errors.CollectionNotFound` for a collection that a caller may not use."""
        if not caller.may_use(name):
            raise CollectionNotFound(f"There is no collection {name!r}.", name=name)

    def job(self, caller: Principal, job_id: str) -> Job:
        """A job that the caller may see; blocks. Raises :class:`JobNotFound`."""
        job = self.jobs.store.job(job_id)
        if not job.is_visible_to(caller):
            raise refusals.job_not_found(job_id)
        return job

    def require_room_for_job(self) -> None:
        """Raise :class:`Overloaded` while as many jobs as are allowed wait or run; blocks."""
        counts = self.jobs.store.count_states()
        if counts.get("queued", 0) + counts.get("running", 0) >= self.settings.max_jobs:
            raise refusals.too_many_jobs(self.settings.max_jobs)

    def add_job(self, job_id: str, collection: str, items: Iterable[NewItem], access: Access) -> Job:
        """Queue a job; blocks. Raises :class:`Overloaded` as :meth:`require_room_for_job` does."""
        with self._adding:
            self.require_room_for_job()
            return self.jobs.store.add(job_id, collection, items, access)

    def add_upgrade(self, collection: str, details: Mapping[str, Any]) -> Job:
        """Queue the upgrade of a collection, as :meth:`add_job`. Raises what the store raises, too."""
        with self._adding:
            self.require_room_for_job()
            return self.jobs.store.add(new_job_id(), collection, [], kind="upgrade", details=details)

    def delete_collection(self, name: str) -> PurgeState:
        """Delete a collection, and cancel the jobs that would fill another one of its name; blocks.

        Raises what :meth:`index.library.Library.delete` raises.
        """
        with cancelled_with(name, self.jobs.store):
            self.library.delete(name)
        return self.purger.finish_deleted()

    def names(self, caller: Principal) -> list[str]:
        """The collections that a caller may use, in order; blocks."""
        return [name for name in self.library.names() if caller.may_use(name)]

    def sample_metrics(self) -> None:
        """Copy the state of this process into its metrics."""
        self._worker_state.copy(
            ready=self.readiness.is_ready,
            embedded=self.worker.embedded,
            readers=self.library.reader_statistics(),
        )

    def render_metrics(self, accept: str) -> tuple[bytes, str]:
        """All metrics as text, and its media type. For a thread: it reads counts from disk."""
        ready = self.readiness.is_ready
        return self.metrics.render(accept, lambda: self._shared_state.families(ready=ready))

    async def _sample_often(self) -> None:
        # The worker that answers a scrape cannot look into the others: each writes down its state.
        while True:
            self.sample_metrics()
            await asyncio.sleep(_SAMPLE_SECONDS)

    async def _get_ready(self) -> None:
        if not await self.readiness.prepare():
            return
        self.worker.start()
        self.purger.start()
        if not self.settings.answers_only:
            self.jobs.start()
        self.retention.start()
        self.readiness.declare()


def _open_audit(settings: Settings, data: Path) -> AuditLog | None:
    if not settings.audit:
        return None
    return AuditLog(data / "audit.jsonl", max_bytes=settings.audit_bytes, keep=settings.audit_files)
