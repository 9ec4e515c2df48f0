"""What is known of erasures until the files are purged, and what may not bring back what was erased."""

from index.protocols import RecordStore
from index.records import Erasure
from tests.contracts.conftest import Opener
from tests.contracts.documents import OTHER, document, now, put, unit


def unpurged(store: RecordStore) -> Erasure:
    found = store.unpurged()
    assert found is not None
    return found


def test_nothing_is_unpurged_before_something_is_erased(store: RecordStore) -> None:
    assert store.unpurged() is None
    put(store, [document("a")])
    put(store, [document("a", OTHER)])
    assert store.unpurged() is None


def test_an_erasure_is_unpurged_until_it_is_purged(store: RecordStore, open_store: Opener) -> None:
    put(store, [document("a"), document("b")])
    store.delete("a")
    found = unpurged(store)
    assert (found.change, set(found.documents)) == (2, {"a"})
    assert open_store().unpurged() == found
    assert store.purge(found)
    assert store.unpurged() is None
    assert open_store().unpurged() is None
    assert now(store).counts().documents == 1


def test_what_is_erased_during_a_purge_stays_unpurged(store: RecordStore) -> None:
    put(store, [document("a"), document("b")])
    store.delete("a")
    first = unpurged(store)
    store.delete("b")
    assert store.purge(first)
    assert set(unpurged(store).documents) == {"b"}
    assert store.purge(unpurged(store))
    assert store.unpurged() is None


def test_a_pruned_version_is_an_erasure(store: RecordStore) -> None:
    put(store, [document("a")])
    put(store, [document("a", OTHER)])
    store.prune([one.key for one in now(store).replaced_versions()])
    assert set(unpurged(store).documents) == {"a"}


def test_an_erasure_names_the_ids_that_its_documents_had(store: RecordStore) -> None:
    put(store, [document("a"), document("other")])
    store.rename("a", "b")
    store.rename("b", "c")
    store.delete("c")
    found = unpurged(store)
    assert set(found.documents) == {"a", "b", "c"}
    assert len(set(found.documents.values())) == 1


def test_a_text_that_is_erased_while_it_is_embedded_gets_no_vector(store: RecordStore) -> None:
    put(store, [document("a")])
    with store.lease("embed/worker") as lease:
        claimed = store.claim(10, lease)
        store.delete("a")
        assert store.put_vectors([one.key for one in claimed], unit(len(claimed))) == 0
    # Were a vector kept, the same text would have it at once.
    (added,) = put(store, [document("b")])
    assert (added.passages, added.embedded) == (2, 0)


def test_no_claim_of_an_erased_text_stays(store: RecordStore) -> None:
    put(store, [document("a"), document("b", OTHER)])
    put(store, [document("b")])
    with store.lease("embed/worker") as lease:
        store.claim(10, lease)
        store.delete("b")
        store.prune([one.key for one in now(store).replaced_versions()])
        assert list(store.problems(8)) == []
        store.delete("a")
        assert list(store.problems(8)) == []


def test_the_originals_of_versions_are_noted_until_no_version_needs_them(store: RecordStore) -> None:
    first, second = document("a", original_bytes=10), document("a", OTHER, original_bytes=20)
    put(store, [first])
    put(store, [second, document("b", OTHER, original_bytes=20)])
    sources = {first.source_sha256: 10, second.source_sha256: 20}
    assert now(store).originals([*sources, b"0" * 32]) == sources
    assert now(store).all_originals() == set(sources)
    assert now(store).counts().original_bytes == 30
    store.delete("a")
    assert now(store).all_originals() == {second.source_sha256}
    store.delete("b")
    assert now(store).all_originals() == set()
    assert now(store).counts().original_bytes == 0


def test_an_original_is_attached_to_a_stored_version_only(store: RecordStore) -> None:
    (added,) = put(store, [document("a")])
    change = now(store).change()
    store.attach_original(added.source_sha256, 7)
    store.attach_original(added.source_sha256, 7)
    store.attach_original(b"0" * 32, 9)
    assert now(store).originals([added.source_sha256, b"0" * 32]) == {added.source_sha256: 7}
    assert now(store).counts().original_bytes == 7
    assert now(store).change() == change


def test_a_version_that_is_read_again_from_other_bytes_needs_the_earlier_ones_no_more(
    store: RecordStore,
) -> None:
    put(store, [document("a", source_sha256=b"1" * 32, original_bytes=1)])
    put(store, [document("a", source_sha256=b"2" * 32, original_bytes=2)])
    assert len(now(store).versions("a")) == 1
    assert now(store).originals([b"1" * 32, b"2" * 32]) == {b"2" * 32: 2}
