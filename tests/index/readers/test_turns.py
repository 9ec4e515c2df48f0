"""The order in which files that wait for a reader are read."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

import pytest

from index.readers.workers import Turns
from tests.patience import PATIENCE


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


class _Held:
    """Turns of which one is taken by the test."""

    def __init__(self, threads: ThreadPoolExecutor) -> None:
        self.turns = Turns(1)
        self.had: list[str] = []
        self._threads = threads
        self._begun, self._end = threading.Event(), threading.Event()
        self._first = threads.submit(self._hold)
        assert self._begun.wait(PATIENCE)

    def _hold(self) -> None:
        with self.turns.turn(0):
            self._begun.set()
            assert self._end.wait(PATIENCE)

    def wait(self, name: str, seconds: float) -> Future[None]:
        def take() -> None:
            with self.turns.turn(seconds):
                self.had.append(name)

        waiting = len(self.turns._waiting)
        call = self._threads.submit(take)
        _until(lambda: len(self.turns._waiting) == waiting + 1)
        return call

    def end(self) -> None:
        self._end.set()
        self._first.result(PATIENCE)


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_those_that_are_due_first_go_first(threads: ThreadPoolExecutor) -> None:
    held = _Held(threads)
    calls = [held.wait(f"large {at}", 100) for at in range(3)]
    calls += [held.wait("small", 10), held.wait("larger still", 1000), held.wait("small, too", 10)]
    held.end()
    for call in calls:
        call.result(PATIENCE)
    assert held.had == ["small", "small, too", "large 0", "large 1", "large 2", "larger still"]


def test_what_waits_long_is_not_passed_for_ever(threads: ThreadPoolExecutor) -> None:
    held = _Held(threads)
    calls = [held.wait("large", 0.05)]
    time.sleep(0.06)
    calls += [held.wait("small", 0.01)]
    held.end()
    for call in calls:
        call.result(PATIENCE)
    assert held.had == ["large", "small"]


def test_as_many_have_a_turn_at_once_as_allowed(threads: ThreadPoolExecutor) -> None:
    turns, meeting = Turns(3), threading.Barrier(3, timeout=PATIENCE)

    def meet() -> None:
        with turns.turn(1):
            meeting.wait()

    for call in [threads.submit(meet) for _ in range(6)]:
        call.result(PATIENCE)


def test_waiting_ends_when_it_is_cancelled_and_turns_go_on(threads: ThreadPoolExecutor) -> None:
    held = _Held(threads)
    call = held.wait("never", 1)
    held.turns.cancel()
    with pytest.raises(CancelledError):
        call.result(PATIENCE)
    later = held.wait("later", 1)
    held.end()
    later.result(PATIENCE)
    assert held.had == ["later"]


def test_a_turn_ends_with_an_error() -> None:
    turns = Turns(1)
    with pytest.raises(ZeroDivisionError), turns.turn(1):
        raise ZeroDivisionError
    with turns.turn(1):
        pass
