"""Copy the state of a process into its metrics, and render them with what all processes share."""

import asyncio
from collections.abc import Callable

from index.readers import ReaderStatistics
from service.monitoring.metrics.metrics import Metrics
from service.monitoring.metrics.shared_state import SharedState
from service.monitoring.metrics.worker_state import WorkerState

_SAMPLE_SECONDS = 1.0


class Sampler:
    """Samples one process, by functions that tell its state.

    ``is_ready``: whether it answers; ``embedded``: how many passages it has embedded; ``readers``: what its
    reader processes do.
    """

    def __init__(
        self,
        metrics: Metrics,
        worker: WorkerState,
        shared: SharedState,
        *,
        is_ready: Callable[[], bool],
        embedded: Callable[[], int],
        readers: Callable[[], ReaderStatistics],
    ) -> None:
        self._metrics = metrics
        self._worker = worker
        self._shared = shared
        self._is_ready = is_ready
        self._embedded = embedded
        self._readers = readers
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Sample every second if another process may render these metrics. Call it from the event loop."""
        if self._metrics.shared:
            self._task = asyncio.create_task(self._sample_often())

    async def stop(self) -> None:
        """Stop sampling, and reading."""
        self._shared.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def sample(self) -> None:
        """Copy the state of this process into its metrics. Call it from the event loop."""
        self._worker.copy(ready=self._is_ready(), embedded=self._embedded(), readers=self._readers())

    def render(self, accept: str) -> tuple[bytes, str]:
        """All metrics as text, and its media type. For a thread: it reads counts from disk."""
        ready = self._is_ready()
        return self._metrics.render(accept, lambda: self._shared.families(ready=ready))

    def begin_reading(self) -> None:
        """Begin to read the values of a database in the background. Call it once collections are open."""
        self._shared.start()

    async def _sample_often(self) -> None:
        # The worker that answers a scrape cannot look into the others: each writes down its state.
        while True:
            self.sample()
            await asyncio.sleep(_SAMPLE_SECONDS)
