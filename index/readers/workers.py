"""Worker processes for untrusted work, each with limits on memory and time."""

import contextlib
import heapq
import logging
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, TimeoutError as TimedOut, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import count
from multiprocessing import forkserver, resource_tracker
from multiprocessing.context import BaseContext
from typing import TypeVar

from pebble import ProcessFuture, ProcessPool

from index.errors import ReadersUnavailable
from index.readers.base.processes import dying_with_parent

T = TypeVar("T")

_LOG = logging.getLogger(__name__)
_SAFE_PATH = "PYTHONSAFEPATH"
_CALLS_PER_WORKER = 500
"""A worker is replaced after this many calls, which frees the memory that libraries leak."""
_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.125
_GIVE_WAY_SECONDS = 0.5
"""After this time in a worker, a call that may gives way to others that wait."""

UNAVAILABLE = (
    "No process to read files can be started here now; the log has the reason. The file is not the reason: "
    "send it again in a moment."
)


class GaveWay(Exception):
    """A call was ended for others that waited."""


class Workers:
    """A group of worker processes that start when they are first needed. Thread-safe.

    They are forked from a fork server, a process that has loaded what all readers need and does nothing else.
    Of the calls that wait, the one that is due first is next: see :class:`index.readers.workers.Turns`.
    Workers that end no call for ``patience`` seconds longer than one may take are given up: one that was
    killed at the moment at which it took a call leaves the others waiting for ever.
    """

    def __init__(self, processes: int, *, megabytes: int, patience: float = _PATIENCE_SECONDS) -> None:
        self._processes = processes
        self._megabytes = megabytes
        self._patience = patience
        self._turns = Turns(processes)
        self._starting = threading.Lock()
        self._pool: ProcessPool | None = None
        self._longest = 0.0
        self._last_end = 0.0

    def run(
        self,
        function: Callable[..., T],
        *arguments: object,
        seconds: float,
        due: float | None = None,
        gives_way: bool = False,
    ) -> T:
        """Call a function in a worker and return what it returns.

        It is due, among those that wait, ``due`` seconds from now, or after its time limit. One that
        ``gives_way`` is ended by :class:`GaveWay` when it takes longer than a moment and others wait. Raises
        what the function raises, :class:`TimeoutError` after so many seconds in a worker,
        :class:`pebble.ProcessExpired` if the worker died,
        :class:`concurrent.futures.process.BrokenProcessPool` if none could take the call,
        :class:`index.errors.ReadersUnavailable` if none can be started, and
        :class:`concurrent.futures.CancelledError` if the workers are stopped before that.
        """
        with self._turns.turn(seconds if due is None else due):
            return self._run(function, *arguments, seconds=seconds, gives_way=gives_way)

    def _run(self, function: Callable[..., T], *arguments: object, seconds: float, gives_way: bool) -> T:
        called = time.monotonic()
        pool, call = self._scheduled(function, *arguments)
        self._longest = max(self._longest, seconds)
        began: float | None = None
        while not wait([call], timeout=_LOOK_SECONDS).done:
            if began is None and call.running():
                began = time.monotonic()
            taken = 0.0 if began is None else time.monotonic() - began
            gives_way_now = gives_way and taken > _GIVE_WAY_SECONDS and self._turns.are_waited_for
            if (taken > seconds or gives_way_now) and call.cancel():  # type: ignore[no-untyped-call]
                self._last_end = time.monotonic()
                raise TimedOut if taken > seconds else GaveWay
            if time.monotonic() - max(called, self._last_end) > self._longest + self._patience:
                self._give_up(pool)
                raise BrokenProcessPool("The workers end no calls any more.")
        self._last_end = time.monotonic()
        found: T = call.result()
        return found

    def _scheduled(
        self, function: Callable[..., T], *arguments: object
    ) -> tuple[ProcessPool, ProcessFuture[T]]:
        """Give a call to the workers, which are started if they are not there.

        Without a time limit: the pool measures it by the clock of the system, which may be set.
        """
        try:
            pool = self._started()
            return pool, pool.schedule(function, args=arguments)
        except RuntimeError as error:  # the workers ended between the two
            raise BrokenProcessPool(str(error)) from error
        except (OSError, EOFError) as error:  # no semaphore, no process, no descriptor: no fault of the call
            _LOG.error("No reader process can be started: %r", error)
            raise ReadersUnavailable(UNAVAILABLE) from error

    def prepare(self) -> None:
        """Start the fork server."""
        with self._starting:
            _start_context()

    def close(self) -> None:
        """Stop the workers."""
        self._turns.cancel()
        with self._starting:
            self._stop()

    def _started(self) -> ProcessPool:
        with self._starting:
            if self._pool is None or not self._pool.active:
                self._stop()
                context = _start_context()
                self._pool = ProcessPool(
                    max_workers=self._processes,
                    max_tasks=_CALLS_PER_WORKER,
                    initializer=_limit_worker,
                    initargs=[self._megabytes * 2**20, context.get_start_method()],
                    context=context,
                )
            return self._pool

    def _give_up(self, pool: ProcessPool) -> None:
        with self._starting:
            if self._pool is not pool:
                return  # another caller was first
            self._pool = None
        _LOG.warning("The reader processes end no calls any more, and are replaced.")
        # In a thread, because stopping may wait for what the workers hold.
        threading.Thread(target=pool.stop, daemon=True).start()

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


def _start_context() -> BaseContext:
    """Start the fork server if necessary, and return the context that makes workers from it.

    Workers are not forked from this process, because that would copy locks that its threads hold.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["index.readers.preload"])
    try:
        with _safe_path(), _interrupts_blocked():
            forkserver.ensure_running()
    except OSError as error:  # its socket is in the temporary folder, whose path may be too long
        _LOG.warning("Reader processes are spawned, which takes longer than forking them: %r", error)
        return multiprocessing.get_context("spawn")
    return context


@contextlib.contextmanager
def _safe_path() -> Iterator[None]:
    """Start processes that import no module from the current folder, which may hold untrusted documents."""
    if sys.flags.safe_path:  # child processes inherit the flag
        yield
        return
    os.putenv(_SAFE_PATH, "1")
    try:
        yield
    finally:
        os.unsetenv(_SAFE_PATH)


@contextlib.contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start processes that ignore Ctrl-C, which a terminal sends to all: this process will stop them."""
    if sys.platform == "win32":
        yield
        return
    resource_tracker.ensure_running()  # starting it later would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _limit_worker(memory_bytes: int, start_method: str) -> None:
    """Limit a worker's memory, and let it die at once when it is told to, and with the fork server."""
    # The pool ends a call by this signal, and the handler that it sets waits until code in C returns: the
    # next call waited three seconds for that, then for another worker.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if start_method == "forkserver" and (die := dying_with_parent()):
        die()  # without the fork server no process would know the worker and stop it
    with contextlib.suppress(ValueError, OSError):  # not every system has the limit
        resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


# Let callers take turns, those first that are due first.


class Turns:
    """Gives ``most`` callers a turn at once. Of those that wait, whoever is due first is next. Thread-safe.

    A caller with little to do is due soon and so passes those with much to do, but not for ever: at last they
    are due before whoever comes.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: list[tuple[float, int]] = []
        self._numbers = count()
        self._closed = 0
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, seconds: float) -> Iterator[None]:
        """Have a turn for the ``with`` block; it is due ``seconds`` from now.

        Raises :class:`concurrent.futures.CancelledError` if :meth:`cancel` is called before it comes.
        """
        self._wait((time.monotonic() + seconds, next(self._numbers)))
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    @property
    def are_waited_for(self) -> bool:
        """Whether anybody waits for a turn."""
        return bool(self._waiting)

    def cancel(self) -> None:
        """End the waiting of all that wait now."""
        with self._changed:
            self._closed += 1
            self._changed.notify_all()

    def _wait(self, own: tuple[float, int]) -> None:
        with self._changed:
            closed = self._closed
            heapq.heappush(self._waiting, own)
            try:
                self._changed.wait_for(
                    lambda: self._closed != closed or (self._free > 0 and self._waiting[0] == own)
                )
                if self._closed != closed:
                    raise CancelledError
                self._free -= 1
            finally:
                self._waiting.remove(own)
                heapq.heapify(self._waiting)
                self._changed.notify_all()
