"""Metrics of a process that works for services and serves nobody: ``loccit worker``."""

import platform
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from index.library import Library
from service.monitoring.metrics.instruments import PREFIX
from service.monitoring.metrics.metrics import render_families


class WorkMetrics:
    """Renders what a worker has done, and its memory and connections. Reads no database. Thread-safe."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._process = ProcessCollector(registry=None)

    def render(self, accept: str, embedded: int, *, is_ready: bool) -> tuple[bytes, str]:
        """All metrics as text, and its media type; ``embedded`` are the passages embedded so far."""
        return render_families(accept, lambda: self._families(embedded, is_ready=is_ready))

    def _families(self, embedded: int, *, is_ready: bool) -> Iterator[Metric]:
        build = GaugeMetricFamily(f"{PREFIX}build_info", "Versions; always 1.", labels=("version", "python"))
        build.add_metric([version("loccit"), platform.python_version()], 1)
        yield build
        yield CounterMetricFamily(
            f"{PREFIX}passages_embedded", "Passages that this process gave a vector.", value=embedded
        )
        yield GaugeMetricFamily(f"{PREFIX}work_ready", "1 once the models are loaded.", value=is_ready)
        readers = self._library.reader_statistics()
        files = CounterMetricFamily(
            f"{PREFIX}reader_files", "Files given to readers, by outcome.", labels=("outcome",)
        )
        for outcome, number in readers.files.items():
            files.add_metric([outcome], number)
        yield files
        yield from self._connections()
        yield from self._process.collect()

    def _connections(self) -> Iterator[Metric]:
        from index.postgresql import open_server

        now = open_server(self._library.config.store_url).connections()
        connections = GaugeMetricFamily(
            f"{PREFIX}store_connections", "Connections to the database.", labels=("state",)
        )
        for state, number in (("used", now.used), ("idle", now.idle), ("most", now.most)):
            connections.add_metric([state], number)
        yield connections
        yield GaugeMetricFamily(
            f"{PREFIX}store_requests_waiting",
            "Transactions that wait for a connection to the database.",
            value=now.waiting,
        )
