"""How every record store hands out embedding work, and keeps vectors."""

import numpy as np
import pytest

from index.errors import (
    CollectionBusy,
    StoreDamaged,
)
from index.protocols import RecordStore
from tests.contracts.conftest import Opener
from tests.contracts.documents import (
    document,
    embed,
    live_ids,
    now,
    pending,
    put,
    sentences,
    unit,
)


def test_passages_wait_for_vectors_once_for_each_text(store: RecordStore) -> None:
    put(store, [document("a"), document("b")])
    waiting = pending(store)
    assert [passage.text for passage in waiting] == ["Title\nOne two. Three", "Title\nfour."]
    assert store.put_vectors([p.key for p in waiting], unit(2)) == 4
    assert pending(store) == []
    counts = now(store).counts()
    assert (counts.documents, counts.passages, counts.embedded) == (2, 4, 4)


def test_known_texts_are_not_embedded_again(store: RecordStore) -> None:
    put(store, [document("a")])
    embed(store)
    put(store, [document("b")])
    assert pending(store) == []
    assert now(store).document("b").embedded == 2


def test_documents_are_counted_that_an_index_at_a_change_lacks(store: RecordStore) -> None:
    assert now(store).documents_since(0) == 0
    put(store, [document("a"), document("b", text="Other words. And some more.")])
    put(store, [document("c", text="Words of its own.")])
    assert [now(store).documents_since(change) for change in range(3)] == [3, 1, 0]
    passage, *_ = pending(store)
    store.put_vectors([passage.key], unit(1))
    assert [now(store).documents_since(change) for change in range(4)] == [3, 2, 1, 0]
    store.delete("c")
    assert [now(store).documents_since(change) for change in range(4)] == [2, 1, 1, 0]


def test_passages_up_to_one_are_waited_for(store: RecordStore) -> None:
    assert (store.last_passage(), store.waiting(0), store.waiting(10**9)) == (0, 0, 0)
    put(store, [document("a")])
    first = store.last_passage()
    assert first == max(live_ids(store))
    assert store.waiting(first) == 2
    put(store, [document("b", text="Other words. And some more.")])
    last = store.last_passage()
    assert (store.waiting(first - 1), store.waiting(first), store.waiting(last)) == (1, 2, 4)
    a, _, *others = pending(store)
    store.put_vectors([a.key], unit(1))
    assert (store.waiting(first), store.waiting(last)) == (1, 3)
    store.put_vectors([one.key for one in others], unit(2))
    assert (store.waiting(first), store.waiting(last)) == (1, 1)
    embed(store)
    assert store.waiting(last) == 0


def test_passages_that_are_gone_are_not_waited_for(open_store: Opener) -> None:
    store = open_store()
    put(store, [document("a"), document("b", text="Other words. And some more.")])
    last = store.last_passage()
    put(store, [document("a", text="New words here. Not the old.")])
    assert store.waiting(last) == 2
    store.delete("b")
    assert store.waiting(last) == 0
    newest = store.last_passage()
    store.delete("a")
    assert (store.waiting(newest), store.last_passage()) == (0, newest)
    again = open_store()
    put(again, [document("c")])
    assert store.last_passage() == newest + 2  # an id is given once, whatever was deleted


def test_vectors_are_given_back_to_half_precision_and_unit_length(store: RecordStore) -> None:
    put(store, [document()])
    waiting = pending(store)
    vectors = unit(len(waiting))
    store.put_vectors([p.key for p in waiting], vectors)
    ((ids, documents, found),) = now(store).added_vectors(0, now(store).change(), 8)
    assert ids.tolist() == live_ids(store)
    assert len(set(documents.tolist())) == 1
    np.testing.assert_allclose(found, vectors, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_sentences_come_back_with_the_document_of_each_passage(store: RecordStore) -> None:
    (record,) = put(store, [document()])
    waiting = pending(store)
    assert [passage.text[passage.quote :] for passage in waiting] == ["One two. Three", "four."]
    given = [sentences(3), sentences(1)]
    store.put_vectors([p.key for p in waiting], unit(2), given)
    put(store, [document("b", text="Not embedded. Not yet.")])
    ids = live_ids(store)
    keys, found = now(store).sentences(np.array([ids[1], ids[2], 10**9, ids[0]], np.int64))
    assert keys.tolist() == [record.key, now(store).document("b").key, 0, record.key]
    assert found.known.tolist() == [True, False, False, True]
    assert found.counts.tolist() == [1, 0, 0, 3]
    for one, expected in ((found.passage(0), given[1]), (found.passage(3), given[0])):
        assert one.spans.tolist() == expected.spans.tolist()
        assert one.terms.tolist() == expected.terms.tolist()
        assert one.term_ends.tolist() == expected.term_ends.tolist()
        np.testing.assert_allclose(one.vectors, expected.vectors, atol=0.005)


def test_vectors_of_another_dimension_are_damage(store: RecordStore) -> None:
    put(store, [document()])
    embed(store)
    with pytest.raises(StoreDamaged, match="dimension"):
        list(now(store).added_vectors(0, now(store).change(), 9))


def test_a_passage_is_claimed_once(open_store: Opener) -> None:
    one, two = open_store(), open_store()
    put(one, [document("a"), document("b", text="Other words. And some more.")])
    with one.lease("embed/one") as first, two.lease("embed/two") as second:
        claimed = one.claim(3, first)
        others = two.claim(10, second)
        assert [len(claimed), len(others)] == [3, 1]
        assert one.claim(10, first) == two.claim(10, second) == []
        assert not {part.key for part in claimed} & {part.key for part in others}


def test_claims_end_with_their_lease(open_store: Opener) -> None:
    one, two = open_store(), open_store()
    put(one, [document("a")])
    with one.lease("embed/one") as first:
        claimed = one.claim(10, first)
        assert one.put_vectors([claimed[0].key], unit(1)) == 1
    with two.lease("embed/two") as second:
        assert [part.key for part in two.claim(10, second)] == [claimed[1].key]


def test_who_comes_late_writes_nothing(open_store: Opener) -> None:
    late, other = open_store(), open_store()
    put(late, [document("a")])
    with late.lease("embed/late") as first:
        keys = [one.key for one in late.claim(10, first)]
    assert late.put_vectors(keys, unit(2), lease=first) == 0
    with other.lease("embed/other") as second:
        (one, *_) = other.claim(1, second)
        # Only what a worker holds: what was given back, and waits, is another's to embed.
        assert other.put_vectors(keys, unit(2), [sentences(1), sentences(2)], lease=second) == 1
        assert late.put_vectors(keys, unit(2), lease=first) == 0
    assert [part.key for part in pending(late)] == [key for key in keys if key != one.key]
    assert now(late).counts().embedded == 1


def test_it_is_known_since_when_passages_wait(store: RecordStore) -> None:
    assert store.waiting_since() is None
    (first,) = put(store, [document("a")])
    put(store, [document("b", text="Other words. And some more.")])
    assert store.waiting_since() == pytest.approx(first.created)
    store.put_vectors([one.key for one in pending(store)[:2]], unit(2))
    since = store.waiting_since()
    assert since is not None
    assert since >= first.created
    embed(store)
    assert store.waiting_since() is None


def test_a_lease_is_held_by_one(open_store: Opener) -> None:
    one, two = open_store(), open_store()
    with one.lease("write") as lease:
        assert lease.name == "write"
        with one.lease("write"):  # again, by the same thread
            pass
        with pytest.raises(CollectionBusy, match="write"), two.lease("write"):
            pass
    with two.lease("write"):
        pass
