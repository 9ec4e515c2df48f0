"""One side of an engine in Milvus: its collections, its state, and searches of what is admitted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from index.protocols import Side
from index.records import Mark
from index.types import Ids, Ranking
from loccit_milvus.server import (
    LIMIT,
    CollectionMissing,
    Consistency,
    Hits,
    Kind,
    Server,
    any_of,
)
from loccit_milvus.states import State, States

T = TypeVar("T")
Search = Callable[[str, int], Hits]
"""Finds at most so many rows that an expression admits."""

_MOST_KEYS = 10_000
"""Documents that one expression lists at most. With more, hits are filtered here, as far as the server
returns enough of them."""
_EXTRA = 8
"""Hits beyond those wanted, among which equal scores are ordered by id."""
_SETTLING = 10.0
"""Seconds after a change in which searches ask for all that anyone has written."""
_COMPACTION = 240.0
"""Seconds that one compaction may take before a purge is tried again later."""


class MilvusSide:
    """Collections of one side, made anew under other names; their state says which are in use."""

    side: Side
    kinds: tuple[Kind, ...]

    def __init__(self, server: Server, states: States, form: str, dimension: int = 2) -> None:
        self._server = server
        self._states = states
        self._form = form
        self.dimension = dimension
        self._state = State()
        self._changed = time.monotonic()
        self._spared = ""

    @property
    def change(self) -> int:
        return self._state.mark.change

    @property
    def mark(self) -> Mark:
        return self._state.mark

    def refresh(self) -> None:
        """Load what another process has written."""
        state = self._states.read(self.side)
        if state.form != self._form:
            state = State()
        if state != self._state:
            self._use(state)

    def reset(self) -> None:
        """Become empty, in memory: the next update makes new collections."""
        self._use(State())

    def count(self) -> int:
        """Count the passages."""
        return self._server.count(self._name(self.kinds[0])) if self._state.build else 0

    def compact(self) -> bool:
        """Let the server write out what was deleted; False if that takes long."""
        if not self._state.build:
            return True
        return all(self._server.compact(self._name(kind), seconds=_COMPACTION) for kind in self.kinds)

    def close(self) -> None:
        """The connection is the engine's."""

    def _use(self, state: State) -> None:
        self._state = state
        self._changed = time.monotonic()

    def _write(self, state: State) -> None:
        """Replace the state, in Milvus first."""
        self._states.write(self.side, state)
        self._use(state)

    def _begin(self) -> None:
        """Make collections if there are none, and delete those that a killed process has left."""
        if self._state.build:
            return
        state = self._state.new_build(self._form)
        for name in self._server.names(f"{self._states.names.key(self.side)}_"):
            if not (self._spared and name.endswith(f"_{self._spared}")):
                self._server.drop(name)
        self._create(state)
        self._write(state)

    def _create(self, state: State) -> None:
        for kind in self.kinds:
            self._server.create(self._name(kind, state), kind, dimension=self.dimension)

    def _name(self, kind: Kind, state: State | None = None) -> str:
        build = (state or self._state).build
        return f"{self._states.names.key(self.side)}_{kind}_{build}"

    @property
    def _consistency(self) -> Consistency:
        return "Strong" if time.monotonic() < self._changed + _SETTLING else "Session"

    def _reading(self, read: Callable[[], T]) -> T:
        """Read; once more if another process has made the collections anew meanwhile."""
        before = self._state.build
        try:
            return read()
        except CollectionMissing:
            self.refresh()
            if not self._state.build or self._state.build == before:
                raise
            return read()

    def _advance(self, mark: Mark) -> State:
        """The state after an update, which never goes back."""
        return replace(self._state, mark=max(self._state.mark, mark, key=lambda one: one.change))


def best(search: Search, n: int, documents: Ids | None) -> Ranking:
    """The best at most ``n`` rows, ties by id, among the documents with these distinct keys when given."""
    wanted = min(n + _EXTRA, LIMIT)
    if documents is None:
        return _first(search("", wanted), n)
    if len(documents) <= _MOST_KEYS:
        return _first(search(any_of("document", documents.tolist()), wanted), n)
    depth = wanted
    while depth < LIMIT:
        depth = min(4 * depth, LIMIT)
        hits = search("", depth)
        found = _among(hits, documents)
        if len(hits.ids) < depth or len(found.ids) >= wanted:
            return _first(found, n)
    parts = [
        search(any_of("document", documents[at : at + _MOST_KEYS].tolist()), wanted)
        for at in range(0, len(documents), _MOST_KEYS)
    ]
    return _first(
        Hits(
            np.concatenate([one.ids for one in parts]),
            np.concatenate([one.documents for one in parts]),
            np.concatenate([one.scores for one in parts]),
        ),
        n,
    )


def _among(hits: Hits, documents: Ids) -> Hits:
    admitted = np.isin(hits.documents, documents)
    return Hits(hits.ids[admitted], hits.documents[admitted], hits.scores[admitted])


def _first(hits: Hits, n: int) -> Ranking:
    order = np.lexsort((hits.ids, -hits.scores))[:n]
    return Ranking(hits.ids[order], hits.scores[order])
