"""Everything that a question needs."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.flows.ask.awaited_changes import AwaitedChanges
from service.flows.ask.queues import QuestionQueues
from service.flows.ask.reading import ReadingShare
from service.monitoring.tracing import Tracing
from service.settings import Settings
from service.state.collections import Collections
from service.state.identity import Prover
from service.state.limits.pools import Pools
from service.state.limits.rates import RateLimits
from service.state.unanswered import UnansweredQuestions


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Collections, the queue in front of each model, threads, and the limits of callers.

    ``unanswered`` keeps the questions that found no answer, and ``tracing`` makes spans; None where the
    settings do not ask for that.
    """

    settings: Settings
    collections: Collections
    questions: QuestionQueues
    awaited_changes: AwaitedChanges
    pools: Pools
    rates: RateLimits
    prover: Prover
    unanswered: UnansweredQuestions | None
    tracing: Tracing | None
    reading: ReadingShare = field(default_factory=ReadingShare)
