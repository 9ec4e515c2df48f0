"""State that all worker processes share, read at each scrape: collections, jobs, disk space, the build."""

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
from index.errors import CollectionNotFound, LoccitError, StoreUnavailable
from index.library import Library
from index.protocols import Side
from service.advice import message_with_advice
from service.monitoring.metrics.instruments import PREFIX, Described
from service.state.jobs.protocols import JobStore
from service.state.jobs.records import STATES

log = logging.getLogger("loccit.service")

_READ_SECONDS = 15.0
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
        (
            "collection_purge_seconds",
            ("collection",),
            "Time since the oldest erasure whose bytes may still be in files; 0 without one.",
        ),
        ("jobs", ("state",), "Jobs that are kept."),
        (
            "working_processes",
            ("work",),
            "Processes of all machines that do the work `embedding` or `jobs`; only with LOCCIT_STORE.",
        ),
        (
            "store_reachable",
            (),
            "1 if the database was reached when its values were last read; only with LOCCIT_STORE.",
        ),
        (
            "store_values_age_seconds",
            (),
            "Age of the values of collections and jobs, which are read every 15 seconds with LOCCIT_STORE.",
        ),
        ("store_connections", ("state",), "Connections to the database: `used`, `idle`, and the `most`."),
        ("store_requests_waiting", (), "Transactions that wait for a connection to the database."),
        ("data_free_bytes", (), "Free space on the disk of the data folder."),
    )
)
_GAUGES = {one.name: one for one in DESCRIBED}


class SharedState:
    """Reads the state that is the same for every worker. Thread-safe.

    That of a data folder is read at each scrape. A database is read by a thread of its own, now and then: a
    scrape asks it nothing, and shows what was read last while it cannot be reached.
    """

    def __init__(
        self, library: Library, jobs: JobStore, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._library = library
        self._jobs = jobs
        self._clock = clock
        self._sizes: dict[Path, tuple[float, int]] = {}
        self._lock = threading.Lock()
        self._is_elsewhere = bool(library.config.store_url)
        self._kept: list[Metric] = []
        self._read_at: float | None = None
        self._is_reachable = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loccit-metrics", daemon=True)

    def start(self) -> None:
        """Begin to read the database now and then, if there is one. Call it once collections are open."""
        if self._is_elsewhere:
            self._thread.start()

    def stop(self) -> None:
        """End that; a reading that is under way ends by itself."""
        self._stopped.set()

    def families(self, *, ready: bool) -> Iterator[Metric]:
        """The metrics, with their values now; without those of collections until the service is ready."""
        build = _new_gauge("build_info")
        build.add_metric([version("loccit"), platform.python_version()], 1)
        yield build
        if self._is_elsewhere:
            yield from self._kept
            yield from self._store_metrics()
        else:
            yield from self._read(ready=ready)
        if ready:
            yield from self._lag_metrics()
        with suppress(OSError):
            free = _new_gauge("data_free_bytes")
            free.add_metric([], shutil.disk_usage(self._library.data).free)
            yield free

    def refresh(self) -> None:
        """Read the database. Where it cannot be reached, what was read before stays."""
        try:
            kept = [*self._collection_metrics(), self._count_jobs(), self._count_processes()]
        except LoccitError as error:
            self._is_reachable = False
            log.warning("The metrics stay as they were: %s", message_with_advice(error))
        else:
            self._kept, self._read_at, self._is_reachable = kept, self._clock(), True

    def _run(self) -> None:
        while True:
            try:
                self.refresh()
            except Exception:
                log.exception("The thread that reads the metrics of the database failed, and goes on.")
            if self._stopped.wait(_READ_SECONDS):
                return

    def _read(self, *, ready: bool) -> Iterator[Metric]:
        if ready:  # opening one would wait for the model
            yield from self._collection_metrics()
        try:
            yield self._count_jobs()
            yield self._count_processes()
        except LoccitError as error:
            log.warning("The metrics have no jobs: %s", message_with_advice(error))

    def _store_metrics(self) -> Iterator[Metric]:
        from index.postgresql import open_server

        reachable, age = _new_gauge("store_reachable"), _new_gauge("store_values_age_seconds")
        reachable.add_metric([], self._is_reachable)
        yield reachable
        if self._read_at is not None:
            age.add_metric([], self._clock() - self._read_at)
            yield age
        connections, waiting = _new_gauge("store_connections"), _new_gauge("store_requests_waiting")
        now = open_server(self._library.config.store_url).connections()
        for state, number in (("used", now.used), ("idle", now.idle), ("most", now.most)):
            connections.add_metric([state], number)
        waiting.add_metric([], now.waiting)
        yield from (connections, waiting)

    def _lag_metrics(self) -> Iterator[Metric]:
        changes, seconds = _new_gauge("collection_lag_changes"), _new_gauge("collection_lag_seconds")
        for name, lag in sorted(self._library.lags().items()):
            changes.add_metric([name], lag.changes)
            seconds.add_metric([name], lag.seconds)
        yield from (changes, seconds)

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
        purge = _new_gauge("collection_purge_seconds")
        states = dict.fromkeys(("open", "unavailable"), 0)
        for name in self._library.names():
            try:
                collection = self._library.open(name)
                counts = collection.archive.counts()
                since = collection.archive.waiting_since()
                mirrors = collection.archive.refused_mirrors()
                erasure = collection.purging.pending()
            except CollectionNotFound:
                continue  # deleted after it was listed
            except StoreUnavailable:
                raise
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
            erased = min(erasure.documents.values(), default=None) if erasure else None
            purge.add_metric([name], 0.0 if erased is None else max(0.0, time.time() - erased))
        collections = _new_gauge("collections")
        for state, number in states.items():
            collections.add_metric([state], number)
        yield from (collections, documents, passages, waiting, waited, characters, size, failed, refused)
        yield purge

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
