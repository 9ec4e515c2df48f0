"""``loccit worker``: embed passages, run jobs and send webhooks for the services that share a database."""

import logging
import threading
from contextlib import closing
from dataclasses import replace

from service.errors import InvalidSettings
from service.flows.ingest.background.embedding import EmbeddingWorker
from service.flows.ingest.jobs.intake import open_intake
from service.flows.ingest.jobs.runner import JobRunner
from service.flows.sources.running import SourceRunner
from service.flows.sources.secrets import open_secrets
from service.flows.upkeep.opening import open_all
from service.flows.webhooks.delivering import Sender, WebhookWorker
from service.monitoring.metrics import WorkMetrics
from service.monitoring.probes import Health
from service.settings import Settings
from service.state.jobs import open_job_store, open_spool
from service.state.library import open_library

log = logging.getLogger("loccit.service")

_PASSAGES_PER_BATCH = 128
"""Enough to keep a GPU busy, and few enough for other workers to get some of a small document."""
_PASSAGES_PER_STEP = 8 * _PASSAGES_PER_BATCH


def _require_shared(settings: Settings) -> None:
    """Raise :class:`InvalidSettings` unless there is a database whose work can be shared."""
    if not settings.library_config().store_url:
        raise InvalidSettings(
            "LOCCIT_STORE: is not set, and a worker takes its work from a database. Give it the address that "
            "the services have. Without a database there is nothing to do: `loccit serve` embeds and runs "
            "jobs itself."
        )


class Work:
    """Embeds the passages of all collections, runs jobs if it can read their files, and sends webhooks.

    It keeps no indexes. Any number of processes may do this for one database. Raises
    :class:`service.errors.InvalidSettings` without one, and what
    :func:`service.state.library.open_library` raises.
    """

    def __init__(self, settings: Settings) -> None:
        _require_shared(settings)
        config = settings.library_config()
        ingest = replace(config.ingest, passages_per_batch=_PASSAGES_PER_BATCH)
        self._library = open_library(settings, config=replace(config, is_searched=False, ingest=ingest))
        self._embedding = EmbeddingWorker(self._library, passages_per_step=_PASSAGES_PER_STEP)
        self._job_store = open_job_store(settings.data, store=config.store_url)
        self._jobs: JobRunner | None = None
        if config.objects:
            spool = open_spool(
                settings.data,
                store=config.store_url,
                max_bytes=settings.max_spool_bytes,
                objects=config.objects,
            )
            self._jobs = JobRunner(
                self._library,
                self._job_store,
                open_intake(settings, spool),
                on_stored=self._embedding.notify,
                sources=SourceRunner(settings, open_secrets(settings, settings.data, store=config.store_url)),
            )
            self._embedding.on_embedded = self._jobs.wake
        self._webhooks = WebhookWorker(self._library, self._job_store, Sender(settings))
        self._metrics = WorkMetrics(self._library)
        self._is_begun = False
        self._error: Exception | None = None

    def run(self, stopped: threading.Event) -> None:
        """Work until ``stopped`` is set; then finish or give back what is in hand. Once only.

        Raises what prevents the start.
        """
        beginning = threading.Thread(target=self._begin, args=(stopped,), name="loccit-begin", daemon=True)
        with closing(self._library), closing(self._job_store):
            beginning.start()  # loading a model takes long, and a signal must not wait for that
            stopped.wait()
            log.info("Stopping: what is not finished is given back.")
            self._embedding.stop()
            if self._jobs is not None:
                self._jobs.stop()
            self._webhooks.stop()
        if self._error is not None:
            raise self._error
        log.info("Stopped. Embedded %d passages.", self._embedding.embedded)

    def health(self) -> Health:
        """The state of the worker, and the number of passages that it has embedded."""
        return Health(
            is_up=self._embedding.running or not self._is_begun,
            is_ready=self._embedding.running,
            details={"embedded": self._embedding.embedded, "runs_jobs": self._jobs is not None},
        )

    def render(self, accept: str) -> tuple[bytes, str]:
        """The metrics of this process, as text, and its media type; reads no database."""
        return self._metrics.render(accept, self._embedding.embedded, is_ready=self._embedding.running)

    def _begin(self, stopped: threading.Event) -> None:
        try:
            if self._jobs is not None:
                self._library.expect_documents()
            if not open_all(self._library):
                # The first document does not wait until a model is converted, and a wrong name is told now.
                self._library.models.open_named("")
            if stopped.is_set():
                return
            self._embedding.start()
            if self._jobs is not None:
                self._jobs.start()
            self._webhooks.start()
            self._is_begun = True
        except Exception as error:
            if stopped.is_set():  # what it was opening has been closed
                return
            self._error = error  # raised again in the caller's thread
            stopped.set()
            return
        log.info(
            "Ready. Collections: %s. %s",
            ", ".join(self._library.names()) or "none yet",
            "Embeds passages and runs jobs."
            if self._jobs
            else "Embeds passages, and runs no jobs: without LOCCIT_OBJECTS their files are elsewhere.",
        )
