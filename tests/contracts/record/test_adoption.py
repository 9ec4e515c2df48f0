"""A document as another record has it."""

import pytest

from index.errors import InvalidDocumentId
from index.protocols import RecordStore
from index.records import DocumentHistory, NumberedVersion
from tests.contracts.documents import OTHER, document, embed, kinds, live_ids, now, put

HISTORY = DocumentHistory(
    id="a",
    aliases=["before", "long before"],
    created=10.0,
    updated=40.0,
    versions=[
        NumberedVersion(2, 20.0, 30.0, document("a")),
        NumberedVersion(5, 30.0, None, document("a", OTHER, metadata={"year": 2020})),
    ],
)


def test_it_keeps_numbers_times_and_former_ids(store: RecordStore) -> None:
    record = store.adopt(HISTORY)
    assert (record.id, record.version, record.versions) == ("a", 5, 2)
    assert (record.created, record.updated, record.metadata) == (10.0, 40.0, {"year": 2020})
    assert now(store).aliases(record) == ["before", "long before"]
    kept = [(one.number, one.created, one.replaced) for one in now(store).versions("a")]
    assert kept == [(5, 30.0, None), (2, 20.0, 30.0)]
    for name in ("a", "before", "long before"):
        for version in now(store).versions("a"):
            found = now(store).version_by_text(name, version.text_sha256.hex()[:12])
            assert found.number == version.number
    assert kinds(store)[:2] == [(1, "added", "a", 2), (2, "replaced", "a", 5)]


def test_its_newest_version_is_searched_and_embedded(store: RecordStore) -> None:
    store.adopt(HISTORY)
    assert len(live_ids(store)) == 2
    embed(store)
    counts = now(store).counts()
    assert (counts.documents, counts.passages, counts.embedded) == (1, 2, 2)
    assert list(store.problems(8)) == []


def test_numbers_go_on_from_the_last_one(store: RecordStore) -> None:
    store.adopt(HISTORY)
    (unchanged,) = store.put([HISTORY.versions[-1].new])
    assert unchanged.status == "unchanged"
    (record,) = put(store, [document("a", "Third words. And some more.")])
    assert record.version == 6


def test_an_id_in_use_is_refused_and_nothing_changes(store: RecordStore) -> None:
    (record,) = put(store, [document("a")])
    with pytest.raises(InvalidDocumentId, match="already"):
        store.adopt(HISTORY)
    assert now(store).document("a") == record
    assert now(store).change() == 1


def test_a_retired_document_stays_retired_and_equal_texts_stay_versions(store: RecordStore) -> None:
    versions = [
        NumberedVersion(1, 20.0, 25.0, document("a")),
        NumberedVersion(3, 30.0, 40.0, document("a")),
    ]
    record = store.adopt(DocumentHistory("a", [], 20.0, 30.0, versions, retired=40.0))
    assert (record.retired, record.version, record.versions) == (40.0, 3, 2)
    assert live_ids(store) == []
    assert now(store).find_document("a") is None
    assert [one.replaced for one in now(store).versions("a")] == [40.0, 25.0]
    assert now(store).counts().documents == 0
    assert list(store.problems(8)) == []
