"""Threads that run beside the requests of a process."""

import threading
from abc import ABC, abstractmethod

STOP_SECONDS = 10.0
"""For so long the end of a process waits for what a thread is doing."""


class BackgroundThread(ABC):
    """A thread that runs from :meth:`start` until :meth:`stop`.

    ``_stopped`` is set when it is to end, and ``_wake`` with it, by which a pause ends early.
    """

    thread_name: str
    stop_seconds: float | None = STOP_SECONDS

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.thread_name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread after what it is doing."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(self.stop_seconds)

    @abstractmethod
    def _run(self) -> None:
        """Do the work of the thread until it is stopped."""
