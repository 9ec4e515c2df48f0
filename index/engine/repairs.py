"""Failed indexes of an engine, and the thread that makes them anew."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from index.errors import LoccitError
from index.protocols import Failure, Side

_log = logging.getLogger("loccit.engine")

T = TypeVar("T")

_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
"""Seconds between two attempts, which double: a full disk is not helped by haste."""


class Stopped(Exception):
    """The engine is closed: the work in the background ends here."""


class Repairs:
    """Keeps the failures of an engine, and repairs them in a thread. Safe to use from several threads.

    ``repair`` makes one index anew and raises what prevents it; it is given the side and the number of the
    attempt, from 1. ``name`` is that of the collection's folder, for the log.
    """

    def __init__(self, name: str, repair: Callable[[Side, int], None]) -> None:
        self._name = name
        self._repair = repair
        self._lock = threading.Lock()
        self.failed: dict[Side, Failure] = {}
        """The failures that are not repaired yet."""
        self._tasks: list[Callable[[], None]] = []
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """The failures that are not repaired yet."""
        return tuple(self.failed.values())

    def is_searched(self, side: Side) -> bool:
        """Whether an index can be searched: it has not failed, or failed only to follow the record."""
        failure = self.failed.get(side)
        return failure is None or failure.is_searched

    def has_failed(self, side: Side) -> bool:
        """Whether an index has failed and is not repaired yet."""
        return side in self.failed

    def report(self, side: Side, error: Exception, *, is_searched: bool = False) -> None:
        """Note that an index has failed, log it, and begin to repair it."""
        reason = error.message if isinstance(error, LoccitError) else str(error)
        with self._lock:
            known = self.failed.get(side)
            if self._closed.is_set() or (known and (is_searched or not known.is_searched)):
                return
            self.failed[side] = Failure(side, reason, known.since if known else time.time(), is_searched)
            _log.error(
                "The %s index of the collection %r has failed: %s. Questions are answered %s until it is "
                "made anew from the record.",
                side,
                self._name,
                reason.rstrip("."),
                "from its last state" if is_searched else "without it",
            )
            self._start()

    def run_in_background(self, task: Callable[[], None]) -> None:
        """Run a task in the thread, once even if it is added repeatedly before; it reports its findings."""
        with self._lock:
            if task not in self._tasks:
                self._tasks.append(task)
            self._start()

    def stop_if_closed(self) -> None:
        """Raise :class:`Stopped` when the engine is closed."""
        if self._closed.is_set():
            raise Stopped

    def unless_closed(self, parts: Iterable[T]) -> Iterator[T]:
        """Yield the parts of some work. Raises :class:`Stopped` between them when the engine is closed."""
        for part in parts:
            self.stop_if_closed()
            yield part

    def close(self) -> None:
        """End the thread, after the batch that it is working on."""
        with self._lock:
            self._closed.set()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _start(self) -> None:
        if self._thread is None and not self._closed.is_set():
            self._thread = threading.Thread(target=self._run, name="loccit-repair", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        try:
            attempt, pause = 1, _FIRST_PAUSE
            while self._work(attempt):
                self._closed.wait(pause)
                attempt, pause = attempt + 1, min(2 * pause, _LONGEST_PAUSE)
        except Stopped:
            return

    def _work(self, attempt: int) -> bool:
        """Run waiting tasks, and try to repair each failure; returns whether the thread must go on."""
        self.stop_if_closed()
        with self._lock:
            tasks, self._tasks = self._tasks, []
        for task in tasks:
            task()
        for side in list(self.failed):
            self._attempt(side, attempt)
        with self._lock:
            if self.failed or self._tasks:
                return True
            self._thread = None
            return False

    def _attempt(self, side: Side, attempt: int) -> None:
        try:
            self._repair(side, attempt)
        except Stopped:
            raise
        except Exception as error:
            # Whatever it is, the answers say that the index is missing, and the next attempt may succeed.
            known = isinstance(error, LoccitError | OSError)
            level = logging.WARNING if known else logging.ERROR
            _log.log(
                level,
                "The %s index of the collection %r could not be made anew: %s",
                side,
                self._name,
                error,
                exc_info=None if known else error,
            )
            return
        with self._lock:
            failure = self.failed.pop(side)
        seconds = time.time() - failure.since
        _log.warning(
            "The %s index of the collection %r is complete again after %.1f s.", side, self._name, seconds
        )
