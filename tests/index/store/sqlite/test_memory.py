"""A record in memory is one of SQLite, without a file."""

import threading
from pathlib import Path

import pytest

from index.errors import CollectionBusy, CollectionNotFound, NotSupported
from index.filters import NameContains
from index.store import open_memory_store
from tests.contracts.documents import document, now, pending, put
from tests.patience import PATIENCE


def test_each_record_is_one_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = open_memory_store(), open_memory_store()
    put(one, [document("a")])
    assert now(one).counts().documents == 1
    assert now(other).counts().documents == 0
    assert len(pending(one)) == 2
    assert now(one).select(NameContains("a")).tolist() == [1]
    assert list(one.problems(8)) == []
    assert not list(tmp_path.iterdir())


def test_a_change_that_fails_leaves_nothing() -> None:
    store = open_memory_store()
    with pytest.raises(NotSupported):
        store.staging()
    with pytest.raises(ValueError, match="zip"):
        store.put([document("a"), document("b", headings=["one", "too", "many"])])
    assert now(store).counts().documents == 0


def test_threads_wait_for_each_other() -> None:
    store = open_memory_store()
    with store.snapshot() as moment:
        writer = threading.Thread(target=lambda: store.put([document("a")]))
        writer.start()
        with store.lease("write"):
            assert moment.counts().documents == 0
    writer.join(PATIENCE)
    assert now(store).counts().documents == 1


def test_a_lease_is_that_of_one_thread() -> None:
    store = open_memory_store()
    refused = []

    def hold() -> None:
        try:
            with store.lease("write"):
                pass
        except CollectionBusy as error:
            refused.append(error)

    with store.lease("write"):
        other = threading.Thread(target=hold)
        other.start()
        other.join(PATIENCE)
    assert len(refused) == 1
    hold()
    assert len(refused) == 1


def test_a_closed_record_is_refused() -> None:
    store = open_memory_store()
    store.close()
    with pytest.raises(CollectionNotFound), store.snapshot():
        pass
