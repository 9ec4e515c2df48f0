"""Documents that are put, changed, cited and deleted."""

import sqlite3
from pathlib import Path

import pytest

from index.collection import Collection
from index.embedding import WordEmbedder
from index.errors import (
    CitationNotFound,
    DocumentNotFound,
    EmptyDocument,
    InvalidDocumentId,
    InvalidLocator,
    OriginalNotFound,
    StoreDamaged,
    UndecodableText,
)
from index.filters import Comparison
from index.ingest.preparation import Source
from index.records import Put
from tests.index.collection.planets import PLANETS, fill, found, put


def test_an_unchanged_document_is_not_embedded_again(collection: Collection, embedder: WordEmbedder) -> None:
    fill(collection)
    before, change = embedder.passages, collection.archive.counts().change
    outcome = put(collection, "mars.txt", PLANETS["mars.txt"])
    assert outcome.status == "unchanged"
    assert collection.embed_pending() == 0
    assert (embedder.passages, collection.archive.counts().change) == (before, change)


def test_a_lost_original_is_put_back_with_the_same_bytes(collection: Collection) -> None:
    fill(collection)
    data = PLANETS["mars.txt"].encode()
    (lost,) = (path for path in collection.folder.glob("originals/*/*") if path.read_bytes() == data)
    lost.unlink()
    with pytest.raises(OriginalNotFound):
        collection.archive.original("mars.txt")
    change = collection.archive.counts().change
    assert put(collection, "mars.txt", PLANETS["mars.txt"]).status == "unchanged"
    with collection.archive.original("mars.txt")[1] as original:
        assert original.read() == data
    assert collection.archive.counts().change == change


def test_a_changed_document_embeds_only_what_changed(collection: Collection, embedder: WordEmbedder) -> None:
    fill(collection)
    before = embedder.passages
    outcome = put(collection, "mars.txt", PLANETS["mars.txt"].replace("red", "rusty"))
    assert (outcome.status, outcome.record.version) == ("replaced", 2)
    collection.embed_pending()
    assert embedder.passages == before + 1
    assert collection.ask("red soil").hits[0].text == "Its soil is rusty."


def test_metadata_changes_without_embedding(collection: Collection, embedder: WordEmbedder) -> None:
    fill(collection)
    before = embedder.passages
    outcome = put(collection, "mars.txt", PLANETS["mars.txt"], metadata={"kind": "rock"})
    assert (outcome.status, outcome.record.version) == ("replaced", 1)
    assert collection.embed_pending() == 0
    assert embedder.passages == before
    answer = collection.ask("moons", where=Comparison("eq", "kind", ("rock",)))
    assert answer.hits[0].metadata == {"kind": "rock"}
    assert answer.hits[0].explain.dense.rank == 1


def test_the_same_words_in_another_document_are_not_embedded_again(
    collection: Collection, embedder: WordEmbedder
) -> None:
    fill(collection)
    before = embedder.passages
    put(collection, "copy.txt", PLANETS["venus.txt"])
    collection.embed_pending()
    assert embedder.passages == before
    assert collection.archive.document("copy.txt").embedded == 1


def test_an_old_citation_still_resolves(collection: Collection) -> None:
    fill(collection)
    old = collection.ask("soil").hits[0].citation
    put(collection, "mars.txt", "Nothing of it is left.")
    again = collection.archive.cite(old.locator)
    assert (again.quote, again.version, again.section) == ("Its soil is red.", 1, ("Soil",))
    assert "mars.txt" not in found(collection.ask("soil"))


def test_a_deleted_document_is_gone(collection: Collection) -> None:
    fill(collection)
    citation = collection.ask("moons").hits[0].citation
    assert collection.editor.delete("mars.txt").id == "mars.txt"
    assert "mars.txt" not in found(collection.ask("Mars moons Phobos"))
    with pytest.raises(CitationNotFound, match="deleted"):
        collection.archive.cite(citation.locator)
    with pytest.raises(DocumentNotFound):
        collection.editor.delete("mars.txt")


def test_locators_that_name_nothing(collection: Collection) -> None:
    fill(collection)
    citation = collection.ask("moons").hits[0].citation
    with pytest.raises(CitationNotFound, match="past the text"):
        collection.archive.cite(citation.locator.rsplit("-", 1)[0] + "-9999")
    with pytest.raises(CitationNotFound):
        collection.archive.cite(f"mars.txt@{'0' * 12}:0-5")
    with pytest.raises(InvalidLocator):
        collection.archive.cite("mars.txt")


def test_any_span_can_be_cited(collection: Collection) -> None:
    fill(collection)
    version, text = collection.archive.text("mars.txt")
    citation = collection.archive.cite(f"mars.txt@{version.text_sha256.hex()[:12]}:12-17")
    assert citation.quote == text[12:17]


def test_what_is_wrong_with_a_document_is_told_and_the_others_are_kept(collection: Collection) -> None:
    outcomes = collection.put_many(
        [
            Source("good.txt", b"Good words."),
            Source("bad.txt", b"\xff\xfe\xfa"),
            Source("empty.txt", b" \n "),
            Source("..", b"x"),
        ]
    )
    assert [type(outcome) for outcome in outcomes] == [Put, UndecodableText, EmptyDocument, InvalidDocumentId]
    assert [record.id for record in collection.archive.documents()] == ["good.txt"]
    with pytest.raises(EmptyDocument):
        put(collection, "empty.txt", "")


def test_the_same_id_twice_in_one_put_keeps_the_last(collection: Collection) -> None:
    collection.put_many([Source("a.txt", b"First words."), Source("a.txt", b"Second words.")])
    assert collection.archive.text("a.txt")[1] == "Second words."
    assert collection.archive.counts().passages == 1


def test_one_id_twice_in_one_call_is_put_in_order(collection: Collection) -> None:
    first, second = Source("a.txt", b"The lamp was lit."), Source("a.txt", b"The lamp went out.")
    outcomes = collection.put_many([first, second, second, first])
    assert all(isinstance(one, Put) for one in outcomes)
    assert [(one.status, one.record.version) for one in outcomes if isinstance(one, Put)] == [
        ("added", 1),
        ("replaced", 2),
        ("unchanged", 2),
        ("replaced", 3),
    ]


def test_a_text_that_is_lost_is_damage_and_no_erasure(collection: Collection, tmp_path: Path) -> None:
    collection.put(Source("a.txt", b"The lamp was lit."))
    with sqlite3.connect(tmp_path / "default" / "store.sqlite") as connection:
        connection.execute("DELETE FROM text_blocks")
    connection.close()
    with pytest.raises(StoreDamaged):
        collection.ask("lamp")
