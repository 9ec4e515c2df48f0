"""Counts of the files that readers have read, and how reading them ended."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import TimeoutError as TimedOut
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from index.errors import LoccitError, ReadersUnavailable

ReadingOutcome = Literal["read", "refused", "timed_out", "out_of_memory", "crashed"]
"""``refused``: the reader works and does not take this file. The last three ended a reader process, or none
could be started (``crashed``)."""
OUTCOMES: tuple[ReadingOutcome, ...] = ("read", "refused", "timed_out", "out_of_memory", "crashed")


@dataclass(frozen=True, slots=True)
class ReaderStatistics:
    """``files`` by outcome since the start, files being read or waiting for it, and most processes."""

    files: Mapping[ReadingOutcome, int]
    reading: int
    processes: int


class ReadingCounts:
    """Counts files. Thread-safe."""

    def __init__(self, *, processes: int) -> None:
        self._processes = processes
        self._files: Counter[ReadingOutcome] = Counter(dict.fromkeys(OUTCOMES, 0))
        self._reading = 0
        self._lock = threading.Lock()

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count a file by the way in which the ``with`` block ends."""
        with self._lock:
            self._reading += 1
        outcome: ReadingOutcome = "crashed"
        try:
            yield
            outcome = "read"
        except ReadersUnavailable:
            raise
        except LoccitError:
            outcome = "refused"
            raise
        except TimedOut:
            outcome = "timed_out"
            raise
        except MemoryError:
            outcome = "out_of_memory"
            raise
        finally:
            with self._lock:
                self._reading -= 1
                self._files[outcome] += 1

    def read(self) -> ReaderStatistics:
        """The counts now."""
        with self._lock:
            return ReaderStatistics(dict(self._files), self._reading, self._processes)
