"""The lease to change the record: who has lost it writes nothing, and the next holder begins afterwards."""

import threading

import pytest

from index.errors import CollectionBusy
from index.postgresql import Server, lock_key
from index.store.postgresql import PostgresqlCatalogue, PostgresqlStore
from tests.contracts.documents import document, live_ids, now, put
from tests.patience import PATIENCE, eventually

SCHEMA = "collection_1"
SESSIONS = (
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted = %s"
    " AND ((classid::bigint << 32) | objid::bigint) = %s"
)
"""Those that have an advisory lock, or wait for it."""


@pytest.fixture
def store(catalogue: PostgresqlCatalogue) -> PostgresqlStore:
    catalogue.describe("a", {})
    return catalogue.open("a")


def end_the_lease(server: Server) -> None:
    """What the server does when a holder stands still, or cannot be reached."""
    with server.write("public") as writing:
        ((holder,),) = writing.rows(SESSIONS, (True, lock_key(SCHEMA, "write")))
        assert writing.rows("SELECT pg_terminate_backend(%s::int, 60000)", (holder,)) == [(True,)]


def test_who_has_lost_the_lease_writes_nothing(store: PostgresqlStore, server: Server) -> None:
    put(store, [document("a")])
    with store.lease("write") as lease:
        lease.check()
        store.retire(["a"])
        end_the_lease(server)
        for write in (lambda: store.put([document("b")]), lambda: store.delete("a"), lease.check):
            with pytest.raises(CollectionBusy, match="lost"):
                write()
    assert now(store).find_document("a", retired=True) is not None
    assert now(store).find_document("b") is None
    with store.lease("write"):
        put(store, [document("b")])
    assert len(live_ids(store))


def test_other_threads_do_not_need_it(store: PostgresqlStore, server: Server) -> None:
    done = []
    with store.lease("write"):
        end_the_lease(server)
        other = threading.Thread(target=lambda: done.append(store.put([document("a")])))
        other.start()
        other.join(PATIENCE)
    assert len(done) == 1


def test_the_next_holder_waits_for_a_transaction_of_the_one_before(
    store: PostgresqlStore, server: Server
) -> None:
    begun = threading.Event()

    def take() -> None:
        with store.lease("write", seconds=PATIENCE):
            begun.set()

    next_holder = threading.Thread(target=take)
    turn = lock_key("transactions", f"{SCHEMA}/write")
    with server.write("public", lock=turn) as writing:
        next_holder.start()
        eventually(lambda: writing.rows(SESSIONS, (False, turn)))
        assert not begun.is_set()
    assert begun.wait(PATIENCE)
    next_holder.join(PATIENCE)
