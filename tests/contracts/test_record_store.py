"""What every record store keeps. A new one adds a fixture parameter, and no test."""

import hashlib
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.errors import (
    ChangeNotFound,
    ChangeNotKept,
    CollectionNotFound,
    DocumentNotFound,
    HashCollision,
    InvalidDocumentId,
    StoreDamaged,
    VersionNotFound,
)
from index.filters import parse_filter
from index.protocols import RecordStore
from index.records import NewDocument
from index.store import Store
from index.types import Block, Metadata, Passage, Sentences, Vectors

Opener = Callable[[], RecordStore]


@pytest.fixture(params=["sqlite"])
def open_store(tmp_path: Path) -> Iterator[Opener]:
    opened: list[RecordStore] = []

    def opener() -> RecordStore:
        opened.append(Store(tmp_path / "store.sqlite"))
        return opened[-1]

    yield opener
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Opener) -> RecordStore:
    return open_store()


def document(id_: str = "a", text: str = "One two. Three four.", **given: object) -> NewDocument:
    middle = text.index(" ", len(text) // 2 - 1)
    passages = [
        Passage(0, middle, ("Top",), None, 3),
        Passage(middle + 1, len(text), ("Top", "Sub"), (1, 2), 4),
    ]
    values: dict[str, object] = {
        "id": id_,
        "title": "Title",
        "source": id_,
        "media_type": "text/plain",
        "metadata": {},
        "text": text,
        "source_sha256": hashlib.sha256(text.encode()).digest(),
        "reader": "text/1",
        "given": "{}",
        "blocks": [Block("paragraph", 0, len(text))],
        "pages": [],
        "passages": passages,
        "headings": ["Title"] * 2,
    }
    return NewDocument(**{**values, **given})  # type: ignore[arg-type]


def unit(n: int, dimension: int = 8) -> Vectors:
    vectors = np.random.default_rng(n).normal(size=(n, dimension)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)  # type: ignore[no-any-return]


def sentences(count: int) -> Sentences:
    numbers = np.arange(count, dtype=np.int32)
    return Sentences(
        spans=np.stack([10 * numbers, 10 * numbers + 7], axis=1),
        terms=np.arange(2 * count + 1, dtype=np.uint32) * 2**31 // (count + 1),
        term_ends=2 * (numbers + 1),
        vectors=unit(count),
    )


def embed(store: RecordStore) -> None:
    waiting = store.pending(100)
    store.put_vectors([passage.key for passage in waiting], unit(len(waiting)))


def live_ids(store: RecordStore) -> list[int]:
    return [passage.id for passage in store.added_texts(0, store.change())]


def test_a_document_comes_back_as_it_was_put(store: RecordStore) -> None:
    new = document(metadata={"year": 2020, "tags": ["x", "y"]})
    (record,) = store.put([new])
    assert record == store.document("a") == store.find_document("a")
    assert (record.version, record.versions, record.passages, record.embedded) == (1, 1, 2, 0)
    assert record.metadata == {"year": 2020, "tags": ["x", "y"]}
    assert record.text_sha256 == hashlib.sha256(new.text.encode()).digest()
    assert store.text(record.text_sha256) == new.text
    assert record.length == len(new.text)


def test_passages_are_slices_with_their_places(store: RecordStore) -> None:
    new = document()
    store.put([new])
    first, second = store.passages(np.array(live_ids(store), np.int64))
    assert [first.passage, second.passage] == list(new.passages)
    assert [first.text, second.text] == [new.text[p.start : p.end] for p in new.passages]
    assert not first.embedded


def test_places_are_those_of_passages(store: RecordStore) -> None:
    new = document()
    store.put([new])
    ids = np.array([*live_ids(store), 999], np.int64)
    for reader in (store, store.at(store.change())):
        for placed, stored in zip(reader.places(ids), reader.passages(ids), strict=True):
            assert (placed.id, placed.version, placed.passage) == (stored.id, stored.version, stored.passage)
            placed.check(stored.text)
            with pytest.raises(StoreDamaged, match="not what was indexed"):
                placed.check(stored.text + ".")


def test_whole_texts_are_those_that_are_stored(store: RecordStore) -> None:
    (record,) = store.put([document()])
    for reader in (store, store.at(store.change())):
        found = reader.whole_texts([record.text_sha256, bytes(32)])
        assert found == {record.text_sha256: store.text(record.text_sha256)}
        assert reader.whole_texts([]) == {}
    store.delete(record.id)
    assert store.whole_texts([record.text_sha256]) == {}


def test_long_texts_are_sliced_by_code_points(store: RecordStore) -> None:
    text = "🎉é" * 40_000 + " end."
    (record,) = store.put([document(text=text, passages=[], headings=[])])
    for start, end in [(0, 1), (16_383, 16_385), (32_768, 70_000), (79_999, 80_005), (5, 5)]:
        assert store.text(record.text_sha256, start, end) == text[start:end]
    assert store.text(record.text_sha256, 80_000, None) == text[80_000:]
    assert store.text(record.text_sha256) == text


def test_a_changed_document_is_a_new_version_and_the_old_one_stays(store: RecordStore) -> None:
    old = store.put([document(text="Old words. More old words.")])[0]
    new = store.put([document(text="New words. More new words.")])[0]
    assert (new.version, new.versions) == (2, 2)
    assert store.version("a").number == 2
    assert store.version("a", 1).newest == 2
    found = store.version_by_text("a", old.text_sha256.hex()[:12])
    assert found is not None
    assert found.number == 1
    assert store.text(found.text_sha256) == "Old words. More old words."
    texts = [passage.text for passage in store.added_texts(0, store.change())]
    assert not any("Old" in text for text in texts)


def test_the_same_words_keep_their_version(store: RecordStore) -> None:
    store.put([document()])
    record = store.put([document(title="Better", metadata={"a": 1})])[0]
    assert (record.version, record.versions, record.title) == (1, 1, "Better")
    assert record.passages == 2


def test_what_is_not_there_is_an_error(store: RecordStore) -> None:
    store.put([document()])
    for call in (store.document, store.version, store.delete):
        with pytest.raises(DocumentNotFound, match="nope"):
            call("nope")
    with pytest.raises(VersionNotFound, match="newest is 1"):
        store.version("a", 7)
    assert store.find_document("nope") is None
    assert store.version_by_text("a", "000000000000") is None


def test_a_failing_put_changes_nothing(store: RecordStore) -> None:
    before = store.change()
    broken = document("b", headings=["one too few"])
    with pytest.raises(ValueError, match="zip"):
        store.put([document("a"), broken])
    assert store.change() == before
    assert store.find_document("a") is None
    store.put([document("a")])


def test_every_write_has_its_change_number(open_store: Opener) -> None:
    store = open_store()
    assert store.change() == 0
    store.put([document("a"), document("b")])
    assert store.change() == 1
    embed(store)
    assert store.change() == 2
    store.delete("a")
    assert store.change() == 3
    assert open_store().change() == 3


def test_passages_wait_for_vectors_once_for_each_text(store: RecordStore) -> None:
    store.put([document("a"), document("b")])
    waiting = store.pending(100)
    assert [passage.text for passage in waiting] == ["Title\nOne two. Three", "Title\nfour."]
    assert store.put_vectors([p.key for p in waiting], unit(2)) == 4
    assert store.pending(100) == []
    counts = store.counts()
    assert (counts.documents, counts.passages, counts.embedded) == (2, 4, 4)


def test_known_texts_are_not_embedded_again(store: RecordStore) -> None:
    store.put([document("a")])
    embed(store)
    store.put([document("b")])
    assert store.pending(100) == []
    assert store.document("b").embedded == 2


def test_passages_up_to_one_are_waited_for(store: RecordStore) -> None:
    assert (store.last_passage(), store.waiting(0), store.waiting(10**9)) == (0, 0, 0)
    store.put([document("a")])
    first = store.last_passage()
    assert first == max(live_ids(store))
    assert store.waiting(first) == 2
    store.put([document("b", text="Other words. And some more.")])
    last = store.last_passage()
    assert (store.waiting(first - 1), store.waiting(first), store.waiting(last)) == (1, 2, 4)
    a, _, *others = store.pending(100)
    store.put_vectors([a.key], unit(1))
    assert (store.waiting(first), store.waiting(last)) == (1, 3)
    store.put_vectors([one.key for one in others], unit(2))
    assert (store.waiting(first), store.waiting(last)) == (1, 1)
    embed(store)
    assert store.waiting(last) == 0


def test_passages_that_are_gone_are_not_waited_for(open_store: Opener) -> None:
    store = open_store()
    store.put([document("a"), document("b", text="Other words. And some more.")])
    last = store.last_passage()
    store.put([document("a", text="New words here. Not the old.")])
    assert store.waiting(last) == 2
    store.delete("b")
    assert store.waiting(last) == 0
    newest = store.last_passage()
    store.delete("a")
    assert (store.waiting(newest), store.last_passage()) == (0, newest)
    again = open_store()
    again.put([document("c")])
    assert store.last_passage() == newest + 2  # an id is given once, whatever was deleted


def test_vectors_are_given_back_to_half_precision_and_unit_length(store: RecordStore) -> None:
    store.put([document()])
    waiting = store.pending(100)
    vectors = unit(len(waiting))
    store.put_vectors([p.key for p in waiting], vectors)
    ((ids, documents, found),) = store.added_vectors(0, store.change(), 8)
    assert ids.tolist() == live_ids(store)
    assert len(set(documents.tolist())) == 1
    np.testing.assert_allclose(found, vectors, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_sentences_come_back_with_the_document_of_each_passage(store: RecordStore) -> None:
    (record,) = store.put([document()])
    waiting = store.pending(100)
    assert [passage.text[passage.quote :] for passage in waiting] == ["One two. Three", "four."]
    given = [sentences(3), sentences(1)]
    store.put_vectors([p.key for p in waiting], unit(2), given)
    store.put([document("b", text="Not embedded. Not yet.")])
    ids = live_ids(store)
    keys, found = store.sentences(np.array([ids[1], ids[2], 10**9, ids[0]], np.int64))
    assert keys.tolist() == [record.key, store.document("b").key, 0, record.key]
    assert found.known.tolist() == [True, False, False, True]
    assert found.counts.tolist() == [1, 0, 0, 3]
    for one, expected in ((found.passage(0), given[1]), (found.passage(3), given[0])):
        assert one.spans.tolist() == expected.spans.tolist()
        assert one.terms.tolist() == expected.terms.tolist()
        assert one.term_ends.tolist() == expected.term_ends.tolist()
        np.testing.assert_allclose(one.vectors, expected.vectors, atol=0.005)


def test_vectors_of_another_dimension_are_damage(store: RecordStore) -> None:
    store.put([document()])
    embed(store)
    with pytest.raises(StoreDamaged, match="dimension"):
        list(store.added_vectors(0, store.change(), 9))


def test_changes_are_told_apart(store: RecordStore) -> None:
    store.put([document("a")])
    first = live_ids(store)
    since = store.change()
    store.put([document("b", text="Something else. Entirely so.")])
    assert [p.id for p in store.added_texts(since, store.change())] == live_ids(store)[2:]
    assert store.removed(since, store.change()).tolist() == []
    since = store.change()
    store.put([document("a", text="Now it changed. Yes it did.")])
    assert store.removed(since, store.change()).tolist() == first
    assert store.passages(np.array(first, np.int64)) == []


def test_delete_erases(store: RecordStore) -> None:
    store.put([document("a", text="Secret one. Secret two."), document("b")])
    embed(store)
    ids = [p.id for p in store.passages(np.array(live_ids(store), np.int64)) if p.version.document_id == "a"]
    since = store.change()
    record = store.delete("a")
    assert store.removed(since, store.change()).tolist() == ids
    assert store.find_document("a") is None
    assert store.version_by_text("a", record.text_sha256.hex()[:12]) is None
    with pytest.raises(VersionNotFound):
        store.text(record.text_sha256)
    assert store.counts().passages == 2
    assert store.document("b").embedded == 2


def test_delete_keeps_what_another_document_shares(store: RecordStore) -> None:
    store.put([document("a"), document("b")])
    embed(store)
    store.delete("a")
    record = store.document("b")
    assert store.text(record.text_sha256) == "One two. Three four."
    assert sum(len(ids) for ids, _, _ in store.added_vectors(0, store.change(), 8)) == 2


def test_documents_are_listed_in_order_page_by_page(store: RecordStore) -> None:
    store.put([document(id_) for id_ in ("b", "a/2", "a/1", "ä", "a%")])
    listed = [record.id for record in store.documents(limit=10)]
    assert listed == sorted(listed) == ["a%", "a/1", "a/2", "b", "ä"]
    assert [r.id for r in store.documents(limit=2, after="a%")] == ["a/1", "a/2"]
    assert [r.id for r in store.documents(limit=9, prefix="a/")] == ["a/1", "a/2"]
    assert [r.id for r in store.documents(limit=9, prefix="a%")] == ["a%"]


METADATA: dict[str, Metadata] = {
    "a": {"year": 2019, "tag": "x", "draft": True},
    "b": {"year": 2020.5, "tag": ["x", "y"], "draft": False},
    "c": {"year": "2021", "huge": 10**30},
    "d": {},
}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"type": "eq", "key": "year", "value": 2019}, "a"),
        ({"type": "eq", "key": "year", "value": "2019"}, ""),
        ({"type": "eq", "key": "tag", "value": "x"}, "ab"),
        ({"type": "ne", "key": "tag", "value": "x"}, "cd"),
        ({"type": "gt", "key": "year", "value": 2019}, "b"),
        ({"type": "gte", "key": "year", "value": 2019}, "ab"),
        ({"type": "lt", "key": "year", "value": 2020.5}, "a"),
        ({"type": "lte", "key": "year", "value": "3"}, "c"),
        ({"type": "in", "key": "tag", "value": ["y", "z"]}, "b"),
        ({"type": "in", "key": "tag", "value": []}, ""),
        ({"type": "nin", "key": "tag", "value": ["y", "z"]}, "acd"),
        ({"type": "nin", "key": "tag", "value": []}, "abcd"),
        ({"type": "eq", "key": "draft", "value": True}, "a"),
        ({"type": "eq", "key": "draft", "value": 1}, ""),
        ({"type": "eq", "key": "document_id", "value": "d"}, "d"),
        ({"type": "eq", "key": "media_type", "value": "text/plain"}, "abcd"),
        ({"type": "gt", "key": "huge", "value": 10**29}, "c"),
        ({"type": "eq", "key": "x' OR 1=1 --", "value": "x"}, ""),
    ],
)
def test_filters(store: RecordStore, where: object, expected: str) -> None:
    store.put([document(id_, metadata=metadata) for id_, metadata in METADATA.items()])
    keys = {store.document(id_).key: id_ for id_ in METADATA}
    parsed = parse_filter(where)
    assert "".join(keys[int(key)] for key in store.select(parsed)) == expected
    assert "".join(record.id for record in store.documents(limit=9, where=parsed)) == expected


def test_filters_combine(store: RecordStore) -> None:
    store.put([document(id_, metadata=metadata) for id_, metadata in METADATA.items()])
    keys = {store.document(id_).key: id_ for id_ in METADATA}
    tagged = {"type": "eq", "key": "tag", "value": "x"}
    drafts = {"type": "eq", "key": "draft", "value": True}
    empty = {"type": "eq", "key": "document_id", "value": "d"}

    def found(where: object) -> str:
        return "".join(keys[int(key)] for key in store.select(parse_filter(where)))

    assert found({"type": "and", "filters": [tagged, drafts]}) == "a"
    assert found({"type": "or", "filters": [drafts, empty]}) == "ad"
    both = {"type": "or", "filters": [{"type": "and", "filters": [tagged, drafts]}, empty]}
    assert found({"type": "and", "filters": [both, {"type": "ne", "key": "tag", "value": "x"}]}) == "d"


def test_replacing_a_document_replaces_its_attributes(store: RecordStore) -> None:
    store.put([document("a", metadata={"year": 1})])
    store.put([document("a", metadata={"year": 2})])
    assert len(store.select(parse_filter({"type": "eq", "key": "year", "value": 1}))) == 0
    assert len(store.select(parse_filter({"type": "eq", "key": "year", "value": 2}))) == 1


def test_readers_see_one_moment_while_another_writes(open_store: Opener) -> None:
    writer, reader = open_store(), open_store()
    writer.put([document("a"), document("b")])
    stream = reader.added_texts(0, 10)
    first = next(stream)
    writer.delete("a")
    assert [first.id, *(p.id for p in stream)] == [1, 2, 3, 4]
    assert len(live_ids(reader)) == 2


def test_threads_write_in_turns(store: RecordStore) -> None:
    def write(name: str) -> None:
        for n in range(5):
            store.put([document(f"{name}{n}")])

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.change() == 20
    assert store.counts().documents == 20


def test_a_text_that_was_tampered_with_is_noticed(open_store: Opener, tmp_path: Path) -> None:
    store = open_store()
    (record,) = store.put([document()])
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE text_blocks SET body = ?", (zlib.compress(b"Two two. Three four."),))
    connection.close()
    with pytest.raises(StoreDamaged, match="hash"):
        store.text(record.text_sha256)
    with pytest.raises(StoreDamaged, match="hash"):
        store.passages(np.array(live_ids(store), np.int64))


def kinds(store: RecordStore, since: int = 0) -> list[tuple[int, str, str, int]]:
    events = store.events(since, store.change(), 100)
    return [(event.change, event.kind, event.document_id, event.version) for event in events]


def test_every_change_says_what_it_did(store: RecordStore) -> None:
    store.put([document("a"), document("b")])
    embed(store)
    store.put([document("a", text="Other words. And some more.")])
    store.put([document("a", text="Other words. And some more.", title="Better")])
    store.delete("b")
    store.prune([store.versions("a")[-1].key])
    assert kinds(store) == [
        (1, "added", "a", 1),
        (1, "added", "b", 1),
        (3, "replaced", "a", 2),
        (4, "updated", "a", 2),
        (5, "deleted", "b", 1),
        (6, "pruned", "a", 1),
    ]
    assert kinds(store, since=4) == [(5, "deleted", "b", 1), (6, "pruned", "a", 1)]


def test_a_page_of_events_never_tears_a_change(store: RecordStore) -> None:
    store.put([document(str(number)) for number in range(5)])
    store.put([document("z")])
    assert len(store.events(0, store.change(), 2)) == 5
    assert [event.document_id for event in store.events(1, store.change(), 2)] == ["z"]


def test_versions_are_listed_newest_first(store: RecordStore) -> None:
    for words in ("Old words here. And more.", "New words here. And more.", "Old words here. And more."):
        store.put([document(text=words)])
    versions = store.versions("a")
    assert [version.number for version in versions] == [3, 2, 1]
    assert versions[0].replaced is None
    assert all(older.replaced for older in versions[1:])
    assert versions[0].text_sha256 == versions[2].text_sha256
    assert store.replaced_versions() == versions[1:]
    with pytest.raises(DocumentNotFound, match="nope"):
        store.versions("nope")


def test_the_structure_of_a_version_is_kept(store: RecordStore) -> None:
    blocks = [Block("heading", 0, 8, 2, "One two"), Block("paragraph", 9, 20)]
    store.put([document(blocks=blocks, pages=[0, 9])])
    structure = store.structure(store.version("a"))
    assert structure.blocks == tuple(blocks)
    assert structure.pages == (0, 9)


def test_pruned_versions_are_erased_and_the_newest_never_is(store: RecordStore) -> None:
    old = store.put([document(text="Old words here. Shared end.")])[0]
    embed(store)
    store.put([document(text="New words here. Shared end.")])
    embed(store)
    newest, older = store.versions("a")
    assert store.prune([newest.key, older.key]) == [older]
    assert store.versions("a") == [newest]
    assert store.version_by_text("a", old.text_sha256.hex()[:12]) is None
    assert store.text(old.text_sha256, 0, 3) == ""
    with pytest.raises(VersionNotFound, match=r"Version 1 of .a. is not kept; its newest is 2"):
        store.version("a", 1)
    assert store.counts().embedded == 2
    assert store.put([document(text="Third words. Shared end.")])[0].version == 3


def test_an_earlier_moment_has_the_passages_of_then(store: RecordStore) -> None:
    store.put([document("a", text="Old words here. And more."), document("b")])
    waiting = store.change()
    embed(store)
    before = store.change()
    store.put([document("a", text="New words here. And more.")])
    embed(store)
    past = store.at(before)
    assert past.counts() == (4, 4)
    assert store.at(waiting).counts() == (4, 0)
    texts = list(past.texts())
    assert {one.text for one in texts} == {
        "Title\nOld words here.",
        "Title\nAnd more.",
        "Title\nOne two. Three",
        "Title\nfour.",
    }
    ids = np.array([one.id for one in texts], np.int64)
    assert past.passages(ids)[0].text == "Old words here."
    assert len(store.passages(ids)) == 2
    assert np.all(past.sentences(ids)[0] > 0)
    ((held, documents, vectors),) = past.vectors(8)
    assert held.tolist() == ids.tolist()
    assert vectors.shape == (4, 8)
    assert past.select(parse_filter({"type": "eq", "key": "document_id", "value": "b"})).tolist() == [
        documents[-1]
    ]
    assert past.text(store.versions("a")[1].text_sha256, 0, 3) == "Old"
    assert not any(passage.embedded for passage in store.at(waiting).passages(ids))


def test_moments_with_the_same_passages_are_known_as_one(store: RecordStore) -> None:
    store.put([document("a")])
    embed(store)
    store.put([document("a", title="Other")])
    assert store.at(1).reached == 1
    assert store.at(2).reached == 2
    store.prune([])
    assert store.at(store.change()).reached == store.change() - 1


def test_a_moment_that_was_not_or_is_not_kept_is_an_error(store: RecordStore) -> None:
    store.put([document("a")])
    store.put([document("a", text="New words here. And more."), document("b")])
    store.put([document("c")])
    for change in (-1, 4):
        with pytest.raises(ChangeNotFound, match="is at change 3"):
            store.at(change)
    store.prune([store.versions("a")[-1].key])
    with pytest.raises(ChangeNotKept, match="version 1 of 'a'"):
        store.at(1)
    assert store.at(2).counts() == (4, 0)
    store.delete("b")
    with pytest.raises(ChangeNotKept, match="version 1 of 'b'"):
        store.at(3)
    assert store.at(0).counts() == (0, 0)
    assert store.at(store.change()).counts() == (4, 0)


# Found among 2^25 texts: their SHA-256s begin with the same 12 digits.
SMALL, LARGE = "The dose is 5 mg. Ref. 16248902", "The dose is 500 mg. Ref. 12428758"
OTHER = "Other words. And some more."


def named(store: RecordStore, document_id: str, text: str) -> str | None:
    """The id of the document that a locator of this id and text names."""
    found = store.version_by_text(document_id, hashlib.sha256(text.encode()).hexdigest()[:12])
    return found and found.document_id


def test_a_version_is_found_by_as_many_digits_as_are_given(store: RecordStore) -> None:
    (record,) = store.put([document()])
    sha256 = record.text_sha256.hex()
    for digits in (12, 13, 40, 63, 64):
        assert store.version_by_text("a", sha256[:digits]) is not None
        wrong = sha256[: digits - 1] + ("0" if sha256[digits - 1] != "0" else "1")
        assert store.version_by_text("a", wrong) is None


@pytest.mark.parametrize("erased", ["", "pruned", "deleted"])
def test_a_text_that_a_locator_could_take_for_another_is_refused(store: RecordStore, erased: str) -> None:
    store.put([document(text=SMALL)])
    if erased == "deleted":
        store.delete("a")
    if erased == "pruned":
        store.put([document(text=OTHER)])
        store.prune([store.versions("a")[-1].key])
    before = store.change()
    with pytest.raises(HashCollision, match=r"'a'.*12 digits"):
        store.put([document("b", text=OTHER), document(text=LARGE)])
    assert store.change() == before
    assert store.find_document("b") is None
    store.put([document(text=SMALL), document("b", text=LARGE)])
    assert store.version("a").length == len(SMALL)


def test_two_texts_in_one_put_are_not_taken_for_each_other(store: RecordStore) -> None:
    with pytest.raises(HashCollision):
        store.put([document(text=SMALL), document(text=LARGE)])
    assert store.change() == 0


def test_a_text_is_not_taken_for_one_of_a_document_that_had_its_id(store: RecordStore) -> None:
    store.put([document("a", text=SMALL), document("c", text=LARGE)])
    with pytest.raises(HashCollision):
        store.put([document("a", text=LARGE)])
    store.rename("a", "b")
    with pytest.raises(HashCollision):
        store.put([document("a", text=LARGE)])
    for taken in ("a", "b"):
        if taken == "b":
            store.delete("b")
        with pytest.raises(HashCollision):
            store.rename("c", taken)
        assert store.document("c").id == "c"


def test_numbers_of_versions_go_on_after_a_document_was_deleted(store: RecordStore) -> None:
    store.put([document()])
    store.put([document(text=OTHER)])
    store.delete("a")
    (record,) = store.put([document()])
    assert (record.version, record.versions) == (3, 1)
    with pytest.raises(VersionNotFound):
        store.version("a", 1)
    store.rename("a", "b")
    assert store.put([document()])[0].version == 4
    assert store.put([document("b", text=OTHER)])[0].version == 4


def test_a_renamed_document_keeps_everything_but_its_id(store: RecordStore) -> None:
    store.put([document(metadata={"year": 1859})])
    embed(store)
    ids, record = live_ids(store), store.document("a")
    renamed = store.rename("a", "b")
    assert renamed == store.document("b")
    assert store.find_document("a") is None
    assert (renamed.key, renamed.version, renamed.embedded) == (record.key, 1, 2)
    assert (live_ids(store), store.pending(9)) == (ids, [])
    assert {found.version.document_id for found in store.passages(np.array(ids, np.int64))} == {"b"}
    for id_, count in (("a", 0), ("b", 1)):
        where = parse_filter({"type": "eq", "key": "document_id", "value": id_})
        assert len(store.select(where)) == count
    assert store.versions("b")[0].document_id == "b"
    (event,) = store.events(2, store.change(), 9)
    assert (event.kind, event.document_id, event.was, event.version) == ("renamed", "b", "a", 1)


def test_a_document_is_found_by_the_texts_of_the_ids_that_it_had(store: RecordStore) -> None:
    store.put([document()])
    store.rename("a", "b")
    assert [named(store, id_, "One two. Three four.") for id_ in "abc"] == ["b", "b", None]
    store.put([document("b", text=OTHER)])
    store.rename("b", "c")
    assert [named(store, id_, "One two. Three four.") for id_ in "abc"] == ["c", "c", "c"]
    assert [named(store, id_, OTHER) for id_ in "bc"] == ["c", "c"]
    store.delete("c")
    assert [named(store, id_, "One two. Three four.") for id_ in "abc"] == [None, None, None]


def test_whoever_takes_an_old_id_is_found_first_and_the_one_that_had_it_next(store: RecordStore) -> None:
    store.put([document()])
    store.rename("a", "b")
    store.put([document(text=OTHER)])
    assert named(store, "a", OTHER) == "a"
    assert named(store, "a", "One two. Three four.") == "b"
    store.put([document()])  # now it has the same words
    assert named(store, "a", "One two. Three four.") == "a"
    assert named(store, "b", "One two. Three four.") == "b"


def test_a_document_that_was_renamed_back_is_found_by_both_ids(store: RecordStore) -> None:
    store.put([document()])
    store.rename("a", "b")
    store.put([document("b", text=OTHER)])
    store.rename("b", "a")
    assert [named(store, id_, OTHER) for id_ in "ab"] == ["a", "a"]
    assert [named(store, id_, "One two. Three four.") for id_ in "ab"] == ["a", "a"]
    assert store.put([document("b", text="Third words. And more.")])[0].key != store.document("a").key


def test_what_cannot_be_renamed_is_an_error(store: RecordStore) -> None:
    store.put([document("a"), document("b")])
    before = store.change()
    with pytest.raises(DocumentNotFound, match="nope"):
        store.rename("nope", "c")
    for taken in "ab":
        with pytest.raises(InvalidDocumentId, match=f"There is a document '{taken}' already"):
            store.rename("a", taken)
    assert store.change() == before


def test_a_document_is_described_without_touching_its_text(store: RecordStore) -> None:
    store.put([document(metadata={"year": 1859, "draft": True})])
    embed(store)
    ids, record = live_ids(store), store.document("a")
    described = store.describe("a", {"year": 1860}, source="https://lamps.example/")
    assert described == store.document("a")
    assert (described.metadata, described.source) == ({"year": 1860}, "https://lamps.example/")
    assert (described.version, described.text_sha256, described.embedded) == (1, record.text_sha256, 2)
    assert (live_ids(store), store.pending(9)) == (ids, [])
    found = [
        len(store.select(parse_filter({"type": "eq", "key": key, "value": value})))
        for key, value in {"year": 1860, "draft": True, "source": "https://lamps.example/"}.items()
    ]
    assert found == [1, 0, 1]
    assert len(store.select(parse_filter({"type": "eq", "key": "document_id", "value": "a"}))) == 1
    assert kinds(store)[-1] == (3, "updated", "a", 1)
    with pytest.raises(DocumentNotFound, match="nope"):
        store.describe("nope", {}, source="")


def test_documents_are_found_by_the_bytes_they_were_made_of(store: RecordStore) -> None:
    first, second = (hashlib.sha256(data).digest() for data in (b"first", b"second"))
    store.put([document("b", source_sha256=first), document("a", source_sha256=first), document("c")])
    assert [record.id for record in store.documents_of_source(first)] == ["a", "b"]
    store.put([document("a", text=OTHER, source_sha256=second)])
    assert [record.id for record in store.documents_of_source(first)] == ["b"]
    assert store.documents_of_source(second) == [store.document("a")]
    assert store.documents_of_source(bytes(32)) == []


def test_the_layout_of_a_version_is_kept(store: RecordStore) -> None:
    store.put([document(layout=b"first"), document("b")])
    store.put([document(text=OTHER, layout=b"second")])
    newest, older = store.versions("a")
    assert [store.layout(version) for version in (newest, older)] == [b"second", b"first"]
    assert store.layout(store.version("b")) is None
    store.put([document(text=OTHER, layout=b"third")])
    assert store.layout(newest) == b"third"
    store.prune([older.key])
    assert store.layout(older) is None


def test_whether_a_document_stood_after_a_change_is_known_when_it_is_erased(store: RecordStore) -> None:
    store.put([document("z")])
    store.put([document(text=OTHER)])
    store.put([document()])
    store.prune([store.versions("a")[-1].key])
    store.rename("a", "b")
    assert [store.stood("a", change) for change in range(7)] == [False, False, True, True, True, True, True]
    assert store.stood("b", 2)
    store.delete("b")
    assert [store.stood("b", change) for change in (1, 2, 5, 6)] == [False, True, True, False]
    assert not store.stood("nope", 3)


def test_whether_anything_was_erased_is_known(store: RecordStore) -> None:
    store.put([document()])
    store.put([document(text=OTHER)])
    assert not store.erases(0)
    store.prune([store.versions("a")[-1].key])
    store.delete("a")
    assert [store.erases(since) for since in (0, 2, 3, 4)] == [True, True, True, False]


def test_what_is_erased_between_two_looks_is_not_found(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    (record,) = store.put([document(pages=[0, 9], layout=b"words")])
    version = store.version("a")
    other.delete("a")
    assert store.text(record.text_sha256, 0, 3) == ""
    for read in (lambda: store.text(record.text_sha256), lambda: store.structure(version)):
        with pytest.raises(VersionNotFound, match="a moment ago"):
            read()
    assert store.section_at(version, 0, 3) == ((), None)
    assert store.layout(version) is None


def test_a_text_that_another_process_erased_is_forgotten_when_told(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    (record,) = store.put([document()])
    assert store.text(record.text_sha256) == "One two. Three four."
    other.delete("a")
    store.forget()
    with pytest.raises(VersionNotFound):
        store.text(record.text_sha256)


def test_nothing_of_what_was_erased_is_on_disk(open_store: Opener, tmp_path: Path) -> None:
    store = open_store()
    body = zlib.compress(b"Secret one. Secret two.", 6)
    store.put([document(text="Secret one. Secret two.")])
    store.delete("a")
    store.close()
    files = [path.read_bytes() for path in tmp_path.iterdir()]
    assert files
    assert not any(body in data for data in files)


def test_what_is_closed_opens_no_file_made_anew_under_its_name(open_store: Opener, tmp_path: Path) -> None:
    old = open_store()
    old.put([document()])
    old.close()
    for path in tmp_path.glob("store.sqlite*"):
        path.unlink()
    with pytest.raises(CollectionNotFound, match="closed"):
        old.counts()
    with pytest.raises(CollectionNotFound, match="closed"):
        old.put([document()])
    assert not list(tmp_path.glob("store.sqlite*"))


def test_totals_are_those_of_a_count(open_store: Opener, tmp_path: Path) -> None:
    store = open_store()

    def counted() -> tuple[int, ...]:
        with sqlite3.connect(tmp_path / "store.sqlite") as connection:
            row: tuple[int, ...] = connection.execute(
                "SELECT (SELECT COUNT(*) FROM documents),"
                " (SELECT COUNT(*) FROM passages WHERE removed IS NULL),"
                " (SELECT COUNT(*) FROM passages WHERE removed IS NULL AND embedded IS NOT NULL),"
                " (SELECT COALESCE(SUM(length), 0) FROM documents d JOIN versions v ON v.key = d.version"
                "  JOIN texts t ON t.sha256 = v.text_sha256)"
            ).fetchone()
        connection.close()
        return row

    def told() -> tuple[int, ...]:
        counts = store.counts()
        return counts.documents, counts.passages, counts.embedded, counts.characters

    changes: list[Callable[[], object]] = [
        lambda: store.put([document("a"), document("b", text="Other words. And more."), document("c")]),
        lambda: embed(store),
        lambda: store.put([document("a", text="New words of a. And some more of them.")]),
        lambda: store.put([document("a", text="New words of a. And some more of them.", title="Titled")]),
        lambda: store.put([document("d"), document("d2", text="Other words. And more.")]),
        lambda: store.rename("b", "e"),
        lambda: store.delete("c"),
        lambda: embed(store),
        lambda: store.put([document("a")]),
        lambda: store.prune([one.key for one in store.replaced_versions()]),
        lambda: store.delete("a"),
        lambda: store.delete("d2"),
    ]
    for change in changes:
        change()
        assert told() == counted()
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'totals_%'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DROP TABLE totals")
    connection.close()
    store = open_store()  # as a file from before
    assert told() == counted()
    store.put([document("f")])
    assert told() == counted()


def test_many_may_open_a_new_store_at_the_same_moment(tmp_path: Path) -> None:
    def opened(path: Path) -> int:
        store = Store(path)
        store.close()
        return 1

    with ThreadPoolExecutor(8) as pool:
        for number in range(100):
            paths = [tmp_path / f"{number}.sqlite"] * 8
            assert sum(pool.map(opened, paths)) == 8
