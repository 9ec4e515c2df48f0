"""A former id leads to the document that had it last, as long as that is there."""

from index.protocols import RecordStore
from tests.contracts.documents import document, now, put


def test_a_former_id_leads_to_the_document_that_had_it_last(store: RecordStore) -> None:
    put(store, [document("a")])
    assert now(store).renamed_to("a") is None
    store.rename("a", "b")
    store.rename("b", "c")
    assert [now(store).renamed_to(one) for one in "abc"] == ["c", "c", None]
    put(store, [document("b")])
    store.rename("b", "d")
    assert [now(store).renamed_to(one) for one in "abcd"] == ["c", "d", None, None]


def test_of_several_documents_that_had_an_id_the_last_counts_whichever_is_newer(store: RecordStore) -> None:
    put(store, [document("old")])
    put(store, [document("a")])
    store.rename("a", "b")
    store.rename("old", "a")
    store.rename("a", "c")
    assert now(store).renamed_to("a") == "c"


def test_a_document_that_is_named_as_before_has_no_former_id(store: RecordStore) -> None:
    put(store, [document("a")])
    store.rename("a", "b")
    store.rename("b", "a")
    assert [now(store).renamed_to(one) for one in "ab"] == [None, "a"]


def test_an_erased_document_leaves_no_former_id(store: RecordStore) -> None:
    put(store, [document("a")])
    store.rename("a", "b")
    store.delete("b")
    assert now(store).renamed_to("a") is None


def test_a_document_can_get_another_origin_with_its_id(store: RecordStore) -> None:
    (before,) = put(store, [document("a", given='{"name": "a", "origin": "here"}')])
    renamed = store.rename("a", "b", origin="there")
    assert (renamed.id, renamed.key, renamed.origin) == ("b", before.key, "there")
    assert renamed == now(store).document("b")
    assert renamed.given == '{"name": "a", "origin": "there"}'
    assert store.rename("b", "c").origin == "there"
