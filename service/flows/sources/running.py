"""Run a source: with its secret, by one process at a time, and with a record of what it did."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import httpx

from index.collection import Collection
from index.errors import LoccitError
from index.sources import IngestReport
from index.sources.applications import (
    Connector,
    Limits,
    Run,
    Source,
    SourceSync,
    note_run,
    open_application,
    source_of,
)
from service.flows.sources.secrets import Secrets
from service.settings import Settings
from service.settings.values import split_list

_KINDS = ("added", "replaced", "unchanged", "renamed", "retired", "erased", "skipped", "refused")


@dataclass(frozen=True, slots=True)
class SourceRunner:
    """Runs sources of collections. ``transport`` takes the place of the network in tests."""

    settings: Settings
    secrets: Secrets
    transport: httpx.BaseTransport | None = None
    limits: Limits | None = None

    def run(
        self,
        collection: Collection,
        name: str,
        *,
        any_share: bool = False,
        on_file: Callable[[int, int], None] = lambda done, total: None,
        may_continue: Callable[[], bool] = lambda: True,
    ) -> tuple[IngestReport, Run]:
        """Synchronize a source and record the run.

        Raises :class:`index.errors.SourceNotFound`, :class:`index.errors.CollectionBusy` while another
        process runs it, what its application raises, which is recorded, too, and
        :class:`index.sources.applications.Stopped`.
        """
        source = source_of(collection, name)
        with collection.editor.running(name):
            began, clock = time.time(), time.monotonic()
            try:
                with closing(self._open(collection, source, may_continue)) as application:
                    sync = SourceSync(
                        collection,
                        source,
                        application,
                        limits=self.limits,
                        any_share=any_share,
                        on_file=on_file,
                    )
                    report = sync.run()
            except LoccitError as error:
                seconds = time.monotonic() - clock
                run = Run(began, seconds, {}, error.message, error.code, is_complete=False)
                note_run(collection, name, run)
                raise
            run = _finished(report, sync.missing, began, time.monotonic() - clock)
            note_run(collection, name, run)
        return report, run

    def _open(self, collection: Collection, source: Source, may_continue: Callable[[], bool]) -> Connector:
        return open_application(
            source,
            self.secrets.find(collection.name, source),
            max_bytes=collection.config.ingest.max_document_bytes,
            networks=split_list(self.settings.web_networks),
            limits=self.limits,
            transport=self.transport,
            may_continue=may_continue,
        )


def _finished(report: IngestReport, missing: str, began: float, seconds: float) -> Run:
    counts = {kind: len(getattr(report, kind)) for kind in _KINDS}
    problem = f"The listing is not complete, and nothing was removed: {missing}." if missing else ""
    if report.refused:
        problem = report.refused[0].reason
    return Run(began, seconds, {**counts, "embedded": report.embedded}, problem, is_complete=not missing)
