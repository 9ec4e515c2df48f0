"""Retired documents: what questions, citations, verification and the change feed say of them."""

from __future__ import annotations

import pytest

from index.citations import parse_locator
from index.citations.verdicts import Claim
from index.collection import Collection
from index.errors import ChangeNotKept, CitationNotFound, DocumentNotFound, DocumentRetired
from index.history.retention import Retention
from index.ingest.preparation import Source
from tests.index.conftest import Opener
from tests.opening import resolving, statuses, verifying

RED, RUSTY = "Mars has a red soil.", "Mars has a rusty soil."
VENUS = "Venus is hotter than Mercury."
LATER = 2.0**40


def put(collection: Collection, id_: str, text: str) -> str:
    """Put a document with its vectors; returns the locator of all of it."""
    record = collection.put(Source(id_, text.encode())).record
    collection.embed_pending()
    return f"{id_}@{record.text_sha256.hex()[:12]}:0-{len(text)}"


def retire(collection: Collection, document_id: str) -> float:
    """Retire a document; returns when."""
    collection.editor.retire([document_id])
    record = collection.archive.find_document(document_id, retired=True)
    assert record is not None
    assert record.retired is not None
    return record.retired


def found(collection: Collection, question: str, as_of: int | None = None) -> list[str]:
    return [hit.citation.document_id for hit in collection.ask(question, k=9, as_of=as_of).hits]


def test_questions_do_not_find_a_retired_document(collection: Collection, open_collection: Opener) -> None:
    put(collection, "mars.txt", RED)
    put(collection, "venus.txt", VENUS)
    other = open_collection()
    change = collection.state.change
    retire(collection, "mars.txt")
    assert found(collection, "Mars soil") == ["venus.txt"]
    assert found(collection, "Mars soil", change) == ["mars.txt", "venus.txt"]
    other.refresh()
    assert found(other, "Mars soil") == ["venus.txt"]
    assert found(open_collection(), "Mars soil") == ["venus.txt"]


def test_citations_of_a_retired_document_resolve_as_gone_since(collection: Collection) -> None:
    old = put(collection, "mars.txt", RED)
    new = put(collection, "mars.txt", RUSTY)
    since = retire(collection, "mars.txt")
    for locator, quote, number in ((old, RED, 1), (new, RUSTY, 2)):
        with collection.archive.resolution() as resolution:
            resolved = resolution.resolve(parse_locator(locator), around=10)
        citation, today = resolved.citation, resolved.today
        assert (citation.quote, citation.version) == (quote, number)
        version, text = collection.archive.text("mars.txt", number)
        assert text[citation.start : citation.end] == quote
        assert version.retired == since
        assert (today.standing.status, today.standing.since, today.version) == ("gone", since, 2)
        assert today.citation is None
    with pytest.raises(DocumentRetired):
        collection.archive.text("mars.txt")
    with pytest.raises(DocumentRetired):
        collection.archive.diff("mars.txt", 1)
    assert collection.archive.diff("mars.txt", 1, 2)[2]


def test_a_restored_document_makes_its_citations_current(collection: Collection) -> None:
    locator = put(collection, "mars.txt", RED)
    retire(collection, "mars.txt")
    put(collection, "mars.txt", RED)
    with collection.archive.resolution() as resolution:
        today = resolution.resolve(parse_locator(locator), around=0).today
    assert (today.standing.status, today.standing.since, today.version) == ("current", None, 2)
    assert found(collection, "Mars soil") == ["mars.txt"]


def test_verification_still_knows_the_words_of_a_retired_document(collection: Collection) -> None:
    locator = put(collection, "mars.txt", RED)
    put(collection, "venus.txt", VENUS)
    since = retire(collection, "mars.txt")
    with collection.verification() as verification:
        for verdict in (
            verification.citation(parse_locator(locator), RED),
            verification.quote(Claim("a red soil", "mars.txt")),
        ):
            assert verdict.status == "verified"
            assert verdict.today is not None
            assert (verdict.today.standing.status, verdict.today.standing.since) == ("gone", since)
    assert verifying(collection).quote(Claim("a red soil")).status == "not_found"


def test_the_change_feed_says_when_a_document_was_retired(collection: Collection) -> None:
    locator = put(collection, "mars.txt", RED)  # changes 1 and 2
    since = retire(collection, "mars.txt")
    put(collection, "mars.txt", RUSTY)  # changes 4 and 5
    expected = ["deleted", "current", "current", "gone", "changed", "changed"]
    assert [statuses(collection, [locator], change)[0].status for change in range(6)] == expected
    (status,) = statuses(collection, [locator], 3)
    assert status.today is not None
    assert (status.today.standing.since, status.today.citation) == (since, None)
    feed, _ = collection.archive.changes(since=2)
    assert [(one.kind, one.version) for one in feed.events] == [("retired", 1), ("restored", 2)]


def test_a_citation_of_a_pruned_version_of_a_retired_document_is_lost(collection: Collection) -> None:
    old = put(collection, "mars.txt", RED)
    put(collection, "mars.txt", RUSTY)
    retire(collection, "mars.txt")
    collection.editor.prune(Retention(keep_versions=1))
    assert statuses(collection, [old], collection.state.change)[0].status == "lost"


def test_deleting_a_retired_document_erases_it(collection: Collection) -> None:
    locator = put(collection, "mars.txt", RED)
    change = collection.state.change
    retire(collection, "mars.txt")
    collection.editor.delete("mars.txt")
    with pytest.raises(CitationNotFound):
        resolving(collection).cite(locator)
    with pytest.raises(DocumentNotFound):
        collection.archive.document("mars.txt")
    with pytest.raises(ChangeNotKept):
        found(collection, "Mars soil", change)
    assert found(collection, "Mars soil", change + 1) == []


def test_documents_that_are_retired_for_long_are_erased(collection: Collection) -> None:
    times: dict[int, float | None] = {}
    for id_ in ("a.txt", "b.txt", "c.txt", "d.txt"):
        put(collection, id_, RED)
    for id_ in ("a.txt", "b.txt", "c.txt"):
        key = collection.archive.document(id_).key
        times[key] = retire(collection, id_)
    editor = collection.editor
    assert editor.erase_retired(0.0, times) == []
    put(collection, "b.txt", RED)
    retire(collection, "b.txt")  # anew: it is not one of those
    put(collection, "c.txt", RED)
    assert [one.id for one in editor.erase_retired(LATER, times)] == ["a.txt"]
    left = collection.archive.documents(retired=True)
    assert [(one.id, one.retired is None) for one in left] == [
        ("b.txt", False), ("c.txt", True), ("d.txt", True),
    ]  # fmt: skip


def test_more_documents_than_one_lease_covers_are_erased(collection: Collection) -> None:
    ids = [f"{number:03}.txt" for number in range(120)]
    collection.put_many([Source(id_, RED.encode()) for id_ in ids])
    keys = {one.key: None for one in collection.archive.documents(limit=200)}
    collection.editor.retire(ids)
    overdue = {one.key: one.retired for one in collection.archive.retired_before(LATER)}
    assert overdue.keys() == keys.keys()
    assert len(collection.editor.erase_retired(LATER, overdue)) == 120
    assert collection.archive.documents(retired=True) == []


def test_a_prune_erases_retired_documents(collection: Collection) -> None:
    old, new = put(collection, "mars.txt", RED), put(collection, "mars.txt", RUSTY)
    kept = put(collection, "venus.txt", VENUS)
    put(collection, "venus.txt", RED)
    retire(collection, "mars.txt")
    locators = [parse_locator(one) for one in (old, new, kept)]
    assert collection.editor.prune(Retention(keep_retired_days=1)).documents == ()
    plan = collection.editor.plan_prune(Retention(keep_retired_days=0), locators)
    assert ([one.id for one in plan.documents], plan.versions) == (["mars.txt"], ())
    assert plan.broken == (old, new)
    assert collection.archive.find_document("mars.txt", retired=True)
    both = Retention(keep_versions=1, keep_retired_days=0)
    done = collection.editor.prune(both, locators)
    assert [(one.document_id, one.number) for one in done.versions] == [("venus.txt", 1)]
    assert ([one.id for one in done.documents], done.broken) == (["mars.txt"], (old, new, kept))
    assert collection.archive.find_document("mars.txt", retired=True) is None
