"""Concurrency limits: a fixed one, and one that shrinks under sustained overload. Callers share both fairly.

A queue helps against short bursts. Under sustained overload it is always full: each request waits for the
whole queue, and no more requests are answered than without one.

A caller that is alone may hold all permits. While others hold any it gets no more than half, and however many
it holds then, it counts for no more than its fair share: whoever holds less finds room.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from service.errors import Overloaded

_DECAY_SECONDS = 1.0
"""Time constant of the counts of admitted and refused requests: they decay to 1/e in this time."""
_DAMPING = 10.0
"""Added to the counts, so that a few refusals at low load hardly change the limit."""
_IDLE_SECONDS = 0.05
_FEWEST_STEPS = 2
"""Steps after which work has a pace of its own: the first one also has what precedes it."""
_SMOOTHING = 0.1
"""Weight of the last request in the mean duration of requests."""


class Permit:
    """A permit that a caller holds, and how much of the work that it is for is done.

    The work has one step, unless :meth:`plan` says otherwise.
    """

    __slots__ = ("_began", "_clock", "_done", "_first", "_last", "_steps", "holder")

    def __init__(self, holder: str, clock: Callable[[], float]) -> None:
        self.holder = holder
        self._clock = clock
        self._began = self._first = self._last = clock()
        self._steps = 1
        self._done = 0

    def plan(self, steps: int) -> None:
        """Say how many steps the work has."""
        self._steps = steps

    def advance(self) -> None:
        """Count a step as done."""
        self._done += 1
        self._last = self._clock()
        if self._done == 1:
            self._first = self._last

    def seconds_left(self, usual: float) -> float:
        """How long the work will take from now on, by its own pace, else by the ``usual`` time for a step.

        As long again as it has taken, where no time is usual yet.
        """
        now = self._clock()
        if self._done < _FEWEST_STEPS and not usual:
            return now - self._began
        left = self._steps - self._done
        if self._done >= _FEWEST_STEPS:
            pace = (self._last - self._first) / (self._done - 1)
            return max(0.0, left * pace - (now - self._last))
        return max(0.0, left * usual - (now - (self._last if self._done else self._began)))

    def seconds_a_step(self) -> float:
        """How long a step took on average, now that the work is done."""
        return (self._clock() - self._began) / self._steps


class Permits:
    """A fixed concurrency limit. Use it from the event loop's thread only.

    ``width`` is how many requests are worked on at once; the others wait for them.
    """

    def __init__(
        self,
        most: int,
        *,
        advice: str = "raise LOCCIT_MAX_QUEUE",
        width: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most = most
        self.refused = 0
        """Requests refused since the start."""
        self._clock = clock
        self._advice = advice
        self._width = width or most
        self._permits: set[Permit] = set()
        self._held: dict[str, int] = {}
        self._waiting = 0
        self._step_seconds = 0.0
        """Mean time for a step of a request that nobody else delays."""

    @property
    def taken(self) -> int:
        """The number of permits that are held."""
        return len(self._permits)

    @property
    def limit(self) -> int:
        """The number of permits now."""
        return self.most

    def require(self, holder: str) -> None:
        """Raise :class:`Overloaded` when there is no permit for this holder."""
        own = self._held.get(holder, 0)
        limit = self._limit_for(own)
        if self._has_room(limit) and self._is_fair(own, limit):
            return
        self.refused += 1
        self._on_refusal(own)
        raise self._refusal(own, holder)

    @contextmanager
    def acquire(self, holder: str) -> Iterator[Permit]:
        """Hold a permit. Raises :class:`Overloaded` immediately when there is none for this holder."""
        self.require(holder)
        own = self._held.get(holder, 0)
        self._on_admission(own)
        permit = Permit(holder, self._clock)
        self._permits.add(permit)
        self._held[holder] = own + 1
        try:
            yield permit
            self._count_duration(permit)
        finally:
            self._permits.remove(permit)
            self._give_back(holder)
            self._on_release()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the caller, who holds a permit, as waiting for the model."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def _is_fair(self, own: int, limit: int) -> bool:
        """True if a holder of ``own`` permits may take another one without exceeding its share."""
        taken = len(self._permits)
        others = len(self._held) - (own > 0)
        if not others:
            return own < limit
        if own >= max(1, limit // 2):
            return False
        if taken < limit:
            return True
        # However many a caller took while it was alone, it counts for no more than a fair share.
        share = max(1, limit // (others + 1))
        counted = sum(min(held, share) for held in self._held.values())
        return counted - min(own, share) + own < limit

    def _give_back(self, holder: str) -> None:
        left = self._held[holder] - 1
        if left:
            self._held[holder] = left
        else:
            del self._held[holder]

    def _count_duration(self, permit: Permit) -> None:
        alone = permit.seconds_a_step() / self._load(permit.holder)
        weight = _SMOOTHING if self._step_seconds else 1.0
        self._step_seconds += weight * (alone - self._step_seconds)

    def _load(self, holder: str) -> float:
        """How many times longer than alone a request of a holder takes now: the holders take turns."""
        return max(1.0, len(self._held) * self._held[holder] / self._width)

    def _seconds_to_wait(self, own: int, holder: str) -> int:
        """When a permit is likely to be free for a holder of ``own``, which has just been refused."""
        alone = len(self._held) <= (own > 0)
        most = self.most if alone else max(1, self.most // 2)
        counted = [one for one in self._permits if own < most or one.holder == holder]
        left = sorted(one.seconds_left(self._step_seconds * self._load(one.holder)) for one in counted)
        # So many of its own must end first.
        before = min(max(0, own - most), len(left) - 1)
        return max(1, math.ceil(left[before])) if left else 1

    def _refusal(self, own: int, holder: str) -> Overloaded:
        wait = self._seconds_to_wait(own, holder)
        message = f"The service is answering {self.taken} requests of this kind already"
        if own and own < self.taken:
            message += f", {own} of them yours"
        seconds = "a second" if wait == 1 else f"{wait} seconds"
        advice = f", or {self._advice}" if self.taken >= self.most else ""
        return Overloaded(f"{message}. Try again in {seconds}{advice}.", headers={"Retry-After": str(wait)})

    def _limit_for(self, own: int) -> int:
        """The number of permits for a holder of ``own``."""
        return self.most

    def _has_room(self, limit: int) -> bool:
        """Whether another request may be admitted at all."""
        return True

    def _on_refusal(self, own: int) -> None:
        pass

    def _on_admission(self, own: int) -> None:
        pass

    def _on_release(self) -> None:
        pass


class _Counts:
    """Counts of the requests that were admitted and refused recently; they decay."""

    def __init__(self, now: float) -> None:
        self._updated = now
        self._refused = self._admitted = 0.0

    def admit(self, now: float) -> None:
        self._decay(now)
        self._admitted += 1.0

    def refuse(self, now: float) -> None:
        self._decay(now)
        self._refused += 1.0

    def forget(self) -> None:
        self._refused = self._admitted = 0.0

    def share_refused(self, now: float) -> float:
        self._decay(now)
        return self._refused / (self._refused + self._admitted + _DAMPING)

    def _decay(self, now: float) -> None:
        kept = math.exp((self._updated - now) / _DECAY_SECONDS)
        self._updated, self._refused, self._admitted = now, kept * self._refused, kept * self._admitted


class ElasticPermits(Permits):
    """A concurrency limit that shrinks with the square of the share of requests admitted recently.

    It never falls below ``least``, which keeps all threads busy. At that limit one permit stays free while
    all other holders wait for the model, so that no admitted request waits for two batches. The limit is
    back at ``most`` when the service was idle for a moment, or some seconds after the last refusal, so that
    clients refused during a burst are admitted when they retry.

    Callers that hold no permit have a limit of their own, which shrinks when such callers are refused: one
    that sends more than its share lowers the limit for itself, not for them.
    """

    def __init__(self, most: int, *, least: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(most, width=min(least, most), clock=clock)
        self._least = min(least, most)
        self._empty_since = clock()
        self._all, self._new = _Counts(self._empty_since), _Counts(self._empty_since)

    @property
    def limit(self) -> int:
        """See :class:`Permits`."""
        return self._shrunk(self._all)

    def _limit_for(self, own: int) -> int:
        return self._shrunk(self._all if own else self._new)

    def _shrunk(self, counts: _Counts) -> int:
        now = self._clock()
        if not self.taken and now - self._empty_since >= _IDLE_SECONDS:
            self._all.forget()
            self._new.forget()
        return max(self._least, round(self.most * (1.0 - counts.share_refused(now)) ** 2))

    def _has_room(self, limit: int) -> bool:
        return not (self._least == limit < self.most and self._waiting >= max(1, limit - 1))

    def _on_refusal(self, own: int) -> None:
        now = self._clock()
        self._all.refuse(now)
        if not own:
            self._new.refuse(now)

    def _on_admission(self, own: int) -> None:
        now = self._clock()
        self._all.admit(now)
        if not own:
            self._new.admit(now)

    def _on_release(self) -> None:
        if not self.taken:
            self._empty_since = self._clock()
