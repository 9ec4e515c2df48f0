"""The metrics of a process, and how they are rendered with what all processes share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from service.monitoring.metrics.instruments import Instruments
from service.monitoring.metrics.workers import WorkerPlace

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
        """Whether other processes render what this one counts."""
        return self._place is not None

    def render(self, accept: str, more: Callable[[], Families]) -> tuple[bytes, str]:
        """All metrics as text, with its media type: what was counted, and ``more``, read now.

        ``accept`` is the Accept header of the scrape, which selects OpenMetrics or the text format.
        """
        registry = CollectorRegistry()
        registry.register(_Families(lambda: self._registry().collect()))
        registry.register(_Families(more))
        encode, media_type = choose_encoder(accept)
        return encode(registry), media_type

    def _registry(self) -> CollectorRegistry:
        return self._own if self._place is None else self._place.collect()


class _Families(Collector):
    def __init__(self, collect: Callable[[], Families]) -> None:
        self._collect = collect

    def collect(self) -> Families:
        return self._collect()

    def describe(self) -> Iterator[Metric]:
        # Registering would collect once otherwise.
        return iter(())
