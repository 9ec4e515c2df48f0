"""What every record keeps about the groups that may read a document."""

from __future__ import annotations

import pytest

from index.errors import DocumentNotFound
from index.filters import Compound, ReadableBy, parse_filter
from index.protocols import RecordStore
from tests.contracts.conftest import Opener
from tests.contracts.documents import OTHER, document, now, put

NOBODY, STAFF, BOARD = (ReadableBy(frozenset(names)) for names in ((), ("staff",), ("board", "staff")))


@pytest.fixture
def grouped(store: RecordStore) -> RecordStore:
    """A record of one document for everyone, one for the staff and one for the board."""
    put(
        store,
        [document("all"), document("b", groups=("board",)), document("s", OTHER, groups=("x", "staff"))],
    )
    return store


def admitted(store: RecordStore, readable: ReadableBy) -> list[str]:
    return [one.id for one in now(store).documents(limit=10, where=readable)]


def test_a_document_has_its_groups_in_every_store(open_store: Opener) -> None:
    put(open_store(), [document("a", groups=("x", "staff")), document("b", OTHER)])
    other = now(open_store())
    assert other.document("a").groups == ("staff", "x")
    assert other.document("b").groups == ()


def test_a_document_without_groups_is_for_everyone_and_others_for_those_who_share_one(
    grouped: RecordStore,
) -> None:
    assert admitted(grouped, NOBODY) == ["all"]
    assert admitted(grouped, STAFF) == ["all", "s"]
    assert admitted(grouped, BOARD) == ["all", "b", "s"]
    assert [now(grouped).hides(one) for one in (NOBODY, STAFF, BOARD)] == [True, True, False]
    keys = {one.id: one.key for one in now(grouped).documents(limit=10)}
    assert now(grouped).select(STAFF).tolist() == sorted([keys["all"], keys["s"]])
    where = parse_filter({"type": "eq", "key": "document_id", "value": "b"})
    assert now(grouped).select(STAFF.within(where)).tolist() == []
    assert now(grouped).select(BOARD.within(where)).tolist() == [keys["b"]]
    assert STAFF.within(None) == STAFF
    assert isinstance(STAFF.within(where), Compound)


def test_nothing_is_hidden_where_nothing_has_groups(store: RecordStore) -> None:
    put(store, [document()])
    assert not now(store).hides(NOBODY)


def test_groups_change_alone_and_with_a_document(grouped: RecordStore) -> None:
    described = grouped.describe("b", {}, source="b", groups=("staff",))
    assert described.groups == ("staff",)
    assert admitted(grouped, STAFF) == ["all", "b", "s"]
    assert grouped.describe("b", {"year": 1}, source="b").groups == ("staff",)
    assert grouped.describe("b", {}, source="b", groups=()).groups == ()
    assert admitted(grouped, NOBODY) == ["all", "b"]
    # Put again without groups it keeps those it has, also with another text.
    (kept,) = grouped.put([document("s", "Now one. Then two.")])
    assert (kept.status, kept.record.groups) == ("replaced", ("staff", "x"))
    (changed,) = grouped.put([document("s", "Now one. Then two.", groups=("board",))])
    assert (changed.status, changed.record.groups, changed.record.version) == ("replaced", ("board",), 2)


def test_other_groups_alone_make_a_document_differ(store: RecordStore) -> None:
    given = document("a").given
    for groups, status in (((), "added"), (None, "unchanged"), (("x",), "replaced"), (("x",), "unchanged")):
        (done,) = store.put([document("a", given=given, groups=groups)])
        assert done.status == status
    assert now(store).document("a").groups == ("x",)


def test_an_id_is_admitted_with_its_document(grouped: RecordStore) -> None:
    assert now(grouped).admits(NOBODY, "all")
    assert not now(grouped).admits(NOBODY, "b")
    assert now(grouped).admits(NOBODY, "never")
    grouped.rename("b", "c")
    assert not now(grouped).admits(NOBODY, "c")
    assert not now(grouped).admits(NOBODY, "b")  # which it had before
    grouped.delete("c")
    assert not now(grouped).admits(NOBODY, "c")
    put(grouped, [document("c", "New words. Of all.")])
    assert now(grouped).admits(NOBODY, "c")


def test_events_are_those_of_documents_that_are_admitted_also_after_their_end(grouped: RecordStore) -> None:
    def seen(readable: ReadableBy | None) -> list[tuple[str, str]]:
        return [(one.document_id, one.kind) for one in now(grouped).events(0, 9, 100, readable=readable)]

    grouped.rename("b", "c")
    grouped.delete("c")
    everything = [("all", "added"), ("b", "added"), ("s", "added"), ("c", "renamed"), ("c", "deleted")]
    assert seen(None) == everything
    assert seen(NOBODY) == [("all", "added")]
    assert seen(STAFF) == [("all", "added"), ("s", "added")]
    assert seen(BOARD) == everything
    put(grouped, [document("c", "New words. Of all.")])  # another document of this id
    assert seen(NOBODY) == [("all", "added"), ("c", "added")]


def test_a_page_of_events_is_filled_with_those_that_are_admitted(store: RecordStore) -> None:
    for number in range(6):
        groups = ("staff",) if number % 2 else ()
        put(store, [document(f"d{number}", f"Number {number}. And more {number}.", groups=groups)])
    page = now(store).events(0, 6, 2, readable=NOBODY)
    assert [one.document_id for one in page] == ["d0", "d2"]
    assert [one.document_id for one in now(store).events(page[-1].change, 6, 2, readable=NOBODY)] == ["d4"]


def test_counts_are_those_of_documents_that_are_admitted(grouped: RecordStore) -> None:
    everything, staff, nobody = (now(grouped).counts(readable=one) for one in (None, STAFF, NOBODY))
    assert (everything.documents, staff.documents, nobody.documents) == (3, 2, 1)
    assert (everything.passages, staff.passages, nobody.passages) == (6, 4, 2)
    characters = len("One two. Three four.")
    assert (nobody.characters, staff.characters) == (characters, characters + len(OTHER))
    assert now(grouped).counts(readable=BOARD) == everything
    grouped.delete("b")
    assert now(grouped).counts(readable=STAFF).documents == 2


def test_the_past_is_filtered_by_the_groups_of_today(grouped: RecordStore) -> None:
    def then(readable: ReadableBy) -> int:
        with grouped.snapshot() as moment:
            return len(moment.at(1).select(readable))

    assert then(NOBODY) == 1
    grouped.describe("s", {}, source="s", groups=())
    grouped.describe("all", {}, source="all", groups=("staff",))
    assert then(NOBODY) == 1
    assert then(STAFF) == 2
    with pytest.raises(DocumentNotFound):
        grouped.describe("nope", {}, source="", groups=())
