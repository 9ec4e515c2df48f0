"""State that all worker processes share, read at each scrape: collections, jobs, disk space, the build."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import get_args

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from index.collection import Collection
from index.errors import CollectionNotFound, LoccitError
from index.library import Library
from index.protocols import Side
from service.advice import message_with_advice
from service.monitoring.metrics.instruments import PREFIX, Described
from service.state.jobs.protocols import JobStore
from service.state.jobs.records import STATES

log = logging.getLogger("loccit.service")

_DISK_SECONDS = 60.0
"""How long the size of a folder is kept: adding up its files takes longer than everything else here."""

DESCRIBED = tuple(
    Described(f"{PREFIX}{name}", "gauge", labels, text)
    for name, labels, text in (
        ("build_info", ("version", "python"), "Versions; always 1."),
        ("collections", ("state",), "Collections; unavailable ones cannot be opened."),
        ("collection_documents", ("collection",), "Documents."),
        ("collection_passages", ("collection",), "Passages of the newest versions."),
        ("collection_passages_waiting", ("collection",), "Passages that have no vector yet."),
        (
            "collection_waiting_seconds",
            ("collection",),
            "Time since the oldest of these passages was stored; 0 if none waits.",
        ),
        ("collection_characters", ("collection",), "Code points of the newest versions."),
        ("collection_disk_bytes", ("collection",), "Bytes on disk, read once a minute."),
        (
            "collection_index_failed",
            ("collection", "index"),
            "1 while an index has failed here and is made anew.",
        ),
        (
            "collection_mirrors_refused",
            ("collection",),
            "Folders whose last mirror was refused, because too much was missing.",
        ),
        ("collection_lag_changes", ("collection",), "Changes of the record that answers do not have yet."),
        (
            "collection_lag_seconds",
            ("collection",),
            "The most that the first change can be old that answers do not have yet.",
        ),
        ("jobs", ("state",), "Jobs that are kept."),
        (
            "working_processes",
            ("work",),
            "Processes of all machines that do the work `embedding` or `jobs`; only with LOCCIT_STORE.",
        ),
        ("data_free_bytes", (), "Free space on the disk of the data folder."),
    )
)
_GAUGES = {one.name: one for one in DESCRIBED}


class SharedState:
    """Reads the state that is the same for every worker. Thread-safe."""

    def __init__(
        self, library: Library, jobs: JobStore, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._library = library
        self._jobs = jobs
        self._clock = clock
        self._sizes: dict[Path, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def families(self, *, ready: bool) -> Iterator[Metric]:
        """The metrics, with their values now; without those of collections until the service is ready."""
        build = _new_gauge("build_info")
        build.add_metric([version("loccit"), platform.python_version()], 1)
        yield build
        if ready:  # opening one would wait for the model
            yield from self._collection_metrics()
        try:
            yield self._count_jobs()
            yield self._count_processes()
        except LoccitError as error:
            log.warning("The metrics have no jobs: %s", message_with_advice(error))
        with suppress(OSError):
            free = _new_gauge("data_free_bytes")
            free.add_metric([], shutil.disk_usage(self._library.data).free)
            yield free

    def _count_jobs(self) -> Metric:
        jobs = _new_gauge("jobs")
        counted = self._jobs.count_states()
        for state in STATES:
            jobs.add_metric([state], counted.get(state, 0))
        return jobs

    def _count_processes(self) -> Metric:
        processes = _new_gauge("working_processes")
        for work, number in (
            ("embedding", self._library.attendants()),
            ("jobs", self._jobs.attendants()),
        ):
            if number is not None:
                processes.add_metric([work], number)
        return processes

    def _collection_metrics(self) -> Iterator[Metric]:
        documents = _new_gauge("collection_documents")
        passages = _new_gauge("collection_passages")
        waiting = _new_gauge("collection_passages_waiting")
        waited = _new_gauge("collection_waiting_seconds")
        characters = _new_gauge("collection_characters")
        size = _new_gauge("collection_disk_bytes")
        failed = _new_gauge("collection_index_failed")
        refused = _new_gauge("collection_mirrors_refused")
        lag_changes, lag_seconds = _new_gauge("collection_lag_changes"), _new_gauge("collection_lag_seconds")
        states = dict.fromkeys(("open", "unavailable"), 0)
        for name in self._library.names():
            try:
                collection = self._library.open(name)
                counts = collection.archive.counts()
                since = collection.archive.waiting_since()
                mirrors = collection.archive.refused_mirrors()
            except CollectionNotFound:
                continue  # deleted after it was listed
            except LoccitError:
                states["unavailable"] += 1
                continue
            states["open"] += 1
            documents.add_metric([name], counts.documents)
            passages.add_metric([name], counts.passages)
            waiting.add_metric([name], counts.passages - counts.embedded)
            waited.add_metric([name], 0.0 if since is None else max(0.0, time.time() - since))
            characters.add_metric([name], counts.characters)
            size.add_metric([name], self._disk_bytes(collection))
            for side in get_args(Side):
                failed.add_metric([name, side], any(one.side == side for one in collection.failures))
            refused.add_metric([name], len(mirrors))
            lag = collection.lag
            lag_changes.add_metric([name], lag.changes)
            lag_seconds.add_metric([name], lag.seconds)
        collections = _new_gauge("collections")
        for state, number in states.items():
            collections.add_metric([state], number)
        yield from (collections, documents, passages, waiting, waited, characters, size, failed, refused)
        yield from (lag_changes, lag_seconds)

    def _disk_bytes(self, collection: Collection) -> int:
        now = self._clock()
        with self._lock:
            at, size = self._sizes.get(collection.folder, (-_DISK_SECONDS, 0))
        if now - at >= _DISK_SECONDS:
            size = folder_bytes(collection.folder)
            with self._lock:
                self._sizes[collection.folder] = now, size
        return size


def folder_bytes(folder: Path) -> int:
    """The size of all files in a folder and below, in bytes; files that vanish meanwhile do not count."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                total += os.lstat(f"{path}{os.sep}{name}").st_size
    return total


def _new_gauge(name: str) -> GaugeMetricFamily:
    one = _GAUGES[PREFIX + name]
    return GaugeMetricFamily(one.name, one.text, labels=one.labels)
