"""The metrics of a process, and how they are rendered with what all processes share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout
from prometheus_client import CollectorRegistry, values
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from service.monitoring.metrics.instruments import Instruments

Families = Iterable[Metric]


class Metrics:
    """The metrics of one process. With a folder, those of all processes that were given the same folder.

    ``instruments`` count. :meth:`render` may be called from any thread.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._place = None if folder is None else WorkerPlace.take(folder)
        self._own = CollectorRegistry()
        self.instruments = Instruments(self._own)
        self.worker = str(0 if self._place is None else self._place.number)
        """Label of this process among the workers."""

    @property
    def shared(self) -> bool:
        """True if worker processes share their metrics: each renders those of all."""
        return self._place is not None

    def render(self, accept: str, more: Callable[[], Families]) -> tuple[bytes, str]:
        """All metrics as text, with its media type: what was counted, and ``more``, read now.

        ``accept`` is the Accept header of the scrape, which selects OpenMetrics or the text format.
        """
        return render_families(accept, lambda: self._registry().collect(), more)

    def _registry(self) -> CollectorRegistry:
        return self._own if self._place is None else self._place.collect()


def render_families(accept: str, *sources: Callable[[], Families]) -> tuple[bytes, str]:
    """Metrics as text, with its media type, in the format that an Accept header selects."""
    registry = CollectorRegistry()
    for source in sources:
        registry.register(_Families(source))
    encode, media_type = choose_encoder(accept)
    return encode(registry), media_type


class _Families(Collector):
    def __init__(self, collect: Callable[[], Families]) -> None:
        self._collect = collect

    def collect(self) -> Families:
        return self._collect()

    def describe(self) -> Iterator[Metric]:
        # Registering would collect once otherwise.
        return iter(())


# Metrics of several worker processes: files in one folder, which any worker adds up at a scrape.
#
# The files are those of prometheus_client's multiprocess mode, named by a place instead of a process id: a
# worker that replaces a dead one takes over its place and its counts, so that counters never fall and files
# do not pile up. A worker holds a file lock on its place while it lives.


class WorkerPlace:
    """A worker's place in the folder of all workers' metrics, until its process ends."""

    def __init__(self, folder: Path, number: int, lock: FileLock) -> None:
        """Use :meth:`take`."""
        self.number = number
        self._folder = folder
        self._lock = lock

    @classmethod
    def take(cls, folder: Path) -> WorkerPlace:
        """Take the first free place. Metrics made from now on in this process are kept in its files."""
        number = 0
        while (lock := _try_lock(folder, number)) is None:
            number += 1
        values.ValueClass = values.MultiProcessValue(lambda: number)
        return cls(folder, number, lock)

    def collect(self) -> CollectorRegistry:
        """A registry with the sums over all workers; gauges of those that are dead are left out."""
        for number in {int(path.stem.rpartition("_")[2]) for path in self._folder.glob("gauge_live*.db")}:
            if number != self.number and (lock := _try_lock(self._folder, number)) is not None:
                try:
                    mark_process_dead(number, str(self._folder))
                finally:
                    lock.release()
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(self._folder))
        return registry


def _try_lock(folder: Path, number: int) -> FileLock | None:
    """The lock of a place, held now; None while another process holds it."""
    lock = FileLock(folder / f"{number}.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock
