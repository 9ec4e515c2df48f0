from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from index import page_search
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
from index.ingest import Put, Source
from index.retention import Retention
from index.verdicts import Claim
from tests.index.conftest import Opener

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
    record = collection.rename("mars.txt", "planets/mars.txt")
    assert (record.id, record.version, record.metadata) == ("planets/mars.txt", 1, {"kind": "rock"})
    (hit,) = collection.ask("red soil").hits
    assert (hit.text, hit.citation.document_id) == (RED, "planets/mars.txt")
    assert collection.cite(hit.citation.locator).quote == RED
    cited = collection.resolution().resolve(old, around=0)
    assert (cited.citation.quote, cited.citation.document_id) == (RED, "planets/mars.txt")
    assert cited.today.standing.status == "current"
    assert collection.verification().citation(old, RED).status == "verified"
    collection.embed_pending()
    assert embedder.passages == embedded
    with pytest.raises(DocumentNotFound):
        collection.document("mars.txt")
    assert collection.state.change == collection.counts().change


def test_locators_of_the_old_id_resolve_when_another_document_has_it(collection: Collection) -> None:
    old = put(collection, "mars.txt", RED)
    collection.rename("mars.txt", "red.txt")
    new = put(collection, "mars.txt", VENUS)
    for locator, words, of in ((old, RED, "red.txt"), (new, VENUS, "mars.txt")):
        citation = collection.cite(locator)
        assert (citation.quote, citation.document_id) == (words, of)
        assert collection.resolution().resolve(locator, around=0).today.standing.status == "current"
    collection.delete("mars.txt")
    assert collection.cite(old).quote == RED
    with pytest.raises(CitationNotFound):
        collection.cite(new)
    collection.delete("red.txt")
    with pytest.raises(CitationNotFound):
        collection.cite(old)


def test_locators_of_both_ids_resolve_after_renaming_back(collection: Collection) -> None:
    first = put(collection, "mars.txt", RED)
    collection.rename("mars.txt", "red.txt")
    second = put(collection, "red.txt", RUSTY)
    collection.rename("red.txt", "mars.txt")
    for locator, words in ((first, RED), (second, RUSTY), (first.replace("mars", "red"), RED)):
        citation = collection.cite(locator)
        assert (citation.quote, citation.document_id) == (words, "mars.txt")
    assert [version.number for version in collection.versions("mars.txt")] == [2, 1]


def test_citations_are_followed_through_a_renaming(collection: Collection) -> None:
    old = put(collection, "mars.txt", RED)
    before = collection.counts().change
    collection.rename("mars.txt", "red.txt")
    renamed = collection.counts().change
    put(collection, "red.txt", RUSTY)
    statuses = [
        collection.became([old], change=change)[0].status for change in (before, renamed, renamed + 1)
    ]
    assert statuses == ["current", "current", "changed"]
    collection.prune(Retention(keep_versions=1))
    assert [one.status for one in collection.became([old])] == ["lost"]
    collection.delete("red.txt")
    assert [one.status for one in collection.became([old])] == ["deleted"]


def test_another_process_sees_the_new_id(open_collection: Opener) -> None:
    writer, reader = open_collection(), open_collection()
    old = put(writer, "mars.txt", RED)
    reader.refresh()
    writer.rename("mars.txt", "red.txt")
    reader.refresh()
    assert reader.cite(old).document_id == "red.txt"
    assert [hit.citation.document_id for hit in reader.ask("red soil").hits] == ["red.txt"]


def test_a_document_is_not_renamed_to_what_cannot_be(collection: Collection) -> None:
    put(collection, "mars.txt", RED)
    put(collection, "venus.txt", VENUS)
    change = collection.counts().change
    for id_ in ("", "a\nb", "x/text"):
        with pytest.raises(InvalidDocumentId):
            collection.rename("mars.txt", id_)
    with pytest.raises(InvalidDocumentId, match=r"There is a document 'venus\.txt' already"):
        collection.rename("mars.txt", "venus.txt")
    with pytest.raises(DocumentNotFound):
        collection.rename("earth.txt", "blue.txt")
    assert collection.counts().change == change


def test_what_is_known_of_a_document_is_changed_entry_by_entry(
    collection: Collection, embedder: WordEmbedder
) -> None:
    put(collection, "mars.txt", RED, metadata={"kind": "rock", "draft": True}, source="mars")
    embedded = embedder.passages
    record = collection.describe("mars.txt", {"year": 1859, "draft": None, "never": None})
    assert (record.metadata, record.source) == ({"kind": "rock", "year": 1859}, "mars")
    record = collection.describe("mars.txt", {}, source="https://mars.example/")
    assert (record.metadata, record.source) == ({"kind": "rock", "year": 1859}, "https://mars.example/")
    assert record.version == 1
    (hit,) = collection.ask("red soil").hits
    assert (hit.metadata, hit.citation.source) == (record.metadata, "https://mars.example/")
    assert embedder.passages == embedded
    assert collection.state.change == collection.counts().change


def test_what_cannot_be_said_of_a_document_is_refused(collection: Collection) -> None:
    put(collection, "mars.txt", RED, metadata={"kind": "rock"})
    with pytest.raises(InvalidMetadata):
        collection.describe("mars.txt", {"kind": {"of": "rock"}})
    with pytest.raises(DocumentNotFound):
        collection.describe("earth.txt", {"kind": "blue"})
    assert collection.document("mars.txt").metadata == {"kind": "rock"}


def test_a_busy_collection_is_not_edited(open_collection: Opener, tmp_path: Path) -> None:
    collection = open_collection(LibraryConfig(lock_seconds=0.05))
    put(collection, "mars.txt", RED)
    with FileLock(tmp_path / "default" / "write.lock"):
        with pytest.raises(CollectionBusy):
            collection.rename("mars.txt", "red.txt")
        with pytest.raises(CollectionBusy):
            collection.describe("mars.txt", {"kind": "rock"})
    collection.rename("mars.txt", "red.txt")


def test_of_two_texts_that_locators_could_not_tell_apart_the_second_is_refused(
    collection: Collection,
) -> None:
    locator = put(collection, "dose.txt", SMALL)
    with pytest.raises(HashCollision, match=r"'dose\.txt'.* 12 digits"):
        put(collection, "dose.txt", LARGE)
    assert collection.cite(locator).quote == SMALL
    collection.delete("dose.txt")
    with pytest.raises(HashCollision):
        put(collection, "dose.txt", LARGE)
    with pytest.raises(CitationNotFound):
        collection.cite(locator)
    assert put(collection, "other.txt", LARGE)


def test_those_put_with_a_text_that_is_refused_are_stored_all_the_same(collection: Collection) -> None:
    put(collection, "dose.txt", SMALL)
    texts = {"mars.txt": RED, "dose.txt": LARGE, "venus.txt": VENUS}
    outcomes = collection.put_many([Source(id_, text.encode()) for id_, text in texts.items()])
    told = [one.status if isinstance(one, Put) else one.code for one in outcomes]
    assert told == ["added", "hash_collision", "added"]
    assert [record.id for record in collection.documents()] == ["dose.txt", "mars.txt", "venus.txt"]
    assert collection.text("dose.txt")[1] == SMALL
    assert [hit.text for hit in collection.ask("Mercury hotter", k=1).hits] == [VENUS]


def test_a_locator_with_more_digits_names_the_same(collection: Collection) -> None:
    locator = put(collection, "mars.txt", RED)
    sha256 = collection.document("mars.txt").text_sha256.hex()
    for digits in (13, 32, 64):
        assert collection.cite(locator.replace(sha256[:12], sha256[:digits])).locator == locator
    wrong = locator.replace(sha256[:12], sha256[:12] + ("0" if sha256[12] != "0" else "1"))
    with pytest.raises(CitationNotFound):
        collection.cite(wrong)


def test_a_version_number_never_names_another_text(collection: Collection) -> None:
    put(collection, "mars.txt", RED)
    collection.delete("mars.txt")
    put(collection, "mars.txt", RUSTY)
    assert collection.text("mars.txt")[0].number == 2
    with pytest.raises(VersionNotFound, match="not kept"):
        collection.text("mars.txt", 1)
    assert collection.verification().quote(Claim(RUSTY, "mars.txt")).status == "verified"


def test_nothing_of_an_erased_text_stays_ready_for_links(collection: Collection) -> None:
    text = "The lamp was lit at dusk by the keeper of the north tower."
    put(collection, "lamps.txt", text)
    ready = page_search.searched(text)
    assert page_search.searched(text) is ready
    collection.delete("lamps.txt")
    assert page_search.searched(text) is not ready
