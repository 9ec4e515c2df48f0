"""State of one worker process: permits, queue, caches, readers, memory."""

from collections.abc import Mapping
from typing import Protocol

from prometheus_client import Counter, ProcessCollector

from index.readers import ReaderStatistics
from service.monitoring.metrics.metrics import Metrics
from service.state.limits.permits import Permits


class Questions(Protocol):
    """The questions of this process that wait for a model, and the vectors of earlier ones."""

    @property
    def waiting(self) -> int:
        """Number of questions that are not in a batch yet."""

    @property
    def cached_vectors(self) -> int:
        """Number of questions whose vectors are cached."""


class WorkerState:
    """Copies the state of this process into its metrics. Call it from the event loop's thread."""

    def __init__(self, metrics: Metrics, questions: Questions, permits: Mapping[str, Permits]) -> None:
        self._instruments = metrics.instruments
        self._worker = metrics.worker
        self._questions = questions
        self._permits = permits
        self._process = ProcessCollector(registry=None)
        self._copied: dict[tuple[str, str], float] = {}

    def copy(self, *, ready: bool, embedded: int, readers: ReaderStatistics) -> None:
        """Set the gauges, and raise the counters to the totals that are counted elsewhere."""
        to = self._instruments
        to.ready.set(ready)
        self._raise_counter("embedded", "", to.embedded, embedded)
        to.waiting.set(self._questions.waiting)
        to.cached.set(self._questions.cached_vectors)
        for kind, permits in self._permits.items():
            to.permits_taken.labels(kind).set(permits.taken)
            to.permits_limit.labels(kind).set(permits.limit)
            self._raise_counter("refused", kind, to.refused.labels(kind), permits.refused)
        to.reading.set(readers.reading)
        to.readers.set(readers.processes)
        for outcome, files in readers.files.items():
            self._raise_counter("files", outcome, to.files.labels(outcome), files)
        self._copy_process()

    def _copy_process(self) -> None:
        """Copy what the system says of this process; nothing where there is no /proc."""
        to, worker = self._instruments, self._worker
        values = {
            sample.name: sample.value for family in self._process.collect() for sample in family.samples
        }
        if (memory := values.get("process_resident_memory_bytes")) is not None:
            to.memory.labels(worker).set(memory)
        if (open_files := values.get("process_open_fds")) is not None:
            to.descriptors.labels(worker).set(open_files)
        if (seconds := values.get("process_cpu_seconds_total")) is not None:
            self._raise_counter("processor", worker, to.processor.labels(worker), seconds)

    def _raise_counter(self, name: str, label: str, counter: Counter, total: float) -> None:
        counter.inc(total - self._copied.get((name, label), 0.0))
        self._copied[name, label] = total
