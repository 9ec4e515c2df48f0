"""Everything that a question needs."""

from __future__ import annotations

import time
from collections.abc import Callable
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

# Bound the time in which the service reads passages, while it is asked much at once.


_SHARE = 0.15
"""Share of time. Reading a question's passages takes longer than all else that it needs."""


class ReadingShare:
    """Decides for each question whether its passages may be read. Safe to use from several threads.

    They are read for a question that is asked alone. While several are asked at once, reading takes at most a
    share of the time, so that answers do not wait for each other; the reply to each says what was read.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at = clock()

    def may_read(self, asked_at_once: int) -> bool:
        """Decide for one of so many questions."""
        return asked_at_once <= 1 or self._clock() >= self._free_at

    def note(self, milliseconds: float) -> None:
        """Note how long passages were read for a question that has been answered."""
        self._free_at = self._clock() + milliseconds / 1000 * (1 / _SHARE - 1)


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
    reading: ReadingShare = field(default_factory=ReadingShare)
