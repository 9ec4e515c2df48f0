"""What every record store keeps of documents. A new implementation adds a fixture parameter, and no test."""

import hashlib
import threading

import numpy as np
import pytest

from index.errors import (
    DocumentNotFound,
    VersionNotFound,
)
from index.filters import OPERATORS, Comparison, NameContains, kind_of, parse_filter
from index.protocols import RecordStore
from index.records import content_key
from index.types import Metadata, Scalar
from tests.contracts.conftest import Opener
from tests.contracts.documents import (
    OTHER,
    document,
    embed,
    kinds,
    live_ids,
    now,
    pending,
    put,
)


def test_a_document_comes_back_as_it_was_put(store: RecordStore) -> None:
    new = document(metadata={"year": 2020, "tags": ["x", "y"]})
    (record,) = put(store, [new])
    assert record == now(store).document("a") == now(store).find_document("a")
    assert (record.version, record.versions, record.passages, record.embedded) == (1, 1, 2, 0)
    assert record.metadata == {"year": 2020, "tags": ["x", "y"]}
    assert record.text_sha256 == hashlib.sha256(new.text.encode()).digest()
    assert now(store).text(record.text_sha256) == new.text
    assert record.length == len(new.text)


def test_passages_are_slices_with_their_places(store: RecordStore) -> None:
    new = document()
    put(store, [new])
    first, second = now(store).passages(np.array(live_ids(store), np.int64))
    assert [first.passage, second.passage] == list(new.passages)
    assert [first.text, second.text] == [new.text[p.start : p.end] for p in new.passages]
    assert not first.embedded


def test_places_are_those_of_passages(store: RecordStore) -> None:
    new = document()
    put(store, [new])
    ids = np.array([*live_ids(store), 999], np.int64)
    with store.snapshot() as moment:
        for reader in (moment, moment.at(moment.change)):
            for placed, stored in zip(reader.places(ids), reader.passages(ids), strict=True):
                assert (placed.id, placed.version, placed.passage) == (
                    stored.id,
                    stored.version,
                    stored.passage,
                )
                assert placed.quote_key == content_key(stored.text) != content_key(f"{stored.text}.")


def test_whole_texts_are_those_that_are_stored(store: RecordStore) -> None:
    (record,) = put(store, [document()])
    with store.snapshot() as moment:
        for reader in (moment, moment.at(moment.change)):
            found = reader.whole_texts([record.text_sha256, bytes(32)])
            assert found == {record.text_sha256: moment.text(record.text_sha256)}
            assert reader.whole_texts([]) == {}
    store.delete(record.id)
    assert now(store).whole_texts([record.text_sha256]) == {}


def test_long_texts_are_sliced_by_code_points(store: RecordStore) -> None:
    text = "🎉é" * 40_000 + " end."
    (record,) = put(store, [document(text=text, passages=[], headings=[])])
    for start, end in [(0, 1), (16_383, 16_385), (32_768, 70_000), (79_999, 80_005), (5, 5)]:
        assert now(store).text(record.text_sha256, start, end) == text[start:end]
    assert now(store).text(record.text_sha256, 80_000, None) == text[80_000:]
    assert now(store).text(record.text_sha256) == text


def test_what_is_not_there_is_an_error(store: RecordStore) -> None:
    put(store, [document()])
    for call in (now(store).document, now(store).version, store.delete):
        with pytest.raises(DocumentNotFound, match="nope"):
            call("nope")
    with pytest.raises(VersionNotFound, match="newest is 1"):
        now(store).version("a", 7)
    assert now(store).find_document("nope") is None
    assert now(store).version_by_text("a", "000000000000") is None


def test_a_failing_put_changes_nothing(store: RecordStore) -> None:
    before = now(store).change()
    broken = document("b", headings=["one too few"])
    with pytest.raises(ValueError, match="zip"):
        put(store, [document("a"), broken])
    assert now(store).change() == before
    assert now(store).find_document("a") is None
    put(store, [document("a")])


def test_every_write_has_its_change_number(open_store: Opener) -> None:
    store = open_store()
    assert now(store).change() == 0
    put(store, [document("a"), document("b")])
    assert now(store).change() == 1
    embed(store)
    assert now(store).change() == 2
    store.delete("a")
    assert now(store).change() == 3
    assert now(open_store()).change() == 3


def test_changes_are_told_apart(store: RecordStore) -> None:
    put(store, [document("a")])
    first = live_ids(store)
    since = now(store).change()
    put(store, [document("b", text="Something else. Entirely so.")])
    assert [p.id for p in now(store).added_texts(since, now(store).change())] == live_ids(store)[2:]
    assert now(store).removed(since, now(store).change()).tolist() == []
    since = now(store).change()
    put(store, [document("a", text="Now it changed. Yes it did.")])
    assert now(store).removed(since, now(store).change()).tolist() == first
    assert now(store).passages(np.array(first, np.int64)) == []


def test_delete_erases(store: RecordStore) -> None:
    put(store, [document("a", text="Secret one. Secret two."), document("b")])
    embed(store)
    ids = [
        p.id for p in now(store).passages(np.array(live_ids(store), np.int64)) if p.version.document_id == "a"
    ]
    since = now(store).change()
    record = store.delete("a")
    assert now(store).removed(since, now(store).change()).tolist() == ids
    assert now(store).find_document("a") is None
    assert now(store).version_by_text("a", record.text_sha256.hex()[:12]) is None
    with pytest.raises(VersionNotFound):
        now(store).text(record.text_sha256)
    assert now(store).counts().passages == 2
    assert now(store).document("b").embedded == 2


def test_delete_keeps_what_another_document_shares(store: RecordStore) -> None:
    put(store, [document("a"), document("b")])
    embed(store)
    store.delete("a")
    record = now(store).document("b")
    assert now(store).text(record.text_sha256) == "One two. Three four."
    assert sum(len(ids) for ids, _, _ in now(store).added_vectors(0, now(store).change(), 8)) == 2


def test_documents_are_listed_in_order_page_by_page(store: RecordStore) -> None:
    put(store, [document(id_) for id_ in ("b", "a/2", "a/1", "ä", "a%")])
    listed = [record.id for record in now(store).documents(limit=10)]
    assert listed == sorted(listed) == ["a%", "a/1", "a/2", "b", "ä"]
    assert [r.id for r in now(store).documents(limit=2, after="a%")] == ["a/1", "a/2"]
    assert [r.id for r in now(store).documents(limit=9, prefix="a/")] == ["a/1", "a/2"]
    assert [r.id for r in now(store).documents(limit=9, prefix="a%")] == ["a%"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("LAMP", ["Lamps/a.md", "b"]), ("lamps/", ["Lamps/a.md"]), ("ÉTÉ", ["c"]), ("e\u0301t", ["c"]),
        ("%", ["d%"]), ("pdf", ["b"]), ("years", []), ("a/b", ["c", "d%"]),
    ],
)  # fmt: skip
def test_documents_are_found_by_words_of_id_title_or_type(
    store: RecordStore, words: str, expected: list[str]
) -> None:
    put(
        store,
        [
            document("Lamps/a.md", title="A", media_type="text/markdown"),
            document("b", title="The lAMp x", media_type="application/pdf", metadata={"years": "years"}),
            document("c", title="Été x", media_type="a/b"),
            document("d%", title="x", media_type="a/b"),
        ],
    )
    found = now(store).documents(limit=9, where=NameContains(words))
    assert [one.id for one in found] == expected


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
    put(store, [document(id_, metadata=metadata) for id_, metadata in METADATA.items()])
    keys = {now(store).document(id_).key: id_ for id_ in METADATA}
    parsed = parse_filter(where)
    assert "".join(keys[int(key)] for key in now(store).select(parsed)) == expected
    assert "".join(record.id for record in now(store).documents(limit=9, where=parsed)) == expected


def several(name: str, count: int, **of: object) -> dict[str, object]:
    return {"type": name, "filters": [{"key": "year", "value": place, **of} for place in range(count)]}


LARGE: dict[str, tuple[object, str]] = {
    "many that differ": (several("or", 1000, type="ne"), "abcd"),
    "many of which all hold": (several("and", 1000, type="gte"), "ab"),
    "many of which one holds": (several("or", 1000, type="eq", key="tag"), ""),
    "many in one of many": (
        {
            "type": "or",
            "filters": [{"type": "eq", "key": "tag", "value": "x"}, several("and", 600, type="ne")],
        },
        "abcd",
    ),
    "many values": (
        {
            "type": "or",
            "filters": [
                {"type": "in", "key": "year", "value": [*range(place, place + 1000)]}
                for place in range(0, 100_000, 1000)
            ],
        },
        "a",
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_filter_may_have_more_parts_than_a_query(store: RecordStore, name: str) -> None:
    test_filters(store, *LARGE[name])


OPERANDS: list[Scalar] = [2019, 2020.5, "2021", "20", "x", "", 0, -1.5, True, False]


@pytest.mark.parametrize("name", OPERATORS)
def test_an_operator_selects_the_documents_of_which_it_holds(store: RecordStore, name: str) -> None:
    operator = OPERATORS[name]
    metadata: dict[str, Metadata] = {
        **METADATA,
        **{f"e{place}": {"year": value, "tag": [value, "z"]} for place, value in enumerate(OPERANDS)},
    }
    put(store, [document(id_, metadata=own) for id_, own in metadata.items()])
    keys = {now(store).document(id_).key: id_ for id_ in metadata}
    for key in ("year", "tag", "none"):
        for value in (one for one in OPERANDS if kind_of(one) in operator.kinds):
            given = [value, "y"] if operator.takes_list else value
            where = parse_filter({"type": name, "key": key, "value": given})
            assert isinstance(where, Comparison)
            admitted = {id_ for id_, own in metadata.items() if where.admits(own.get(key))}
            assert {keys[int(one)] for one in now(store).select(where)} == admitted, where


def test_filters_combine(store: RecordStore) -> None:
    put(store, [document(id_, metadata=metadata) for id_, metadata in METADATA.items()])
    keys = {now(store).document(id_).key: id_ for id_ in METADATA}
    tagged = {"type": "eq", "key": "tag", "value": "x"}
    drafts = {"type": "eq", "key": "draft", "value": True}
    empty = {"type": "eq", "key": "document_id", "value": "d"}

    def found(where: object) -> str:
        return "".join(keys[int(key)] for key in now(store).select(parse_filter(where)))

    assert found({"type": "and", "filters": [tagged, drafts]}) == "a"
    assert found({"type": "or", "filters": [drafts, empty]}) == "ad"
    both = {"type": "or", "filters": [{"type": "and", "filters": [tagged, drafts]}, empty]}
    assert found({"type": "and", "filters": [both, {"type": "ne", "key": "tag", "value": "x"}]}) == "d"


def test_replacing_a_document_replaces_its_attributes(store: RecordStore) -> None:
    put(store, [document("a", metadata={"year": 1})])
    put(store, [document("a", metadata={"year": 2})])
    assert len(now(store).select(parse_filter({"type": "eq", "key": "year", "value": 1}))) == 0
    assert len(now(store).select(parse_filter({"type": "eq", "key": "year", "value": 2}))) == 1


def test_readers_see_one_moment_while_another_writes(open_store: Opener) -> None:
    writer, reader = open_store(), open_store()
    put(writer, [document("a"), document("b", text=OTHER)])
    with reader.snapshot() as moment:
        stream = moment.added_texts(0, 10)
        first = next(stream)
        record = moment.document("a")
        writer.delete("a")
        assert [first.id, *(p.id for p in stream)] == [1, 2, 3, 4]
        assert moment.text(record.text_sha256) == "One two. Three four."
    assert len(live_ids(reader)) == 2
    with pytest.raises(VersionNotFound):
        now(reader).text(record.text_sha256)


def test_threads_write_in_turns(store: RecordStore) -> None:
    def write(name: str) -> None:
        for n in range(5):
            put(store, [document(f"{name}{n}")])

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert now(store).change() == 20
    assert now(store).counts().documents == 20


def test_a_document_is_described_without_touching_its_text(store: RecordStore) -> None:
    put(store, [document(metadata={"year": 1859, "draft": True})])
    embed(store)
    ids, record = live_ids(store), now(store).document("a")
    described = store.describe("a", {"year": 1860}, source="https://lamps.example/")
    assert described == now(store).document("a")
    assert (described.metadata, described.source) == ({"year": 1860}, "https://lamps.example/")
    assert (described.version, described.text_sha256, described.embedded) == (1, record.text_sha256, 2)
    assert (live_ids(store), pending(store)) == (ids, [])
    found = [
        len(now(store).select(parse_filter({"type": "eq", "key": key, "value": value})))
        for key, value in {"year": 1860, "draft": True, "source": "https://lamps.example/"}.items()
    ]
    assert found == [1, 0, 1]
    assert len(now(store).select(parse_filter({"type": "eq", "key": "document_id", "value": "a"}))) == 1
    assert kinds(store)[-1] == (3, "updated", "a", 1)
    with pytest.raises(DocumentNotFound, match="nope"):
        store.describe("nope", {}, source="")


def test_documents_are_found_by_the_bytes_they_were_made_of(store: RecordStore) -> None:
    first, second = (hashlib.sha256(data).digest() for data in (b"first", b"second"))
    put(store, [document("b", source_sha256=first), document("a", source_sha256=first), document("c")])
    assert [record.id for record in now(store).documents_of_source(first)] == ["a", "b"]
    put(store, [document("a", text=OTHER, source_sha256=second)])
    assert [record.id for record in now(store).documents_of_source(first)] == ["b"]
    assert now(store).documents_of_source(second) == [now(store).document("a")]
    assert now(store).documents_of_source(bytes(32)) == []


def test_a_text_that_another_process_erased_is_forgotten_when_told(open_store: Opener) -> None:
    store, other = open_store(), open_store()
    (record,) = put(store, [document()])
    assert now(store).text(record.text_sha256) == "One two. Three four."
    other.delete("a")
    store.forget()
    with pytest.raises(VersionNotFound):
        now(store).text(record.text_sha256)
