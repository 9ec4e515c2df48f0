"""The counters, histograms and gauges of one process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BATCHES = (1, 2, 4, 8, 16, 32, 64, 128)
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_OTHER = "other"
NO_ROUTE = "-"
"""Label of requests that reached no route."""


PREFIX = "loccit_"


@dataclass(frozen=True, slots=True)
class Described:
    """A metric's name, kind, labels and meaning."""

    name: str
    kind: str
    labels: tuple[str, ...]
    text: str


class _Maker:
    """Makes metrics in a registry, and describes each of them for the documentation."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.described: list[Described] = []

    def counter(self, name: str, text: str, *labels: str) -> Counter:
        name = self._describe("counter", name, text, labels)
        return Counter(name, text, labels, registry=self._registry)

    def histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        name = self._describe("histogram", name, text, labels)
        return Histogram(name, text, labels, registry=self._registry, buckets=buckets)

    def gauge(self, name: str, text: str, *labels: str) -> Gauge:
        name = self._describe("gauge", name, text, labels)
        return Gauge(name, text, labels, registry=self._registry, multiprocess_mode="livesum")

    def _describe(self, kind: str, name: str, text: str, labels: tuple[str, ...]) -> str:
        self.described.append(Described(f"{PREFIX}{name}", kind, labels, text))
        return f"{PREFIX}{name}"


class Instruments:
    """Counters and histograms of one process. Thread-safe; each observation takes one or two microseconds.

    Labels have few values, and none comes from a client: an unknown method counts as ``other``, and a path
    as the route that it reached. ``described`` are all of them, for the documentation.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        # The times at which series were made would double the size of a scrape.
        disable_created_metrics()
        make = _Maker(registry)
        self.described = make.described
        self._make_requests(make)
        self._make_questions(make)
        self._make_state(make)
        # Finding a series by its labels takes as long as counting in it: it is done once.
        self._found_requests: dict[
            tuple[str, str, int], tuple[Callable[[], None], Callable[[float], None]]
        ] = {}
        self._found_stages: dict[str, Callable[[float], None]] = {}

    def _make_requests(self, make: _Maker) -> None:
        self._requests = make.counter(
            "http_requests_total", "Requests by method, route and status.", "method", "route", "status"
        )
        self._request_seconds = make.histogram(
            "http_request_seconds", "Time until a response was sent whole.", _SECONDS, "method", "route"
        )
        self._errors = make.counter("errors_total", "Error responses by error code.", "code")

    def _make_questions(self, make: _Maker) -> None:
        self.questions = make.counter("questions_total", "Questions answered.")
        self._stages = make.histogram(
            "question_stage_seconds",
            "Time of each stage of a question; total is their sum.",
            _SECONDS,
            "stage",
        )
        self.batch_size = make.histogram(
            "question_batch_size", "Questions that the model embedded at once.", tuple(map(float, _BATCHES))
        )
        self.cache_hits = make.counter("question_cache_hits_total", "Questions whose vector was cached.")
        self.cache_misses = make.counter(
            "question_cache_misses_total", "Questions that the model had to embed."
        )
        self.embedded = make.counter("passages_embedded_total", "Passages that this service gave a vector.")

    def _make_state(self, make: _Maker) -> None:
        """Make the metrics of the state of a process: queues, permits, readers, memory, processor time."""
        self.cached = make.gauge("question_cache_entries", "Questions whose vectors are cached.")
        self.waiting = make.gauge("questions_waiting", "Questions that wait for the model.")
        self.permits_taken = make.gauge("permits_taken", "Requests of a kind in the service.", "kind")
        self.permits_limit = make.gauge(
            "permits_limit", "Requests of a kind that are admitted at once.", "kind"
        )
        self.refused = make.counter(
            "requests_refused_total", "Requests refused for want of a permit.", "kind"
        )
        self.ready = make.gauge("workers_ready", "Worker processes that answer questions.")
        self.reading = make.gauge(
            "reader_files_reading", "Files being read, or waiting for a reader process."
        )
        self.readers = make.gauge("reader_processes_limit", "Most reader processes at once.")
        self.files = make.counter("reader_files_total", "Files given to readers, by outcome.", "outcome")
        self.memory = make.gauge("worker_resident_bytes", "Resident memory of a worker process.", "worker")
        self.descriptors = make.gauge(
            "worker_open_files", "Open file descriptors of a worker process.", "worker"
        )
        self.processor = make.counter(
            "worker_cpu_seconds_total", "Processor time of a worker process.", "worker"
        )

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; a status of 0 stands for a connection that ended without a response."""
        key = (method if method in _METHODS else _OTHER, route, status)
        found = self._found_requests.get(key)
        if found is None:
            found = self._found_requests[key] = (
                self._requests.labels(key[0], route, str(status)).inc,
                self._request_seconds.labels(key[0], route).observe,
            )
        count, observe = found
        count()
        observe(seconds)

    def error(self, code: str) -> None:
        """Count an error response."""
        self._errors.labels(code).inc()

    def stages(self, timings_ms: Mapping[str, float]) -> None:
        """Count an answered question and the time of its stages, in milliseconds."""
        self.questions.inc()
        for stage, milliseconds in timings_ms.items():
            observe = self._found_stages.get(stage)
            if observe is None:
                observe = self._found_stages[stage] = self._stages.labels(stage).observe
            observe(milliseconds / 1000)
