"""Compare the collections in Milvus with the record, and delete them."""

from collections.abc import Iterator
from contextlib import closing

from index.config import LibraryConfig
from index.description import Description
from index.errors import IndexUnavailable
from index.protocols import RecordStore, Snapshot
from index.records import Problem
from loccit_milvus.config import MilvusConfig
from loccit_milvus.engine import require_words
from loccit_milvus.server import CollectionMissing, MilvusFailed, Server
from loccit_milvus.side import MilvusSide
from loccit_milvus.states import Names, States
from loccit_milvus.vectors import MilvusVectors
from loccit_milvus.words import MilvusWords


def milvus_problems(store: RecordStore, description: Description, config: LibraryConfig) -> list[Problem]:
    """Find problems in the collections in Milvus: another record, or another number of rows.

    Raises :class:`index.errors.IndexUnavailable`, :class:`index.errors.EngineUnsuitable`,
    :class:`index.errors.CollectionBusy`.
    """
    settings = MilvusConfig.of(config.engine)
    with closing(Server(settings)) as server:
        try:
            require_words(server, settings)
            with (
                store.lease("write", seconds=config.lock_seconds),
                store.snapshot(lasting=True) as moment,
            ):
                states = States(server, Names.of(settings.prefix, moment))
                sides: list[MilvusSide] = [
                    MilvusVectors(server, states, str(description.dimension), description.dimension)
                ]
                if settings.words == "milvus":
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
    settings = MilvusConfig.of(config.engine)
    with store.snapshot() as moment:
        names = Names.of(settings.prefix, moment)
    with closing(Server(settings)) as server:
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
