"""The number of live passages with each term: a row for each term, exact after each change.

A row has the count after the last update that changed it, and the count before that update. Until the state
says that the update is complete, the earlier one counts: so an update that a killed process has begun is
simply done again.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loccit_milvus.server import Consistency, Server
from loccit_milvus.states import IDLE

_FIELDS = ["id", "passages", "before", "change", "attempt"]
_MOST_CACHED = 100_000
_MOST_COUNTED = 200_000
"""Distinct terms counted in memory before they are written."""


class Frequencies:
    """Counts of terms, given by their hashes, as of a change. Thread-safe for reading."""

    def __init__(
        self, server: Server, name: Callable[[], str], consistency: Callable[[], Consistency]
    ) -> None:
        self._server = server
        self._name = name
        self._consistency = consistency
        self._lock = threading.Lock()
        self._cached: dict[int, int] = {}
        self._cached_of: tuple[str, int] = ("", 0)

    def of(self, terms: Sequence[int], change: int) -> NDArray[np.int64]:
        """Count the passages with each of the terms after a change."""
        with self._lock:
            if self._cached_of != (self._name(), change) or len(self._cached) > _MOST_CACHED:
                self._cached, self._cached_of = {}, (self._name(), change)
            held = self._cached
        if missing := [term for term in terms if term not in held]:
            rows = self._server.rows(self._name(), "id", missing, _FIELDS, self._consistency())
            found = {int(row["id"]): _count(row, change) for row in rows}
            held.update({term: found.get(term, 0) for term in missing})
        return np.array([held[term] for term in terms], np.int64)

    def counting(self, since: int) -> Counting:
        """Begin an update that leads from the change ``since`` to a later one."""
        return Counting(self._server, self._name(), since)

    def drop_unused(self) -> None:
        """Delete the rows of terms that occur in no passage any more."""
        self._server.delete_where(self._name(), "passages == 0")


class Counting:
    """Adds to and takes from the counts, for one update."""

    def __init__(self, server: Server, name: str, since: int) -> None:
        self._server = server
        self._name = name
        self._since = since
        self._attempt = secrets.randbits(62)
        self._difference: Counter[int] = Counter()

    def add(self, terms: Mapping[int, float]) -> None:
        """Count the terms of a passage that came."""
        self._difference.update(terms.keys())
        self._write_if_many()

    def take(self, terms: Mapping[int, float]) -> None:
        """Count the terms of a passage that left no more."""
        self._difference.subtract(terms.keys())
        self._write_if_many()

    def mention(self, terms: Iterable[int]) -> None:
        """Write the terms of a passage that only an unfinished update has counted as they were before it."""
        self._difference.update(dict.fromkeys(terms, 0))
        self._write_if_many()

    def _write_if_many(self) -> None:
        if len(self._difference) >= _MOST_COUNTED:
            self.write()

    def write(self) -> None:
        """Write what was counted; it counts once the state has reached a change after ``since``."""
        changed, self._difference = self._difference, Counter()
        held = {
            int(row["id"]): row
            for row in self._server.rows(self._name, "id", list(changed), _FIELDS, "Strong")
        }
        rows = [
            self._row(term, by, held.get(term))
            for term, by in changed.items()
            if by or self._is_unfinished(held.get(term))
        ]
        self._server.upsert(self._name, rows)

    def _is_unfinished(self, row: Mapping[str, Any] | None) -> bool:
        """Whether another update has written a row, and ended before it was complete."""
        return row is not None and int(row["change"]) > self._since and int(row["attempt"]) != self._attempt

    def _row(self, term: int, by: int, held: Mapping[str, Any] | None) -> dict[str, Any]:
        before = passages = 0
        if held is not None and int(held["attempt"]) == self._attempt:
            before, passages = int(held["before"]), int(held["passages"])
        elif held is not None:
            before = passages = _count(held, self._since)
        return {
            "id": term,
            "passages": passages + by,
            "before": before,
            "change": self._since + 1,
            "attempt": self._attempt,
            "idle": IDLE,
        }


def _count(row: Mapping[str, Any], change: int) -> int:
    return int(row["passages"] if int(row["change"]) <= change else row["before"])
