"""A running application: its parts, the order in which they start, and the order in which they stop."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import anyio.to_thread

from index.library import Library
from service.faces.openai.stores import Stores
from service.flows.answer.answering import Answering
from service.flows.answer.writing.endpoint import open_writer
from service.flows.ask.asking import Asking
from service.flows.ask.awaited_changes import AwaitedChanges
from service.flows.ask.batching import CACHED_QUESTIONS, MAX_BATCH, QuestionCounts, QuestionQueue
from service.flows.ask.queues import QuestionQueues
from service.flows.evidence_packs.signing import Signer
from service.flows.ingest.background.embedding import EmbeddingWorker
from service.flows.ingest.background.erasing import Erasing
from service.flows.ingest.background.purging import Purger
from service.flows.ingest.background.retention import RetentionWorker
from service.flows.ingest.ingestion import Ingestion
from service.flows.ingest.jobs.intake import open_intake
from service.flows.ingest.jobs.jobs import Jobs
from service.flows.ingest.jobs.runner import JobRunner
from service.flows.sources.running import SourceRunner
from service.flows.sources.secrets import Secrets, open_secrets
from service.flows.suggesting import Suggestions
from service.flows.upkeep import Replaying
from service.flows.upkeep.readiness import Readiness
from service.flows.webhooks.delivering import Sender, WebhookWorker
from service.http.parts import Parts
from service.monitoring.audit import AuditLog
from service.monitoring.metrics import Metrics, Sampler, SharedState, WorkerState
from service.monitoring.tracing import Tracing
from service.settings import Settings
from service.settings.sign_in import load_providers
from service.state.collections import Collections
from service.state.credentials import Credentials
from service.state.data_folder import require_complete
from service.state.databases.owner import find_owner
from service.state.files import FILES, DocumentOrder, FileErasure, Files, Titles, open_file_store
from service.state.identity import (
    SESSIONS,
    CollectionGuard,
    Keyring,
    People,
    Prover,
    Sessions,
    open_keyring,
)
from service.state.inventory import AUDIT, Inventory
from service.state.jobs import JOBS, open_job_store, open_spool
from service.state.jobs.erasing import JobErasure
from service.state.library import open_library
from service.state.limits import LimitExchange, RateLimits, WrongKeys, open_limit_store
from service.state.limits.permits import Permits
from service.state.limits.pools import Pools
from service.state.openid import Providers
from service.state.questions import KeptQuestions
from service.state.stock import open_inventory, settle_losses
from service.state.storage import require_store


@dataclass(frozen=True, slots=True)
class Watch:
    """How an application is watched: what it counts in, and what makes spans, if anything does."""

    metrics: Metrics
    tracing: Tracing | None = None


class Runtime:
    """Makes the parts of one application, and starts and stops them.

    Routes are given the part that they need (:mod:`service.faces.dependencies`), never this.
    A given library is used and stays open.
    """

    def __init__(self, settings: Settings, library: Library | None, watch: Watch) -> None:
        self._owns_library = library is None
        self.settings = settings
        data = settings.data if library is None else library.data
        if library is None:
            require_store(settings)
            require_complete(data)
        config = settings.library_config() if library is None else library.config
        self.inventory = open_inventory(data, config)
        settle_losses(data, self.inventory)
        self.keyring = open_keyring(data, settings, config)
        self.library = library or open_library(settings, processes=settings.workers)
        self.library.guard_by(CollectionGuard(lambda: self.keyring.mark))
        self.watch = watch
        self.pools = Pools(max_requests=settings.max_queue, processes=settings.workers)
        self.collections = Collections(self.library)
        store = self.library.config.store_url
        providers = load_providers(settings)
        self.providers = Providers(providers, self.keyring.store.secret("checks"))
        self.credentials = _credentials(settings, self.keyring, People(providers))
        self.audit = _open_audit(settings, self.library.data, self.inventory)
        secret = self.keyring.store.secret("limits")
        self.rates = RateLimits(settings.rate_limit, visitors=settings.visitor_rate_limit, secret=secret)
        self._limit_exchange = LimitExchange(
            open_limit_store(store=store), [self.rates.counter, self.credentials.wrong_keys.counter]
        )
        self.answering = self._answering()
        self.files = self._files()
        self.secrets = open_secrets(settings, self.library.data, store=store)
        self._replaying = Replaying(self.library, self.keyring, self.files.store)
        self._replaying.replay()
        self._open_jobs()
        self.webhooks = WebhookWorker(self.library, self.jobs.store, Sender(settings))
        self.retention = RetentionWorker(self.library, keep_days=settings.keep_retired_days)
        self.readiness = Readiness(
            self.library,
            self.answering.questions,
            self.pools.lookups,
            lag_seconds=settings.ready_lag_seconds,
            keyring=self.keyring,
        )
        self.inventory.take_stock(find_owner(self.library.data))
        self.sampler = self._sampler()
        self.parts = self._parts()
        self._warm_up: asyncio.Task[None] | None = None

    def _answering(self) -> Answering:
        settings, library, counted = self.settings, self.library, self.watch.metrics.instruments
        counts = QuestionCounts(counted.cache_hits.inc, counted.cache_misses.inc, counted.batch_size.observe)
        return Answering(
            settings=settings,
            collections=self.collections,
            questions=QuestionQueues(
                library.models,
                lambda embed: QuestionQueue(
                    embed, max_batch=MAX_BATCH, cache_size=CACHED_QUESTIONS, counts=counts
                ),
            ),
            awaited_changes=AwaitedChanges(library, self.pools.awaited_changes),
            pools=self.pools,
            rates=self.rates,
            prover=self.credentials.prover,
            credentials=self.credentials,
            kept=KeptQuestions(
                library.data,
                store=library.config.store_url,
                keep_days=settings.keep_unanswered_days,
                collections=library.names,
            ),
            tracing=self.watch.tracing,
            writer=open_writer(settings),
            writing=Permits(settings.max_queue),
        )

    def _files(self) -> Files:
        config = self.library.config
        store = open_file_store(
            self.library.data,
            store=config.store_url,
            objects=config.objects,
            keeps_unknown=FILES in self.inventory.losses(),
        )
        erasure = FileErasure(store, self.library.ledger)
        return Files(store=store, erasure=erasure, order=DocumentOrder())

    def _open_jobs(self) -> None:
        """Open the jobs, what runs them, and what follows their documents: embedding and purging."""
        settings, library = self.settings, self.library
        store, objects = library.config.store_url, library.config.objects
        job_store = open_job_store(library.data, store=store)
        spool = open_spool(
            library.data,
            store=store,
            max_bytes=settings.max_spool_bytes,
            objects=objects,
            keeps_unknown=JOBS in self.inventory.losses(),
        )
        self.purger = Purger(
            library,
            JobErasure(job_store, spool),
            self.files.erasure,
            on_look=self._replaying.replay_if_taken_over,
        )
        self.worker = EmbeddingWorker(library, embeds=not settings.answers_only, on_told=self.purger.look_at)
        self.job_runner = JobRunner(
            library,
            job_store,
            open_intake(settings, spool),
            on_stored=self.worker.notify,
            sources=SourceRunner(settings, self.secrets),
        )
        self.worker.on_embedded = self.job_runner.wake
        self.jobs = Jobs(self.job_runner, followers=Permits(settings.max_queue))

    def _sampler(self) -> Sampler:
        permits = {
            **self.pools.permits_by_kind(),
            "job_followers": self.jobs.followers,
            "writing": self.answering.writing,
        }
        metrics = self.watch.metrics
        return Sampler(
            metrics,
            WorkerState(metrics, self.answering.questions, permits),
            SharedState(self.library, self.jobs.store),
            is_ready=lambda: self.readiness.is_ready,
            embedded=lambda: self.worker.embedded,
            readers=self.library.reader_statistics,
        )

    def _parts(self) -> Parts:
        """The parts that requests find by their types."""
        collections, jobs, files = self.collections, self.jobs, self.files
        erasing = Erasing(collections, jobs.store, self.purger)
        parts: dict[type, object] = {
            Answering: self.answering,
            Asking: self.answering,
            Collections: collections,
            Credentials: self.credentials,
            EmbeddingWorker: self.worker,
            Erasing: erasing,
            Files: files,
            Titles: Titles(files.store),
            Suggestions: Suggestions(),
            Inventory: self.inventory,
            Ingestion: Ingestion(
                settings=self.settings,
                collections=collections,
                jobs=jobs,
                embedding=self.worker,
                erasing=erasing,
                pools=self.pools,
            ),
            Jobs: jobs,
            Pools: self.pools,
            Prover: self.credentials.prover,
            Providers: self.providers,
            RateLimits: self.rates,
            Readiness: self.readiness,
            Sampler: self.sampler,
            Secrets: self.secrets,
            Settings: self.settings,
            Signer: Signer(self.keyring),
            Stores: Stores(
                collections=collections, jobs=jobs, files=files, erasing=erasing, pools=self.pools
            ),
        }
        if self.audit is not None:
            parts[AuditLog] = self.audit
        return cast("Parts", parts)

    async def start(self) -> None:
        """Start loading the model in the background, so that health checks are answered meanwhile."""
        self.keyring.start()
        self._limit_exchange.start()
        if self.audit is not None:
            self.audit.start()
        self.answering.kept.start()
        self._warm_up = asyncio.create_task(self._get_ready())
        self.sampler.start()

    async def stop(self) -> None:
        """Finish or reject running requests, stop all threads and close the library."""
        self.readiness.withdraw()
        if self._warm_up is not None:
            self._warm_up.cancel()
            await asyncio.wait([self._warm_up])
        await self.sampler.stop()
        await self.answering.questions.stop()
        if self.answering.writer is not None:
            await self.answering.writer.close()
        await self.providers.close()
        await anyio.to_thread.run_sync(self._close)

    def _close(self) -> None:
        self.purger.stop()
        self.worker.stop()  # first: it ends the waits of uploads in the embedding pool
        self.pools.close()
        self.job_runner.stop()
        self.webhooks.stop()
        self.retention.stop()
        self.jobs.store.close()
        self.files.store.close()
        self._limit_exchange.close()
        self.keyring.close()
        if self.audit is not None:
            self.audit.stop()
        self.answering.kept.close()
        self.inventory.take_stock()
        if self._owns_library:
            self.library.close()
        if self.watch.tracing is not None:
            self.watch.tracing.close()

    async def _get_ready(self) -> None:
        if not await self.readiness.prepare():
            return
        self.worker.start()
        self.purger.start()
        if not self.settings.answers_only:
            self.job_runner.start()
        self.webhooks.start()
        self.retention.start()
        self.sampler.begin_reading()
        self.readiness.declare()


def _credentials(settings: Settings, keyring: Keyring, people: People) -> Credentials:
    return Credentials(
        keyring=keyring,
        sessions=Sessions(keyring, keyring.store.secret(SESSIONS), people=people),
        prover=Prover(keyring.store.secret("citations"), days=settings.visitor_link_days),
        wrong_keys=WrongKeys(secret=keyring.store.secret("limits")),
        is_signed_on=settings.is_signed_on,
    )


def _open_audit(settings: Settings, data: Path, inventory: Inventory) -> AuditLog | None:
    if not settings.audit:
        return None
    return AuditLog(
        data / AUDIT,
        keep=settings.audit_files,
        put_aside=lambda: inventory.forget_log(AUDIT),
    )
