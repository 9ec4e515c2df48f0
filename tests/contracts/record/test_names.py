"""Which text an id and a hash name, in every record store: one, for good."""

import hashlib

import numpy as np
import pytest

from index.errors import (
    DocumentNotFound,
    HashCollision,
    InvalidDocumentId,
    VersionNotFound,
)
from index.filters import parse_filter
from index.protocols import RecordStore
from tests.contracts.documents import (
    OTHER,
    document,
    embed,
    live_ids,
    now,
    pending,
    put,
)

# Found among 2^25 texts: their SHA-256s begin with the same 12 digits.
SMALL, LARGE = "The dose is 5 mg. Ref. 16248902", "The dose is 500 mg. Ref. 12428758"


def named(store: RecordStore, document_id: str, text: str) -> str | None:
    """The id of the document that a locator of this id and text names."""
    found = now(store).version_by_text(document_id, hashlib.sha256(text.encode()).hexdigest()[:12])
    return found and found.document_id


def test_a_version_is_found_by_as_many_digits_as_are_given(store: RecordStore) -> None:
    (record,) = put(store, [document()])
    sha256 = record.text_sha256.hex()
    for digits in (12, 13, 40, 63, 64):
        assert now(store).version_by_text("a", sha256[:digits]) is not None
        wrong = sha256[: digits - 1] + ("0" if sha256[digits - 1] != "0" else "1")
        assert now(store).version_by_text("a", wrong) is None


@pytest.mark.parametrize("erased", ["", "pruned", "deleted"])
def test_a_text_that_a_locator_could_take_for_another_is_refused(store: RecordStore, erased: str) -> None:
    put(store, [document(text=SMALL)])
    if erased == "deleted":
        store.delete("a")
    if erased == "pruned":
        put(store, [document(text=OTHER)])
        store.prune([now(store).versions("a")[-1].key])
    before = now(store).change()
    with pytest.raises(HashCollision, match=r"'a'.*12 digits"):
        put(store, [document("b", text=OTHER), document(text=LARGE)])
    assert now(store).change() == before
    assert now(store).find_document("b") is None
    put(store, [document(text=SMALL), document("b", text=LARGE)])
    assert now(store).version("a").length == len(SMALL)


def test_two_texts_in_one_put_are_not_taken_for_each_other(store: RecordStore) -> None:
    with pytest.raises(HashCollision):
        put(store, [document(text=SMALL), document(text=LARGE)])
    assert now(store).change() == 0


def test_a_text_is_not_taken_for_one_of_a_document_that_had_its_id(store: RecordStore) -> None:
    put(store, [document("a", text=SMALL), document("c", text=LARGE)])
    with pytest.raises(HashCollision):
        put(store, [document("a", text=LARGE)])
    store.rename("a", "b")
    with pytest.raises(HashCollision):
        put(store, [document("a", text=LARGE)])
    for taken in ("a", "b"):
        if taken == "b":
            store.delete("b")
        with pytest.raises(HashCollision):
            store.rename("c", taken)
        assert now(store).document("c").id == "c"


def test_numbers_of_versions_go_on_after_a_document_was_deleted(store: RecordStore) -> None:
    put(store, [document()])
    put(store, [document(text=OTHER)])
    store.delete("a")
    (record,) = put(store, [document()])
    assert (record.version, record.versions) == (3, 1)
    with pytest.raises(VersionNotFound):
        now(store).version("a", 1)
    store.rename("a", "b")
    assert put(store, [document()])[0].version == 4
    assert put(store, [document("b", text=OTHER)])[0].version == 4


def test_a_renamed_document_keeps_everything_but_its_id(store: RecordStore) -> None:
    put(store, [document(metadata={"year": 1859})])
    embed(store)
    ids, record = live_ids(store), now(store).document("a")
    renamed = store.rename("a", "b")
    assert renamed == now(store).document("b")
    assert now(store).find_document("a") is None
    assert (renamed.key, renamed.version, renamed.embedded) == (record.key, 1, 2)
    assert (live_ids(store), pending(store)) == (ids, [])
    assert {found.version.document_id for found in now(store).passages(np.array(ids, np.int64))} == {"b"}
    for id_, count in (("a", 0), ("b", 1)):
        where = parse_filter({"type": "eq", "key": "document_id", "value": id_})
        assert len(now(store).select(where)) == count
    assert now(store).versions("b")[0].document_id == "b"
    (event,) = now(store).events(2, now(store).change(), 9)
    assert (event.kind, event.document_id, event.was, event.version) == ("renamed", "b", "a", 1)


def test_a_document_is_found_by_the_texts_of_the_ids_that_it_had(store: RecordStore) -> None:
    put(store, [document()])
    store.rename("a", "b")
    assert [named(store, id_, "One two. Three four.") for id_ in "abc"] == ["b", "b", None]
    put(store, [document("b", text=OTHER)])
    store.rename("b", "c")
    assert [named(store, id_, "One two. Three four.") for id_ in "abc"] == ["c", "c", "c"]
    assert [named(store, id_, OTHER) for id_ in "bc"] == ["c", "c"]
    store.delete("c")
    assert [named(store, id_, "One two. Three four.") for id_ in "abc"] == [None, None, None]


def test_whoever_takes_an_old_id_is_found_first_and_the_one_that_had_it_next(store: RecordStore) -> None:
    put(store, [document()])
    store.rename("a", "b")
    put(store, [document(text=OTHER)])
    assert named(store, "a", OTHER) == "a"
    assert named(store, "a", "One two. Three four.") == "b"
    put(store, [document()])  # now it has the same words
    assert named(store, "a", "One two. Three four.") == "a"
    assert named(store, "b", "One two. Three four.") == "b"


def test_a_document_that_was_renamed_back_is_found_by_both_ids(store: RecordStore) -> None:
    put(store, [document()])
    store.rename("a", "b")
    put(store, [document("b", text=OTHER)])
    store.rename("b", "a")
    assert [named(store, id_, OTHER) for id_ in "ab"] == ["a", "a"]
    assert [named(store, id_, "One two. Three four.") for id_ in "ab"] == ["a", "a"]
    assert put(store, [document("b", text="Third words. And more.")])[0].key != now(store).document("a").key


def test_what_cannot_be_renamed_is_an_error(store: RecordStore) -> None:
    put(store, [document("a"), document("b")])
    before = now(store).change()
    with pytest.raises(DocumentNotFound, match="nope"):
        store.rename("nope", "c")
    for taken in "ab":
        with pytest.raises(InvalidDocumentId, match=f"There is a document '{taken}' already"):
            store.rename("a", taken)
    assert now(store).change() == before
