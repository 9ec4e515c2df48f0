"""The state of each side of an engine, stored in Milvus: the change reached, and its collections."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Self

from index.protocols import Side, Snapshot
from index.records import NOTHING, Mark
from loccit_milvus.server import Server

IDLE = [0.0, 0.0]
"""The vector of rows that are not searched."""
_STORE_DIGITS, _EPOCH_DIGITS, _BUILD_BYTES = 16, 8, 4


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the collections of one generation of one record.

    A copy of a record that is restored has another epoch, and so another collection: two services may have
    it at once.
    """

    prefix: str
    store: str
    epoch: str
    generation: int

    @classmethod
    def of(cls, prefix: str, moment: Snapshot) -> Self:
        """The names for a record as it stands."""
        return cls(prefix, moment.mark.store, moment.mark.epoch, moment.generation)

    @property
    def states(self) -> str:
        """The collection of all states."""
        return f"{self.prefix}_states"

    @property
    def stem(self) -> str:
        """The common prefix of the names of all generations of the record."""
        return f"{self.prefix}_{self.store[:_STORE_DIGITS]}_{self.epoch[:_EPOCH_DIGITS]}_"

    def key(self, side: Side) -> str:
        """The key of a side's state, which its collections' names begin with."""
        return f"{self.stem}{self.generation}_{side}"


@dataclass(frozen=True, slots=True)
class State:
    """The state of one side. ``build`` is the last part of the names of its collections.

    ``form`` identifies what decides their contents. Of words also: live ``passages``, their ``length`` in
    terms together, the average length ``pivot`` that their weights were computed with, and the change after
    which removed passages are still to be deleted (``sweeping``).
    """

    mark: Mark = NOTHING
    build: str = ""
    form: str = ""
    passages: int = 0
    length: int = 0
    pivot: float = 0.0
    sweeping: int | None = None

    def new_build(self, form: str) -> State:
        """The state of new, empty collections."""
        return State(build=secrets.token_hex(_BUILD_BYTES), form=form)


class States:
    """Reads and writes states. A write replaces the state as a whole."""

    def __init__(self, server: Server, names: Names) -> None:
        self._server = server
        self._are_there = False
        self.names = names

    def read(self, side: Side) -> State:
        """Read the state of a side; the initial one if none was written."""
        row = None
        if self._are_there or self._server.has(self.names.states):
            row = self._server.row_named(self.names.states, self.names.key(side), ["value"])
            self._are_there = True
        if row is None:
            return State()
        value = json.loads(row["value"])
        return replace(State(**value), mark=Mark(**value["mark"]))

    def write(self, side: Side, state: State) -> None:
        """Replace the state of a side."""
        row = {"key": self.names.key(side), "value": json.dumps(asdict(state)), "idle": IDLE}
        if not self._are_there:
            self._server.create(self.names.states, "states")
            self._are_there = True
        self._server.upsert(self.names.states, [row])
