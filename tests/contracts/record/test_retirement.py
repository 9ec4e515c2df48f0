"""What every record store does with documents that are retired, restored and then erased."""

import numpy as np
import pytest

from index.errors import ChangeNotKept, DocumentNotFound, DocumentRetired, InvalidDocumentId
from index.filters import parse_filter
from index.protocols import RecordStore
from index.records import DocumentRecord, Notice, RefusedMirror
from tests.contracts.conftest import Opener
from tests.contracts.documents import OTHER, at, document, embed, kinds, live_ids, now, pending, put

TEXT = "One two. Three four."


def retired(store: RecordStore, document_id: str = "a") -> DocumentRecord:
    """Retire a document; returns what the record says of it now."""
    store.retire([document_id])
    found = now(store).find_document(document_id, retired=True)
    assert isinstance(found, DocumentRecord)
    return found


def test_a_retired_document_is_not_found(store: RecordStore) -> None:
    put(store, [document(), document("b", text=OTHER)])
    embed(store)
    before = live_ids(store)
    record = now(store).document("a")
    assert store.retire(["a"]) == [record]
    assert [id_ for id_ in before if id_ not in live_ids(store)] == now(store).removed(2, 3).tolist()
    assert len(live_ids(store)) == 2
    assert now(store).passages(np.array(before, np.int64))[0].version.document_id == "b"
    assert now(store).find_document("a") is None
    with pytest.raises(DocumentRetired, match="'a' is retired since 20"):
        now(store).document("a")
    assert [one.id for one in now(store).documents(limit=9)] == ["b"]
    assert now(store).documents_of_source(record.source_sha256) == []


def test_a_retired_document_is_found_when_it_is_asked_for(store: RecordStore) -> None:
    put(store, [document(metadata={"year": 1859}), document("b")])
    before = now(store).document("a")
    record = retired(store)
    assert record.retired is not None
    assert (record.key, record.version, record.passages) == (before.key, 1, 0)
    assert [(one.id, one.retired) for one in now(store).documents(limit=9, retired=True)] == [
        ("a", record.retired),
        ("b", None),
    ]
    where = parse_filter({"type": "eq", "key": "year", "value": 1859})
    assert now(store).documents(limit=9, where=where) == []
    assert now(store).documents(limit=9, where=where, retired=True) == [record]


def test_totals_leave_retired_documents_out(store: RecordStore) -> None:
    put(store, [document(), document("b", text=OTHER)])
    embed(store)
    whole = now(store).counts()
    store.retire(["a"])
    left = now(store).counts()
    assert (left.documents, left.passages, left.embedded, left.characters) == (1, 2, 2, len(OTHER))
    put(store, [document()])
    restored = now(store).counts()
    assert (restored.documents, restored.passages, restored.characters) == (2, 4, whole.characters)
    store.retire(["a"])
    store.delete("a")
    after = now(store).counts()
    assert (after.documents, after.passages, after.characters) == (1, 2, len(OTHER))


def test_the_texts_of_a_retired_document_stay(store: RecordStore) -> None:
    put(store, [document(text=OTHER)])
    put(store, [document()])
    record = retired(store)
    for number, text in ((1, OTHER), (2, TEXT)):
        version = now(store).version("a", number)
        assert now(store).text(version.text_sha256) == text
        assert (version.retired, version.newest) == (record.retired, 2)
        assert now(store).version_by_text("a", version.text_sha256.hex()[:12]) == version
        assert now(store).structure(version).blocks
        assert now(store).section_at(version, 0, 3)[0] == ("Top",)
    assert now(store).version("a").number == 2
    newest, older = now(store).versions("a")
    assert newest.replaced == record.retired
    assert older.replaced <= newest.replaced
    assert store.notice(0) == Notice(3, erased=False)


def test_the_newest_version_of_a_retired_document_is_not_pruned(store: RecordStore) -> None:
    put(store, [document(text=OTHER)])
    put(store, [document()])
    retired(store)
    newest, older = now(store).versions("a")
    assert now(store).replaced_versions() == [older]
    assert store.prune([newest.key, older.key]) == [older]
    assert now(store).versions("a") == [newest]


@pytest.mark.parametrize("text", [TEXT, OTHER], ids=["same", "other"])
def test_putting_a_retired_document_restores_it(store: RecordStore, text: str) -> None:
    put(store, [document()])
    embed(store)
    key = now(store).document("a").key
    store.retire(["a"])
    (outcome,) = store.put([document(text=text)])
    assert outcome.status == "added"
    assert (outcome.record.key, outcome.record.version, outcome.record.versions) == (key, 2, 2)
    assert (outcome.record.retired, outcome.record.passages) == (None, 2)
    assert now(store).document("a") == outcome.record
    assert len(live_ids(store)) == 2
    assert kinds(store, since=1) == [(3, "retired", "a", 1), (4, "restored", "a", 2)]
    assert store.put([document(text=text)])[0].status == "unchanged"
    # Vectors outlive the retirement.
    assert len(pending(store)) == (0 if text == TEXT else 2)
    newest, older = now(store).versions("a")
    assert (newest.replaced, newest.retired, older.retired) == (None, None, None)
    assert now(store).replaced_versions() == [older]


def test_an_earlier_moment_has_what_was_retired_later(store: RecordStore) -> None:
    put(store, [document(), document("b", text=OTHER)])
    embed(store)
    store.retire(["a"])
    assert (at(store, 2).counts(), at(store, 2).reached) == ((4, 4), 2)
    assert (at(store, 3).counts(), at(store, 3).reached) == ((2, 2), 3)
    put(store, [document()])
    assert [at(store, change).counts()[0] for change in (2, 3, 4)] == [4, 2, 4]
    with store.snapshot() as moment:
        past = moment.at(2)
        ids = np.array([one.id for one in past.texts()], np.int64)
        where = parse_filter({"type": "eq", "key": "document_id", "value": "a"})
        assert [one.version.document_id for one in past.passages(ids)] == ["a", "a", "b", "b"]
        assert len(past.select(where)) == 1


def test_in_which_changes_a_document_was_retired_is_known(store: RecordStore) -> None:
    put(store, [document("z")])
    put(store, [document()])
    first = retired(store).retired
    put(store, [document()])
    put(store, [document(text=OTHER)])
    second = retired(store).retired
    assert [now(store).retired_at("a", change) for change in range(7)] == [
        None, None, None, first, None, None, second,
    ]  # fmt: skip
    assert [now(store).existed("a", change) for change in range(7)] == [
        False, False, True, False, True, True, False,
    ]  # fmt: skip
    versions = [now(store).version_at("a", change) for change in range(7)]
    assert [one and one.number for one in versions] == [None, None, 1, None, 2, 3, None]
    assert now(store).retired_at("z", 6) is None
    assert now(store).retired_at("nope", 6) is None
    store.prune([one.key for one in now(store).versions("a") if one.number == 2])
    assert now(store).retired_at("a", 4) is None


def test_a_retired_document_may_have_the_former_id_of_another_one(store: RecordStore) -> None:
    put(store, [document()])
    store.rename("a", "b")
    put(store, [document(text=OTHER)])
    record = retired(store)
    assert now(store).retired_at("a", 4) == record.retired
    assert now(store).retired_at("b", 4) is None


def test_a_retired_document_is_erased_by_a_deletion(store: RecordStore) -> None:
    put(store, [document(text=OTHER), document("b")])
    sha256 = now(store).document("a").text_sha256
    store.retire(["a"])
    record = store.delete("a")
    assert record.id == "a"
    assert now(store).find_document("a", retired=True) is None
    assert now(store).text(sha256, 0, 5) == ""
    assert kinds(store, since=1) == [(2, "retired", "a", 1), (3, "deleted", "a", 1)]
    assert store.notice(2).erased
    with pytest.raises(ChangeNotKept):
        now(store).at(1)
    assert at(store, 2).counts() == (2, 0)  # it was not there any more
    assert put(store, [document()])[0].version == 2


def test_documents_that_were_retired_before_a_time_are_known(store: RecordStore) -> None:
    put(store, [document(id_) for id_ in "abcd"])
    times = [retired(store, id_).retired or 0.0 for id_ in "cab"]
    assert [one.id for one in now(store).retired_before(times[-1] + 1)] == ["c", "a", "b"]
    assert now(store).retired_before(times[0]) == []


def test_documents_are_retired_together_or_not_at_all(store: RecordStore) -> None:
    put(store, [document("a"), document("b"), document("c")])
    store.retire(["a", "b"])
    assert kinds(store, since=1) == [(2, "retired", "a", 1), (2, "retired", "b", 1)]
    with pytest.raises(DocumentNotFound, match="nope"):
        store.retire(["c", "nope"])
    with pytest.raises(DocumentRetired, match="'a'"):
        store.retire(["c", "a"])
    assert [one.id for one in now(store).documents(limit=9)] == ["c"]
    assert now(store).change() == 2


def test_a_retired_document_is_not_changed_and_its_id_is_taken(store: RecordStore) -> None:
    put(store, [document("a"), document("b", text=OTHER)])
    store.retire(["a"])
    with pytest.raises(DocumentRetired):
        store.describe("a", {}, source="")
    with pytest.raises(DocumentRetired):
        store.rename("a", "c")
    with pytest.raises(InvalidDocumentId, match="There is a retired document 'a'"):
        store.rename("b", "a")


def test_refused_mirrors_are_kept(open_store: Opener) -> None:
    first, second = open_store(), open_store()
    assert now(first).refused_mirrors() == []
    change = now(first).change()
    refused = [RefusedMirror("/b", "is missing", 2.5), RefusedMirror("/ä", "is empty", 1.0)]
    first.set_refused_mirrors(refused[::-1])
    assert now(second).refused_mirrors() == refused
    second.set_refused_mirrors(refused[:1])
    assert now(first).refused_mirrors() == refused[:1]
    second.set_refused_mirrors([])
    assert now(first).refused_mirrors() == []
    assert now(first).change() == change


def test_connections_are_kept(open_store: Opener) -> None:
    first, second = open_store(), open_store()
    assert now(first).connections() == {}
    change = now(first).change()
    given = {"sources": [{"name": "ä", "every": 1.5, "groups": None}], "webhooks": []}
    first.set_connections(given)
    assert now(second).connections() == given
    second.set_connections({})
    assert now(first).connections() == {}
    assert now(first).change() == change
