"""What a record tells a ledger of erasures, and what it does with it; and that it checks itself."""

from index.protocols import RecordStore
from index.records import NewDocument
from tests.contracts.conftest import Opener
from tests.contracts.documents import OTHER, document, embed, kinds, now


def tags(store: RecordStore) -> list[bytes]:
    return [tag for _, tag in store.erased_tags()]


def test_every_erased_version_has_a_tag_of_its_own(store: RecordStore) -> None:
    store.put([document("a"), document("b")])
    store.put([document("a", OTHER)])
    assert store.erased_tags() == []
    store.delete("a")
    assert [position for position, _ in store.erased_tags()] == [1, 2]
    store.put([document("a")])  # put again: not what was erased
    store.delete("a")
    assert len(set(tags(store))) == 3
    assert all(len(tag) == 16 for tag in [*tags(store), store.tag()])
    assert store.erased_tags(2) == store.erased_tags()[2:]


def test_tags_are_of_one_record(store: RecordStore, open_store: Opener) -> None:
    assert open_store().tag() == store.tag()
    store.put([document("a")])
    store.delete("a")
    store.begin_epoch()
    assert open_store().erased_tags() == store.erased_tags()


class Asked:
    """Contains nothing, and notes what it is asked for."""

    def __init__(self) -> None:
        self.tags: set[object] = set()

    def __contains__(self, tag: object) -> bool:
        self.tags.add(tag)
        return False


def put(store: RecordStore, new: NewDocument, known: set[object]) -> bytes:
    """Put a document; returns the tag of its new version, which is added to those known."""
    store.put([new])
    asked = Asked()
    assert store.erase_tagged(asked) == (0, 0)
    (tag,) = asked.tags - known
    known.add(tag)
    assert isinstance(tag, bytes)
    return tag


def test_versions_with_a_tag_are_erased(store: RecordStore) -> None:
    """A document whose newest version has one goes as a whole, of others only the version."""
    known: set[object] = set()
    put(store, document("a"), known)
    first = put(store, document("b"), known)
    newest = put(store, document("a", OTHER), known)
    put(store, document("b", OTHER), known)
    change = now(store).change()
    assert store.erase_tagged({newest, first, b"unknown"}) == (1, 2)
    assert [one.id for one in now(store).documents(limit=9)] == ["b"]
    assert [one.number for one in now(store).versions("b")] == [2]
    assert sorted(kinds(store, change)) == [(change + 1, "deleted", "a", 2), (change + 1, "pruned", "b", 1)]
    assert {newest, first} < set(tags(store))


def test_a_document_that_was_put_again_is_not_erased(store: RecordStore) -> None:
    store.put([document("a")])
    store.delete("a")
    store.put([document("a")])
    assert store.erase_tagged(set(tags(store))) == (0, 0)
    assert now(store).document("a").id == "a"


def test_a_record_that_was_written_only_through_its_methods_has_no_problems(store: RecordStore) -> None:
    store.put([document("a"), document("b")])
    embed(store)
    store.put([document("a", OTHER)])
    store.rename("b", "c")
    store.delete("a")
    seen: list[tuple[int, int]] = []
    assert list(store.problems(8, lambda *at: seen.append(at))) == []
    assert seen[-1][0] == seen[-1][1]
    assert list(store.problems(9))
    with store.snapshot() as moment:
        mark = moment.mark
    store.repair(8)
    assert not now(store).includes(mark)
