"""What identifies the changes of a record, so that an index knows which history it follows."""

from dataclasses import replace

from index.protocols import RecordStore
from index.records import Mark
from tests.contracts.conftest import Opener
from tests.contracts.documents import document, embed, now, put


def mark(store: RecordStore) -> Mark:
    with store.snapshot() as moment:
        return moment.mark


def test_a_record_includes_each_of_its_own_changes(store: RecordStore) -> None:
    marks = [mark(store)]
    put(store, [document("a")])
    marks.append(mark(store))
    embed(store)
    marks.append(mark(store))
    store.delete("a")
    marks.append(mark(store))
    assert [one.change for one in marks] == [0, 1, 2, 3]
    assert len({one.token for one in marks[1:]}) == 3
    assert all(now(store).includes(one) for one in marks)


def test_a_record_includes_no_change_of_another_history(store: RecordStore) -> None:
    put(store, [document("a")])
    own = mark(store)
    assert now(store).includes(own)
    assert not now(store).includes(replace(own, token="0" * 16))
    assert not now(store).includes(replace(own, store="0" * 32))
    assert not now(store).includes(replace(own, epoch="0" * 32))
    assert not now(store).includes(replace(own, change=2))
    assert not now(store).includes(Mark(1))
    assert now(store).includes(Mark())


def test_a_new_epoch_disowns_what_was_derived_before(store: RecordStore, open_store: Opener) -> None:
    put(store, [document("a")])
    before = mark(store)
    store.begin_epoch()
    assert not now(store).includes(before)
    assert mark(store) == replace(before, epoch=mark(store).epoch)
    assert mark(open_store()) == mark(store)
    assert now(store).counts().documents == 1
