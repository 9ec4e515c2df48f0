"""Keep one limit together with other processes: exchange what each of them has counted."""

import logging
import math
import time
from collections.abc import Sequence

from index.errors import LoccitError
from service.background import BackgroundThread
from service.state.limits.counting import Counter, Spent
from service.state.limits.protocols import KEPT_SECONDS, LimitStore

log = logging.getLogger("loccit.service")

SECONDS = 1.0
"""Between two exchanges. By what a caller spends meanwhile in the other processes it can exceed its limit."""


class LimitExchange(BackgroundThread):
    """Thread that exchanges what counters count, at most once in ``seconds``, while there is anything new.

    Requests never wait for it. With n processes a caller can exceed its limit by (n - 1) times its burst and
    what it is given back in ``seconds``; that counts too, so that it then waits until all is given back.

    While the store cannot be reached, each process counts for itself, and what it counts then is not added
    later: no caller is refused for what all of them have let through. Without a store there is nothing to do.
    """

    thread_name = "loccit-limits"
    stop_seconds = 1.0

    def __init__(
        self,
        store: LimitStore | None,
        counters: Sequence[Counter],
        *,
        seconds: float = SECONDS,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        super().__init__()
        self._store = store
        self._counters = {counter.name: counter for counter in counters}
        self._seconds = seconds
        self._kept_seconds = kept_seconds
        self._is_alone = False
        self._forget_at = math.inf
        if store is not None:
            for counter in counters:
                counter.share(self._wake.set)

    def start(self) -> None:
        """Start the thread; first it takes what others have counted."""
        if self._store is not None:
            self._wake.set()
            super().start()

    def close(self) -> None:
        """Stop the thread and close the store."""
        self.stop()
        if self._store is not None:
            self._store.close()

    def exchange(self) -> None:
        """Exchange once. Raises what the store raises; what was counted since the last time is then lost."""
        assert self._store is not None  # noqa: S101 -- there is nothing to exchange without one
        found = self._store.exchange(self._take())
        for name, counter in self._counters.items():
            counter.merge(due for due in found if due.counter == name)
        self._forget_at = min(self._forget_at, time.monotonic() + self._kept_seconds)
        if self._is_alone:
            log.info("Limits are shared with the other processes again.")
            self._is_alone = False

    def _take(self) -> list[Spent]:
        return [one for counter in self._counters.values() for one in counter.take()]

    def _run(self) -> None:
        assert self._store is not None  # noqa: S101 -- there is no thread without one
        while not self._stopped.is_set():
            left = self._forget_at - time.monotonic()
            has_spent = self._wake.wait(None if left == math.inf else max(0.0, left))
            self._wake.clear()
            if self._stopped.is_set():
                return
            try:
                if has_spent:
                    self.exchange()
                if time.monotonic() >= self._forget_at:
                    self._forget(self._store)
            except LoccitError as error:
                self._note_failure(error.message)
            except Exception:
                log.exception("The exchange of limits failed, and continues.")
            self._stopped.wait(self._seconds)

    def _forget(self, store: LimitStore) -> None:
        # Once more when all have their whole burst, so that nothing stays if no more requests come.
        last = max(counter.free_at for counter in self._counters.values()) + self._kept_seconds + 1.0
        self._forget_at = last if last > time.monotonic() else math.inf
        store.forget()

    def _note_failure(self, reason: str) -> None:
        if not self._is_alone:  # once, not at every try
            log.warning("Each process counts limits for itself until the database can be used: %s", reason)
        self._is_alone = True
        self._take()
