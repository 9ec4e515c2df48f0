"""A circuit breaker: it finds out within a second that a server is away or hangs, and that it is back.

Libraries for this count the failures of calls, and try a call of somebody's again once some time has passed.
Here a probe of its own decides: a statement that fails, or waits for a lock, and a pool that is full, are no
outage, and no request is spent on trying.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

STEP_SECONDS = 0.05
"""Seconds between two steps."""
ANSWER_SECONDS = 2.0
"""Seconds for which a probe may go without an answer, and everything else too, before the server counts as
one that hangs."""
_PAUSE_SECONDS = 0.25
"""Seconds between two probes."""
_RENEW_SECONDS = 3.0
"""Seconds after which a probe that is not answered is made over another connection."""
HANGS = "the server does not answer"


class Probe(Protocol):
    """Asks whether the server answers. No method waits."""

    def begin(self) -> None:
        """Begin to ask, unless the last probe is under way still."""

    def outcome(self) -> str | None:
        """None as long as there is no answer; empty for an answer; else why there is none."""

    def abandon(self) -> None:
        """Let a probe that is under way fail."""


class Breaker:
    """Lets work through (closed), or says why not (open). Thread-safe, but for :meth:`step`.

    Once it is suspected that the server is away, a probe asks. While it is open probes alone go through (half
    open), and the first that is answered closes it. Seconds in which this machine itself stood still do not
    count: of the time between two steps, not more than twice that of a step.
    """

    def __init__(
        self,
        probe: Probe,
        changed: Callable[[], None] = lambda: None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``changed`` is called, by :meth:`step`, after it has opened or closed."""
        self._probe = probe
        self._changed = changed
        self._clock = clock
        self.reason = ""
        """Why it is open; empty while it is closed."""
        self.open_seconds = 0.0
        """For how long it has been open."""
        self._stepped = clock()
        self._is_suspected = False
        self._is_probing = False
        self._waited = 0.0
        self._pause = 0.0
        self._has_answered = False
        self._settled = threading.Event()
        self._settled.set()

    @property
    def is_settled(self) -> bool:
        """Whether it is closed and nothing is suspected."""
        return not self._is_suspected and not self.reason

    def suspect(self) -> None:
        """Let a probe find out whether the server answers."""
        if not self._is_suspected:
            self._settled.clear()
            self._is_suspected = True

    def note_answer(self) -> None:
        """Note that the server has answered something."""
        self._has_answered = True

    def wait(self, seconds: float) -> bool:
        """Wait until what is suspected is known; False if that takes longer."""
        return self._settled.wait(seconds)

    def step(self) -> None:
        """Go on; called again and again, every :data:`STEP_SECONDS` while it is not settled."""
        now = self._clock()
        passed, self._stepped = min(now - self._stepped, 2 * STEP_SECONDS), now
        self._pause -= passed
        if self.is_settled:
            return
        if self.reason:
            self.open_seconds += passed
        if self._is_probing:
            self._waited += passed
        elif self._pause > 0:
            return
        else:
            self._begin()
        self._judge(self._probe.outcome())

    def _begin(self) -> None:
        self._has_answered = False
        self._probe.begin()
        self._is_probing, self._waited = True, 0.0

    def _judge(self, outcome: str | None) -> None:
        if outcome is not None:
            self._is_probing, self._pause = False, _PAUSE_SECONDS
        if outcome == "" or (outcome and self._has_answered and not self.reason):
            self._settle("")
        elif outcome:
            self._settle(outcome)
        elif self._has_answered and not self.reason:
            self._has_answered, self._waited = False, 0.0
        elif self._waited >= _RENEW_SECONDS:
            self._waited = 0.0
            self._probe.abandon()
        elif self._waited >= ANSWER_SECONDS and not self.reason:
            self._settle(HANGS)

    def _settle(self, reason: str) -> None:
        before = self.reason
        self.reason, self._is_suspected = reason, False
        if bool(reason) != bool(before):
            self.open_seconds = 0.0
            try:
                self._changed()
            except BaseException:
                self.reason, self._is_suspected = before, True  # the next probe tries again
                raise
        self._settled.set()
