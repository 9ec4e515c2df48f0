"""The sessions of those who run the jobs of a store, where all of them are in one process."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from service.errors import JobNotFound
from service.state.jobs.records import CLAIM_WINDOW, FINISHED, Item, choose_claimable

if TYPE_CHECKING:
    from service.state.jobs.protocols import JobStore


class LocalSession(ABC):
    """Implements the claims of :class:`service.state.jobs.protocols.Session`. They are in memory.

    ``claims`` has the session that has claimed an item, by the id of its job and its number; the sessions of
    a store share it.
    """

    def __init__(
        self, store: JobStore, claims: dict[tuple[str, int], LocalSession], lock: threading.RLock
    ) -> None:
        self._store = store
        self._claims = claims
        self._lock = lock

    @abstractmethod
    def is_held(self) -> bool:
        """See :meth:`service.state.jobs.protocols.Session.is_held`."""

    def claim(self, job_id: str, *, limit: int, max_bytes: int, fetches: bool = False) -> list[Item]:
        with self._lock:
            if not self.is_held():
                return []
            claimed = {number for job, number in self._claims if job == job_id}
            window = min(CLAIM_WINDOW, 2 * limit + len(claimed))
            waiting = self._store.items(job_id, limit=window, outcomes=("waiting",))
            chosen = choose_claimable(waiting, claimed, limit=limit, max_bytes=max_bytes, fetches=fetches)
            self._claims.update(((job_id, number), self) for number in chosen)
            return [item for item in waiting if item.number in chosen]

    def has_claimed(self, job_id: str, numbers: Collection[int]) -> bool:
        with self._lock, suppress(JobNotFound):
            is_own = all(self._claims.get((job_id, number)) is self for number in numbers)
            return is_own and self._store.job(job_id).state not in FINISHED
        return False

    def others_claim(self, job_id: str) -> bool:
        with self._lock:
            return any(job == job_id and one is not self for (job, _), one in self._claims.items())

    def settle(self, job_id: str, items: Sequence[Item], *, last_passage: int = 0) -> list[Item]:
        with self._lock:
            own = [item for item in items if self._claims.get((job_id, item.number)) is self]
            try:
                if own:
                    self._store.settle(job_id, own, last_passage=last_passage)
            except JobNotFound:
                own = []
            for item in own:
                del self._claims[job_id, item.number]
            return own

    def give_back(self) -> None:
        with self._lock:
            for key in [key for key, holder in self._claims.items() if holder is self]:
                del self._claims[key]
