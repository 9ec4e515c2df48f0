"""An upgrade in PostgreSQL: what readers see when the tables are exchanged, and what is erased before."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from index.errors import CollectionBusy
from index.postgresql import Server
from index.store.postgresql import PostgresqlCatalogue, PostgresqlStore
from index.types import Passage
from tests.contracts.documents import document, put, sentences, unit

OLD, NEW = {"rules": "old"}, {"rules": "new"}


@pytest.fixture
def store(catalogue: PostgresqlCatalogue) -> PostgresqlStore:
    catalogue.describe("a", OLD)
    store = catalogue.open("a")
    put(store, [document("a"), document("b", "Another text. Of two sentences.")])
    return store


def stage(store: PostgresqlStore) -> None:
    """Stage one passage with a vector for each version."""
    staging = store.staging()
    staging.begin(OLD, NEW)
    for version in staging.unstaged(10):
        whole = Passage(0, len(version.extract.text), (), None, 7)
        staging.stage(version, [whole], ["Heading"])
    waiting = staging.waiting(0, 10)
    keys = [one.key for one in waiting]
    staging.put_vectors(keys, unit(len(keys)), [sentences(1)] * len(keys))


def tables(server: Server) -> set[str]:
    with server.read("public") as reading:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'collection_1'"
        return {name for (name,) in reading.rows(query)}


def lengths(store: PostgresqlStore) -> list[int]:
    with store.snapshot() as moment:
        return [len(one.text) for one in moment.added_texts(0, moment.change)]


def test_readers_see_the_tables_before_or_after_the_exchange(
    catalogue: PostgresqlCatalogue, store: PostgresqlStore
) -> None:
    stage(store)
    before = lengths(store)
    with ExitStack() as stack:
        moment = stack.enter_context(store.snapshot())  # it has read no passage yet
        with pytest.raises(CollectionBusy):
            store.staging().exchange()
        assert catalogue.description("a") == OLD
        assert [len(one.text) for one in moment.added_texts(0, moment.change)] == before
        assert moment.generation == 0
    assert store.staging().exchange()
    assert catalogue.description("a") == NEW
    assert len(lengths(store)) == 2
    with store.snapshot() as moment:
        counts = moment.counts()
        assert (moment.generation, counts.passages, counts.embedded) == (1, 2, 2)
    put(store, [document("c")])
    with store.snapshot() as moment:
        assert moment.counts().passages == 4  # counted by the triggers of the new table


def test_a_snapshot_of_what_is_staged_leaves_nothing_behind(server: Server, store: PostgresqlStore) -> None:
    stage(store)
    with store.staging().snapshot() as staged:
        assert staged.generation == 1
        found = [one.id for one in staged.added_texts(0, staged.change)]
        assert len(found) == 2
        put(store, [document("c")])
        assert [one.id for one in staged.added_texts(0, staged.change)] == found
    assert not store.staging().exchange()  # the new version is not staged
    store.staging().cancel()
    assert not {name for name in tables(server) if name.startswith("staged")}
    assert list(store.problems(8)) == []


@pytest.mark.parametrize("when", ["staged", "replaced"])
def test_what_is_erased_is_erased_from_both_sets(server: Server, store: PostgresqlStore, when: str) -> None:
    stage(store)
    if when == "replaced":
        assert store.staging().exchange()
    store.delete("a")
    prefix = "staged_" if when == "staged" else "replaced_"
    with server.read("collection_1") as reading:
        for table in (f"{prefix}passages", f"{prefix}embeddings"):
            (count,) = reading.row(f"SELECT count(*) FROM {table}") or (0,)  # noqa: S608
            # Two passages of the other document are replaced, without vectors; one is staged.
            assert count == {"staged_passages": 1, "staged_embeddings": 1, "replaced_passages": 2}.get(
                table, 0
            )
    while store.staging().delete_replaced():
        pass
    assert not {name for name in tables(server) if name.startswith("replaced")}
    assert list(store.problems(8)) == []
