"""What every record store keeps of versions and changes."""

import numpy as np
import pytest

from index.errors import (
    ChangeNotFound,
    ChangeNotKept,
    DocumentNotFound,
    VersionNotFound,
)
from index.filters import parse_filter
from index.protocols import RecordStore
from index.records import Notice
from index.text.figures import pack_figures
from index.types import Block, Figure, Passage
from tests.contracts.documents import (
    OTHER,
    at,
    document,
    embed,
    kinds,
    now,
    put,
)


def test_a_changed_document_is_a_new_version_and_the_old_one_stays(store: RecordStore) -> None:
    old = put(store, [document(text="Old words. More old words.")])[0]
    new = put(store, [document(text="New words. More new words.")])[0]
    assert (new.version, new.versions) == (2, 2)
    assert now(store).version("a").number == 2
    assert now(store).version("a", 1).newest == 2
    found = now(store).version_by_text("a", old.text_sha256.hex()[:12])
    assert found is not None
    assert found.number == 1
    assert now(store).text(found.text_sha256) == "Old words. More old words."
    texts = [passage.text for passage in now(store).added_texts(0, now(store).change())]
    assert not any("Old" in text for text in texts)


def test_the_same_words_keep_their_version(store: RecordStore) -> None:
    put(store, [document()])
    record = put(store, [document(title="Better", metadata={"a": 1})])[0]
    assert (record.version, record.versions, record.title) == (1, 1, "Better")
    assert record.passages == 2


def test_every_change_says_what_it_did(store: RecordStore) -> None:
    put(store, [document("a"), document("b")])
    embed(store)
    put(store, [document("a", text="Other words. And some more.")])
    put(store, [document("a", text="Other words. And some more.", title="Better")])
    store.delete("b")
    store.prune([now(store).versions("a")[-1].key])
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
    put(store, [document(str(number)) for number in range(5)])
    put(store, [document("z")])
    assert len(now(store).events(0, now(store).change(), 2)) == 5
    assert [event.document_id for event in now(store).events(1, now(store).change(), 2)] == ["z"]


def test_versions_are_listed_newest_first(store: RecordStore) -> None:
    for words in ("Old words here. And more.", "New words here. And more.", "Old words here. And more."):
        put(store, [document(text=words)])
    versions = now(store).versions("a")
    assert [version.number for version in versions] == [3, 2, 1]
    assert versions[0].replaced is None
    assert all(older.replaced for older in versions[1:])
    assert versions[0].text_sha256 == versions[2].text_sha256
    assert now(store).replaced_versions() == versions[1:]
    with pytest.raises(DocumentNotFound, match="nope"):
        now(store).versions("nope")


def test_the_structure_of_a_version_is_kept(store: RecordStore) -> None:
    blocks = [Block("heading", 0, 8, 2, "One two"), Block("paragraph", 9, 20)]
    put(store, [document(blocks=blocks, pages=[0, 9])])
    structure = now(store).structure(now(store).version("a"))
    assert structure.blocks == tuple(blocks)
    assert structure.pages == (0, 9)


def test_pruned_versions_are_erased_and_the_newest_never_is(store: RecordStore) -> None:
    old = put(store, [document(text="Old words here. Shared end.")])[0]
    embed(store)
    put(store, [document(text="New words here. Shared end.")])
    embed(store)
    newest, older = now(store).versions("a")
    assert store.prune([newest.key, older.key]) == [older]
    assert now(store).versions("a") == [newest]
    assert now(store).version_by_text("a", old.text_sha256.hex()[:12]) is None
    assert now(store).text(old.text_sha256, 0, 3) == ""
    with pytest.raises(VersionNotFound, match=r"Version 1 of .a. is not kept; its newest is 2"):
        now(store).version("a", 1)
    assert now(store).counts().embedded == 2
    assert put(store, [document(text="Third words. Shared end.")])[0].version == 3


def test_an_earlier_moment_has_the_passages_of_then(store: RecordStore) -> None:
    put(store, [document("a", text="Old words here. And more."), document("b")])
    waiting = now(store).change()
    embed(store)
    before = now(store).change()
    put(store, [document("a", text="New words here. And more.")])
    embed(store)
    with store.snapshot() as moment:
        past = moment.at(before)
        assert past.counts() == (4, 4)
        assert moment.at(waiting).counts() == (4, 0)
        texts = list(past.texts())
        assert {one.text for one in texts} == {
            "Title\nOld words here.",
            "Title\nAnd more.",
            "Title\nOne two. Three",
            "Title\nfour.",
        }
        ids = np.array([one.id for one in texts], np.int64)
        assert past.passages(ids)[0].text == "Old words here."
        assert len(moment.passages(ids)) == 2
        assert np.all(past.sentences(ids)[0] > 0)
        ((held, documents, vectors),) = past.vectors(8)
        assert held.tolist() == ids.tolist()
        assert vectors.shape == (4, 8)
        assert past.select(parse_filter({"type": "eq", "key": "document_id", "value": "b"})).tolist() == [
            documents[-1]
        ]
        assert past.text(moment.versions("a")[1].text_sha256, 0, 3) == "Old"
        assert not any(passage.embedded for passage in moment.at(waiting).passages(ids))


def test_moments_with_the_same_passages_are_known_as_one(store: RecordStore) -> None:
    put(store, [document("a")])
    embed(store)
    put(store, [document("a", title="Other")])
    assert at(store, 1).reached == 1
    assert at(store, 2).reached == 2
    store.prune([])
    assert at(store, now(store).change()).reached == now(store).change() - 1


def test_a_moment_that_was_not_or_is_not_kept_is_an_error(store: RecordStore) -> None:
    put(store, [document("a")])
    put(store, [document("a", text="New words here. And more."), document("b")])
    put(store, [document("c")])
    for change in (-1, 4):
        with pytest.raises(ChangeNotFound, match="is at change 3"):
            now(store).at(change)
    store.prune([now(store).versions("a")[-1].key])
    with pytest.raises(ChangeNotKept, match="version 1 of 'a'"):
        now(store).at(1)
    assert at(store, 2).counts() == (4, 0)
    store.delete("b")
    with pytest.raises(ChangeNotKept, match="version 1 of 'b'"):
        now(store).at(3)
    assert at(store, 0).counts() == (0, 0)
    assert at(store, now(store).change()).counts() == (4, 0)


def test_the_layout_of_a_version_is_kept(store: RecordStore) -> None:
    put(store, [document(layout=b"first"), document("b")])
    put(store, [document(text=OTHER, layout=b"second")])
    newest, older = now(store).versions("a")
    assert [now(store).layout(version) for version in (newest, older)] == [b"second", b"first"]
    assert now(store).layout(now(store).version("b")) is None
    put(store, [document(text=OTHER, layout=b"third")])
    assert now(store).layout(newest) == b"third"
    store.prune([older.key])
    assert now(store).layout(older) is None


def test_page_numbers_and_figures_of_a_version_are_kept(store: RecordStore) -> None:
    figures = pack_figures([Figure(4, 9, 2, 10.0, 20.0, 110.5, 220.0)])
    put(store, [document(page_labels='[[2,"xii"]]'), document("b", figures=figures)])
    put(store, [document(text=OTHER, page_labels='[[1,"217"]]')])
    kept = [(one.page_labels, one.figures) for id_ in "ab" for one in now(store).versions(id_)]
    assert kept == [('[[1,"217"]]', ""), ('[[2,"xii"]]', ""), ("", figures)]
    put(store, [document(text=OTHER, reader="text/2")])
    assert now(store).version("a").page_labels == ""


def test_whether_a_document_stood_after_a_change_is_known_when_it_is_erased(store: RecordStore) -> None:
    put(store, [document("z")])
    put(store, [document(text=OTHER)])
    put(store, [document()])
    store.prune([now(store).versions("a")[-1].key])
    store.rename("a", "b")
    assert [now(store).existed("a", change) for change in range(7)] == [
        False,
        False,
        True,
        True,
        True,
        True,
        True,
    ]
    assert now(store).existed("b", 2)
    store.delete("b")
    assert [now(store).existed("b", change) for change in (1, 2, 5, 6)] == [False, True, True, False]
    assert not now(store).existed("nope", 3)


def test_a_span_has_the_section_of_its_first_passage(store: RecordStore) -> None:
    text = "Heading. One two. Three four."
    passages = [Passage(9, 17, ("One",)), Passage(18, 29, ("Two",))]
    put(store, [document(text=text, passages=passages, blocks=[Block("paragraph", 0, 29)])])
    version = now(store).version("a")
    sections = {
        span: now(store).section_at(version, *span)[0]
        for span in ((0, 17), (0, 12), (12, 25), (17, 18), (20, 22), (0, 5))
    }
    assert sections == {
        (0, 17): ("One",),
        (0, 12): ("One",),
        (12, 25): ("One",),
        (17, 18): ("One",),
        (20, 22): ("Two",),
        (0, 5): (),
    }


def test_whether_anything_was_erased_is_known(store: RecordStore) -> None:
    put(store, [document()])
    put(store, [document(text=OTHER)])
    assert store.notice(0) == Notice(2, erased=False)
    store.prune([now(store).versions("a")[-1].key])
    store.delete("a")
    assert [store.notice(since).erased for since in (0, 2, 3, 4)] == [True, True, True, False]
    assert all(now(store).notice(since) == store.notice(since) for since in (0, 2, 3, 4))
