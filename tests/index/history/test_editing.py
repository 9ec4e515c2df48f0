from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from index.citations import page_search
from index.citations.verdicts import Claim
from index.collection import Collection
from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import (
    CitationNotFound,
    CollectionBusy,
    DocumentNotFound,
    HashCollision,
    InvalidDocumentId,
    InvalidMetadata,
    VersionNotFound,
)
from index.history.retention import Retention
from index.ingest.preparation import Source
from index.records import Put
from tests.index.conftest import Opener
from tests.opening import resolving, statuses, verifying

RED, RUSTY = "Mars has a red soil.", "Mars has a rusty soil."
VENUS = "Venus is hotter than Mercury."
SMALL, LARGE = "The dose is 5 mg. Ref. 16248902", "The dose is 500 mg. Ref. 12428758"
"""Their SHA-256s begin with the same 12 digits."""


def put(collection: Collection, id_: str, text: str, **given: object) -> str:
    """Put a document with its vectors; returns the locator of all of it."""
    record = collection.put(Source(id_, text.encode(), **given)).record  # type: ignore[arg-type]
    collection.embed_pending()
    return f"{id_}@{record.text_sha256.hex()[:12]}:0-{len(text)}"


def test_a_renamed_document_is_found_and_cited_by_its_new_id(
    collection: Collection, embedder: WordEmbedder
) -> None:
    old = put(collection, "mars.txt", RED, metadata={"kind": "rock"})
    embedded = embedder.passages
    record = collection.editor.rename("mars.txt", "planets/mars.txt")
    assert (record.id, record.version, record.metadata) == ("planets/mars.txt", 1, {"kind": "rock"})
    (hit,) = collection.ask("red soil").hits
    assert (hit.text, hit.citation.document_id) == (RED, "planets/mars.txt")
    assert collection.archive.cite(hit.citation.locator).quote == RED
    cited = resolving(collection).resolve(old, around=0)
    assert (cited.citation.quote, cited.citation.document_id) == (RED, "planets/mars.txt")
    assert cited.today.standing.status == "current"
    assert verifying(collection).citation(old, RED).status == "verified"
    collection.embed_pending()
    assert embedder.passages == embedded
    with pytest.raises(DocumentNotFound):
        collection.archive.document("mars.txt")
    assert collection.state.change == collection.archive.counts().change


def test_locators_of_the_old_id_resolve_when_another_document_has_it(collection: Collection) -> None:
    old = put(collection, "mars.txt", RED)
    collection.editor.rename("mars.txt", "red.txt")
    new = put(collection, "mars.txt", VENUS)
    for locator, words, of in ((old, RED, "red.txt"), (new, VENUS, "mars.txt")):
        citation = collection.archive.cite(locator)
        assert (citation.quote, citation.document_id) == (words, of)
        assert resolving(collection).resolve(locator, around=0).today.standing.status == "current"
    collection.editor.delete("mars.txt")
    assert collection.archive.cite(old).quote == RED
    with pytest.raises(CitationNotFound):
        collection.archive.cite(new)
    collection.editor.delete("red.txt")
    with pytest.raises(CitationNotFound):
        collection.archive.cite(old)


def test_locators_of_both_ids_resolve_after_renaming_back(collection: Collection) -> None:
    first = put(collection, "mars.txt", RED)
    collection.editor.rename("mars.txt", "red.txt")
    second = put(collection, "red.txt", RUSTY)
    collection.editor.rename("red.txt", "mars.txt")
    for locator, words in ((first, RED), (second, RUSTY), (first.replace("mars", "red"), RED)):
        citation = collection.archive.cite(locator)
        assert (citation.quote, citation.document_id) == (words, "mars.txt")
    assert [version.number for version in collection.archive.versions("mars.txt")] == [2, 1]


def test_citations_are_followed_through_a_renaming(collection: Collection) -> None:
    old = put(collection, "mars.txt", RED)
    before = collection.archive.counts().change
    collection.editor.rename("mars.txt", "red.txt")
    renamed = collection.archive.counts().change
    put(collection, "red.txt", RUSTY)
    found = [
        statuses(collection, [old], change=change)[0].status for change in (before, renamed, renamed + 1)
    ]
    assert found == ["current", "current", "changed"]
    collection.editor.prune(Retention(keep_versions=1))
    assert [one.status for one in statuses(collection, [old])] == ["lost"]
    collection.editor.delete("red.txt")
    assert [one.status for one in statuses(collection, [old])] == ["deleted"]


def test_another_process_sees_the_new_id(open_collection: Opener) -> None:
    writer, reader = open_collection(), open_collection()
    old = put(writer, "mars.txt", RED)
    reader.refresh()
    writer.editor.rename("mars.txt", "red.txt")
    reader.refresh()
    assert reader.archive.cite(old).document_id == "red.txt"
    assert [hit.citation.document_id for hit in reader.ask("red soil").hits] == ["red.txt"]


def test_a_document_is_not_renamed_to_what_cannot_be(collection: Collection) -> None:
    put(collection, "mars.txt", RED)
    put(collection, "venus.txt", VENUS)
    change = collection.archive.counts().change
    for id_ in ("", "a\nb", "x/text"):
        with pytest.raises(InvalidDocumentId):
            collection.editor.rename("mars.txt", id_)
    with pytest.raises(InvalidDocumentId, match=r"There is a document 'venus\.txt' already"):
        collection.editor.rename("mars.txt", "venus.txt")
    with pytest.raises(DocumentNotFound):
        collection.editor.rename("earth.txt", "blue.txt")
    assert collection.archive.counts().change == change


def test_what_is_known_of_a_document_is_changed_entry_by_entry(
    collection: Collection, embedder: WordEmbedder
) -> None:
    put(collection, "mars.txt", RED, metadata={"kind": "rock", "draft": True}, source="mars")
    embedded = embedder.passages
    record = collection.editor.describe("mars.txt", {"year": 1859, "draft": None, "never": None})
    assert (record.provenance.metadata, record.source) == ({"kind": "rock", "year": 1859}, "mars")
    record = collection.editor.describe("mars.txt", {}, source="https://mars.example/")
    assert (record.provenance.metadata, record.source) == (
        {"kind": "rock", "year": 1859},
        "https://mars.example/",
    )
    assert record.version == 1
    (hit,) = collection.ask("red soil").hits
    assert (hit.metadata, hit.citation.source) == (record.provenance.metadata, "https://mars.example/")
    assert embedder.passages == embedded
    assert collection.state.change == collection.archive.counts().change


def test_what_cannot_be_said_of_a_document_is_refused(collection: Collection) -> None:
    put(collection, "mars.txt", RED, metadata={"kind": "rock"})
    with pytest.raises(InvalidMetadata):
        collection.editor.describe("mars.txt", {"kind": {"of": "rock"}})
    with pytest.raises(DocumentNotFound):
        collection.editor.describe("earth.txt", {"kind": "blue"})
    assert collection.archive.document("mars.txt").metadata == {"kind": "rock"}


def test_a_busy_collection_is_not_edited(open_collection: Opener, tmp_path: Path) -> None:
    collection = open_collection(LibraryConfig(lock_seconds=0.05))
    put(collection, "mars.txt", RED)
    with FileLock(tmp_path / "default" / "write.lock"):
        with pytest.raises(CollectionBusy):
            collection.editor.rename("mars.txt", "red.txt")
        with pytest.raises(CollectionBusy):
            collection.editor.describe("mars.txt", {"kind": "rock"})
    collection.editor.rename("mars.txt", "red.txt")


def test_of_two_texts_that_locators_could_not_tell_apart_the_second_is_refused(
    collection: Collection,
) -> None:
    locator = put(collection, "dose.txt", SMALL)
    with pytest.raises(HashCollision, match=r"'dose\.txt'.* 12 digits"):
        put(collection, "dose.txt", LARGE)
    assert collection.archive.cite(locator).quote == SMALL
    collection.editor.delete("dose.txt")
    with pytest.raises(HashCollision):
        put(collection, "dose.txt", LARGE)
    with pytest.raises(CitationNotFound):
        collection.archive.cite(locator)
    assert put(collection, "other.txt", LARGE)


def test_those_put_with_a_text_that_is_refused_are_stored_all_the_same(collection: Collection) -> None:
    put(collection, "dose.txt", SMALL)
    texts = {"mars.txt": RED, "dose.txt": LARGE, "venus.txt": VENUS}
    outcomes = collection.put_many([Source(id_, text.encode()) for id_, text in texts.items()])
    told = [one.status if isinstance(one, Put) else one.code for one in outcomes]
    assert told == ["added", "hash_collision", "added"]
    assert [record.id for record in collection.archive.documents()] == ["dose.txt", "mars.txt", "venus.txt"]
    assert collection.archive.text("dose.txt")[1] == SMALL
    assert [hit.text for hit in collection.ask("Mercury hotter", k=1).hits] == [VENUS]


def test_a_locator_with_more_digits_names_the_same(collection: Collection) -> None:
    locator = put(collection, "mars.txt", RED)
    sha256 = collection.archive.document("mars.txt").text_sha256.hex()
    for digits in (13, 32, 64):
        assert collection.archive.cite(locator.replace(sha256[:12], sha256[:digits])).locator == locator
    wrong = locator.replace(sha256[:12], sha256[:12] + ("0" if sha256[12] != "0" else "1"))
    with pytest.raises(CitationNotFound):
        collection.archive.cite(wrong)


def test_a_version_number_never_names_another_text(collection: Collection) -> None:
    put(collection, "mars.txt", RED)
    collection.editor.delete("mars.txt")
    put(collection, "mars.txt", RUSTY)
    assert collection.archive.text("mars.txt")[0].number == 2
    with pytest.raises(VersionNotFound, match="not kept"):
        collection.archive.text("mars.txt", 1)
    assert verifying(collection).quote(Claim(RUSTY, "mars.txt")).status == "verified"


def test_nothing_of_an_erased_text_stays_ready_for_links(collection: Collection) -> None:
    text = "The lamp was lit at dusk by the keeper of the north tower."
    put(collection, "lamps.txt", text)
    ready = page_search.normalize(text)
    assert page_search.normalize(text) is ready
    collection.editor.delete("lamps.txt")
    assert page_search.normalize(text) is not ready
