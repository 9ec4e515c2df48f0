"""Documents of a collection that disagree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from index.answers import DocumentConflict
from index.citations import parse_locator
from index.collection import Collection, Place
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import CitationNotFound
from index.ingest import Source
from tests.opening import collection_in

OLD = "Read this first. Employees receive 25 days of annual leave. The rest is in the handbook.\n"
NEW = "Employees receive 30 days of annual leave each year.\n"


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with collection_in(tmp_path / "rules", embedder=WordEmbedder(), config=LibraryConfig()) as collection:
        yield collection


def put(collection: Collection, id_: str, text: str, **given: Any) -> None:
    collection.put(Source(id_, text.encode(), media_type="text/plain", **given))


def told(found: Sequence[DocumentConflict]) -> list[tuple[str, str]]:
    return [(one.newer.words, one.older.words) for one in found]


def scan(collection: Collection) -> list[tuple[str, str]]:
    return told(collection.conflicts.scan().conflicts)


def test_both_sentences_are_cited_the_newer_first(collection: Collection) -> None:
    put(collection, "b.txt", OLD)
    put(collection, "a.txt", NEW)
    page = collection.conflicts.scan()
    (one,) = page.conflicts
    assert (one.kind, one.newer.citation.document_id, one.older.citation.document_id) == (
        "number",
        "a.txt",
        "b.txt",
    )
    assert one.older.citation.quote == "Employees receive 25 days of annual leave."
    assert OLD[one.older.start : one.older.end] == one.older.words == "25"
    assert NEW[one.newer.start : one.newer.end] == one.newer.words == "30"
    assert not one.supersedes
    assert page.sentences == 4
    assert page.next is None


def test_metadata_say_which_is_newer(collection: Collection) -> None:
    put(collection, "a.txt", NEW, metadata={"valid_from": "2024-01-01"})
    put(collection, "b.txt", OLD, metadata={"valid_from": "2020-01-01"})
    assert scan(collection) == [("30", "25")]
    put(collection, "b.txt", OLD, metadata={"valid_from": "2020-01-01", "supersedes": ["x", "a.txt"]})
    (one,) = collection.conflicts.scan().conflicts
    assert (one.newer.words, one.supersedes) == ("25", True)


def test_a_document_that_supersedes_another_speaks_of_the_same(collection: Collection) -> None:
    put(collection, "nda.txt", "This Agreement shall remain in force for two years from its signature.\n")
    text = "This Agreement shall remain in force for five years from its signature.\n"
    put(collection, "other.txt", text)
    assert scan(collection) == []
    put(collection, "other.txt", text, metadata={"supersedes": "nda.txt"})
    assert scan(collection) == [("five", "two")]
    put(collection, "other.txt", text, title="Rules of the harbour board", metadata={})
    assert scan(collection) == []
    put(collection, "nda.txt", "This Agreement shall remain in force for two years from its signature.\n",
        title="Harbour board agreement")  # fmt: skip
    put(collection, "other.txt", text, title="Amendment to the harbour board agreement")
    assert scan(collection) == [("five", "two")]


def test_a_formula_is_about_something_else_in_each_document(collection: Collection) -> None:
    for name, days in (("one", "3"), ("two", "7"), ("six", "9")):
        text = f"All visitors were asked to leave the upper gallery of the house within {days} days.\n"
        put(collection, f"{name}.txt", text)
        if name == "two":
            assert len(scan(collection)) == 1
    assert scan(collection) == []


@pytest.mark.parametrize("where", ["a.txt", "b.txt"])
def test_what_a_document_says_of_several_things_is_not_told(collection: Collection, where: str) -> None:
    put(collection, "a.txt", OLD)
    put(collection, "b.txt", NEW)
    assert scan(collection) == [("30", "25")]
    put(collection, where, "Read on and on.\n\n".join((OLD, NEW)))
    assert scan(collection) == []


def test_documents_of_a_series_do_not_disagree(collection: Collection) -> None:
    for at in range(9):
        text = f"Dredger is a mature tool of the harbour board with more than {1000 + at % 3 * 500} tests.\n"
        put(collection, f"release-{at}.txt", text)
        if at == 2:
            assert len(scan(collection)) == 3
    assert scan(collection) == []


def test_a_citation_has_the_conflicts_of_its_sentences(collection: Collection) -> None:
    put(collection, "old.txt", OLD)
    sha = collection.archive.version("old.txt").text_sha256.hex()[:12]
    start = OLD.index("25")
    inside, before = (parse_locator(f"old.txt@{sha}:{a}-{b}") for a, b in ((start, start + 2), (0, 16)))
    assert collection.conflicts.of_citations([inside]).conflicts == ()
    put(collection, "new.txt", NEW)
    assert told(collection.conflicts.of_citations([inside, inside]).conflicts) == [("30", "25")]
    assert collection.conflicts.of_citations([before]).conflicts == ()
    # Also the citation of an earlier version.
    put(collection, "old.txt", "Something else.\n")
    assert told(collection.conflicts.of_citations([inside]).conflicts) == [("30", "25")]
    with pytest.raises(CitationNotFound):
        collection.conflicts.of_citations([parse_locator("none.txt@0123456789ab:0-9")])


def test_a_page_goes_on_where_the_one_before_ended(collection: Collection) -> None:
    for name, days in (("a", 25), ("b", 26), ("c", 27)):
        put(collection, f"{name}.txt", f"Employees receive {days} days of annual leave. Read on and on.\n")
    whole = collection.conflicts.scan()
    assert len(whole.conflicts) == 3
    found: list[tuple[str, str]] = []
    place: Place | None = Place()
    sentences = 0
    while place is not None:
        page = collection.conflicts.scan(place, limit=1, seconds=0.0)
        found += told(page.conflicts)
        sentences += page.sentences
        place = page.next
    assert sorted(found) == sorted(told(whole.conflicts))
    assert sentences == whole.sentences == 6


def test_a_page_ends_between_documents_without_sentences(collection: Collection) -> None:
    for name in "abcd":
        put(collection, f"{name}.txt", "NOTES\n")
    put(collection, "y.txt", OLD)
    put(collection, "z.txt", NEW)
    pages, place = 0, Place()
    found: list[tuple[str, str]] = []
    while True:
        page = collection.conflicts.scan(place, seconds=-1.0)
        found += told(page.conflicts)
        pages += 1
        if page.next is None:
            break
        assert not page.is_complete
        assert page.next != place
        place = page.next
    assert page.is_complete
    assert pages > 6
    assert found == [("30", "25")]


def test_citations_are_compared_until_the_time_is_over(collection: Collection) -> None:
    put(collection, "old.txt", OLD)
    put(collection, "new.txt", NEW)
    record = collection.archive.version("old.txt")
    whole = parse_locator(f"old.txt@{record.text_sha256.hex()[:12]}:0-{record.length}")
    for options in ({"seconds": -1.0}, {"stop": lambda: True}):
        page = collection.conflicts.of_citations([whole], **options)
        assert (page.sentences, page.conflicts, page.is_complete) == (1, (), False)
    page = collection.conflicts.of_citations([whole], seconds=60.0)
    assert (page.sentences, told(page.conflicts), page.is_complete) == (3, [("30", "25")], True)


def test_only_what_the_caller_may_read_is_compared(collection: Collection) -> None:
    put(collection, "old.txt", OLD)
    put(collection, "new.txt", NEW, groups=["staff"])
    staff, other = collection.restrict_to({"staff"}), collection.restrict_to({"other"})
    assert scan(collection) == scan(staff) == [("30", "25")]
    assert scan(other) == []
    assert other.conflicts.scan().sentences == 3
    sha = collection.archive.version("new.txt").text_sha256.hex()[:12]
    with pytest.raises(CitationNotFound):
        other.conflicts.of_citations([parse_locator(f"new.txt@{sha}:0-20")])
    sha = collection.archive.version("old.txt").text_sha256.hex()[:12]
    locator = parse_locator(f"old.txt@{sha}:0-60")
    assert len(staff.conflicts.of_citations([locator]).conflicts) == 1
    assert other.conflicts.of_citations([locator]).conflicts == ()


def test_what_is_erased_or_retired_disagrees_with_nothing(collection: Collection) -> None:
    put(collection, "old.txt", OLD)
    put(collection, "new.txt", NEW)
    before = collection.last_change()
    collection.editor.retire(["new.txt"])
    assert scan(collection) == []
    assert told(collection.conflicts.scan(as_of=before).conflicts) == [("30", "25")]
    collection.editor.delete("new.txt")
    assert scan(collection) == []


def test_documents_are_compared_as_of_a_change(collection: Collection) -> None:
    put(collection, "old.txt", OLD)
    put(collection, "new.txt", NEW)
    before = collection.last_change()
    put(collection, "new.txt", NEW.replace("30", "25"))
    assert scan(collection) == []
    assert told(collection.conflicts.scan(as_of=before).conflicts) == [("30", "25")]
    sha = collection.archive.version("old.txt").text_sha256.hex()[:12]
    locator = parse_locator(f"old.txt@{sha}:0-60")
    assert collection.conflicts.of_citations([locator]).conflicts == ()
    assert told(collection.conflicts.of_citations([locator], as_of=before).conflicts) == [("30", "25")]


def test_what_the_text_before_tells_is_not_the_same_in_documents_of_like_titles(
    collection: Collection,
) -> None:
    for name, length, title in (("a", 32, "Manual of the mixer"), ("b", 128, "Manual of the mixer, revised")):
        put(collection, f"{name}.txt", f"The maximum length for this field is {length} signs.", title=title)
        put(collection, f"{name}2.txt", f"The mixer runs for at most {length} minutes.", title=title)
    assert scan(collection) == [("128", "32")]
