"""Everything that a question needs."""

import threading
from dataclasses import dataclass, field

from service.flows.ask.awaited_changes import AwaitedChanges
from service.flows.ask.queues import QuestionQueues
from service.monitoring.tracing import Tracing
from service.settings import Settings
from service.state.collections import Collections
from service.state.identity import Prover
from service.state.limits.pools import Pools
from service.state.limits.rates import RateLimits
from service.state.questions import KeptQuestions

_LONGEST_SECONDS = 3.0
"""Seconds that reading all questions which are asked at once may take; beyond, some are answered unread."""
_MOST_SECONDS = 1.0
"""Most seconds that one question counts for: the first one may have waited for the model."""
_SMOOTHING = 0.1
"""Weight of the last question in the mean duration of reading."""


class ReadingTime:
    """Decides for each question whether its passages may be read. Safe to use from several threads.

    A question waits until its passages are read, so that its answer is that which it gets alone. Only where
    so many are asked at once that reading all would take seconds, some are answered without; their replies
    say so.
    """

    def __init__(self) -> None:
        self._usual = 0.0
        self._lock = threading.Lock()

    def may_read(self, asked_at_once: int) -> bool:
        """Decide for one of so many questions."""
        with self._lock:
            if asked_at_once <= 1 or asked_at_once * self._usual <= _LONGEST_SECONDS:
                return True
            # What is not read is not timed: expect less each time, until one is read again.
            self._usual *= 1 - _SMOOTHING
            return False

    def note(self, milliseconds: float) -> None:
        """Note how long passages were read for a question that has been answered."""
        seconds = min(milliseconds / 1000, _MOST_SECONDS)
        with self._lock:
            self._usual += _SMOOTHING * (seconds - self._usual) if self._usual else seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Collections, the queue in front of each model, threads, and the limits of callers.

    ``kept`` keeps the questions that are not answered well, where somebody wants that. ``tracing`` makes
    spans; None where the settings do not ask for that.
    """

    settings: Settings
    collections: Collections
    questions: QuestionQueues
    awaited_changes: AwaitedChanges
    pools: Pools
    rates: RateLimits
    prover: Prover
    kept: KeptQuestions
    tracing: Tracing | None
    reading: ReadingTime = field(default_factory=ReadingTime)
