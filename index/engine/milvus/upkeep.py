"""Compare the collections in Milvus with the record, and delete them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

from index.config import LibraryConfig
from index.description import Description
from index.engine.milvus.engine import require_words
from index.engine.milvus.server import CollectionMissing, MilvusFailed, Server
from index.engine.milvus.side import MilvusSide
from index.engine.milvus.states import Names, States
from index.engine.milvus.vectors import MilvusVectors
from index.engine.milvus.words import MilvusWords
from index.errors import IndexUnavailable
from index.protocols import RecordStore, Snapshot
from index.records import Problem


def milvus_problems(store: RecordStore, description: Description, config: LibraryConfig) -> list[Problem]:
    """Find problems in the collections in Milvus: another record, or another number of rows.

    Raises :class:`index.errors.IndexUnavailable`, :class:`index.errors.EngineUnsuitable`,
    :class:`index.errors.CollectionBusy`.
    """
    with closing(Server(config.engine)) as server:
        try:
            require_words(server, config.engine)
            with (
                store.lease("write", seconds=config.lock_seconds),
                store.snapshot(lasting=True) as moment,
            ):
                states = States(server, Names.of(config.engine.prefix, moment))
                sides: list[MilvusSide] = [
                    MilvusVectors(server, states, str(description.dimension), description.dimension)
                ]
                if config.engine.words == "milvus":
                    sides.append(MilvusWords(server, states, description.analyzer()))
                return [problem for side in sides for problem in _of_side(side, moment)]
        except MilvusFailed as error:
            raise IndexUnavailable(f"{error}. Try again once it answers.") from error


def _of_side(side: MilvusSide, moment: Snapshot) -> Iterator[Problem]:
    side.refresh()
    if not moment.includes(side.mark):
        message = f"it has reached change {side.change} of another history."
        yield _problem("index_foreign", side, message)
        return
    counts = moment.counts()
    expected = counts.embedded if side.side == "dense" else counts.passages
    if side.change < counts.change:
        return  # it catches up when the collection is opened
    try:
        found = side.count()
    except CollectionMissing:
        found = 0
    if found != expected:
        code = "index_incomplete" if found < expected else "index_wrong"
        yield _problem(code, side, f"it has {found} passages, the record {expected}.")


def _problem(code: str, side: MilvusSide, message: str) -> Problem:
    place = f"Milvus, {side.kinds[0]}"
    return Problem(code, place, f"{message} Repair it: it is made anew.", is_repairable=True)


def drop_collections(store: RecordStore, config: LibraryConfig, *, but: int | None = None) -> None:
    """Delete what Milvus holds of a record, of all generations but one.

    Raises :class:`index.errors.IndexUnavailable`, and then may not have deleted everything.
    """
    with store.snapshot() as moment:
        names = Names.of(config.engine.prefix, moment)
    with closing(Server(config.engine)) as server:
        try:
            for name in server.names(names.stem):
                generation, side, *_ = name.removeprefix(names.stem).split("_")
                if generation != str(but):
                    server.forget(names.states, f"{names.stem}{generation}_{side}")
                    server.drop(name)
        except MilvusFailed as error:
            raise IndexUnavailable(
                f"What Milvus holds of the collection could not be deleted: {error}. Try again once it "
                "answers."
            ) from error
