"""After an erasure no byte of the data folder holds what was erased."""

import random
from pathlib import Path

import pytest

from index.collection import Collection
from index.config import IngestConfig, LibraryConfig
from index.embedding import WordEmbedder
from index.errors import OriginalNotFound
from index.history import Retention
from index.ingest import Source
from index.library import Library
from tests.residue import residue

WORDS = [f"plain{number:03d}" for number in range(300)]


def library(data: Path, **config: object) -> Library:
    return Library(data, embedder=WordEmbedder(), config=LibraryConfig(**config))  # type: ignore[arg-type]


def secret(name: str) -> str:
    """A word that stands in the text of a document, one in its heading, and one in its metadata."""
    return f"zq{name}x"


def source(name: str, length: int = 30) -> Source:
    draw = random.Random(name)
    text = f"# Chapter {secret(name)}heading\n\nThe {secret(name)}word says it. " + " ".join(
        draw.choices(WORDS, k=length)
    )
    return Source(f"{name}.md", text.encode(), metadata={"owner": f"{secret(name)}owner"})


def filled(collection: Collection, count: int = 30, without: str = "") -> list[str]:
    names = [f"doc{number:03d}" for number in range(count)]
    draw = random.Random(1)
    for at in range(0, count, 7):
        sources = [(name, source(name, draw.choice([5, 60, 700]))) for name in names[at : at + 7]]
        collection.put_many([one for name, one in sources if name != without])
        collection.embed_pending()
    return names


def purged(collection: Collection) -> None:
    while erasure := collection.purging.pending():
        assert collection.purging.run(erasure)
    assert collection.purging.state == "done"


def test_deleted_documents_leave_no_byte(tmp_path: Path) -> None:
    with library(tmp_path) as opened:
        collection = opened.open("default", create=True)
        names = filled(collection)
        for name in names[::3]:
            collection.editor.delete(f"{name}.md")
        assert collection.purging.state == "pending"
        gone = [secret(name) for name in names[::3]]
        assert residue(tmp_path, gone), "nothing would be tested"
        purged(collection)
        assert residue(tmp_path, gone) == []
        answer = collection.ask(f"{secret(names[1])}word", k=3)
        assert answer.hits[0].citation.document_id == f"{names[1]}.md"
    assert residue(tmp_path, gone) == []


def test_words_leave_the_dictionary_of_the_lexical_index(tmp_path: Path) -> None:
    with library(tmp_path) as opened:
        collection = opened.open("default", create=True)
        names = filled(collection)
        folder = tmp_path / "collections/default/lexical"
        collection.editor.delete(f"{names[0]}.md")
        # The engine notes removed passages of a segment in a file of their own.
        dirty = {path.name.split(".")[0] for path in folder.rglob("*.del")}
        assert dirty
        purged(collection)
        dictionaries = {path.stem for path in folder.rglob("*.term")}
        assert dictionaries
        assert not dirty & dictionaries
        assert not list(folder.rglob("*.del"))


def test_pruned_versions_leave_no_byte(tmp_path: Path) -> None:
    with library(tmp_path) as opened:
        collection = opened.open("default", create=True)
        filled(collection)
        collection.put(Source("doc001.md", b"# Another text\n\nIt has other words."))
        collection.embed_pending()
        collection.editor.prune(Retention(keep_versions=1))
        purged(collection)
        # The metadata of the earlier version went when it was replaced.
        assert residue(tmp_path, [secret("doc001")]) == []


def test_what_a_killed_process_left_is_purged_by_the_next(tmp_path: Path) -> None:
    with library(tmp_path) as opened:
        collection = opened.open("default", create=True)
        names = filled(collection)
        collection.editor.delete(f"{names[0]}.md")
    with library(tmp_path) as reopened:
        collection = reopened.open("default")
        assert collection.purging.state == "pending"
        purged(collection)
        assert residue(tmp_path, [secret(names[0])]) == []


def test_a_reader_only_delays_a_purge(tmp_path: Path) -> None:
    with library(tmp_path) as opened, library(tmp_path) as other:
        collection = opened.open("default", create=True)
        names = filled(collection)
        with other.open("default").archive.resolution() as resolution:
            collection.editor.delete(f"{names[0]}.md")
            erasure = collection.purging.pending()
            assert erasure is not None
            assert not collection.purging.run(erasure)
            assert resolution.moment.find_document(f"{names[0]}.md") is not None
        purged(collection)
        assert residue(tmp_path, [secret(names[0])]) == []


def test_after_a_purge_answers_are_those_without_what_was_erased(tmp_path: Path) -> None:
    """Its words, which counted in the weights of words until then, count no more."""
    with library(tmp_path) as opened, library(tmp_path) as other:
        collection, follower = opened.open("default", create=True), other.open("default")
        names = filled(collection)
        collection.editor.delete(f"{names[0]}.md")
        questions = [f"{secret(name)}word {WORDS[number]}" for number, name in enumerate(names[1:9])]
        purged(collection)
        collection.put(source("later"))
        collection.embed_pending()
        follower.refresh()
        with library(tmp_path / "fresh") as fresh:
            anew = fresh.open("default", create=True)
            filled(anew, without=names[0])
            anew.put(source("later"))
            anew.embed_pending()
            for question in questions:
                locators, scores = ranking(anew, question)
                for one in (collection, follower):
                    found, by = ranking(one, question)
                    assert found == locators
                    assert by == pytest.approx(scores, abs=1e-4)


def ranking(collection: Collection, question: str) -> tuple[list[str], list[float]]:
    hits = collection.ask(question).hits
    return [hit.citation.locator for hit in hits], [hit.score for hit in hits]


def test_a_collection_that_was_half_deleted_is_deleted_by_the_next_process(tmp_path: Path) -> None:
    with library(tmp_path) as opened:
        names = filled(opened.open("default", create=True))
    folder = tmp_path / "collections"
    (folder / "default").rename(folder / ".default.0123.deleted")
    with library(tmp_path) as reopened:
        assert reopened.names() == []
    assert residue(tmp_path, [secret(names[0])]) == []


# Originals


def test_the_bytes_of_each_version_are_kept_until_it_is_erased(tmp_path: Path) -> None:
    with library(tmp_path) as opened:
        collection = opened.open("default", create=True)
        first, second = b"# One\n\nThe zqfirstx text.", b"# Two\n\nThe zqsecondx text."
        collection.put(Source("a.md", first))
        collection.put(Source("a.md", second))
        collection.put(Source("b.md", second))
        version, file = collection.archive.original("a.md", 1)
        with file:
            assert (version.number, file.read()) == (1, first)
        _, file = collection.archive.original("b.md")
        with file:
            assert file.read() == second
        assert collection.archive.counts().original_bytes == len(first) + len(second)
        collection.editor.delete("a.md")
        assert collection.archive.counts().original_bytes == len(second)
        purged(collection)
        assert residue(tmp_path, ["zqfirstx"]) == []
        _, file = collection.archive.original("b.md")
        with file:
            assert file.read() == second
        collection.editor.delete("b.md")
        purged(collection)
        assert collection.archive.counts().original_bytes == 0
        assert residue(tmp_path, ["zqsecondx"]) == []


def test_no_original_is_kept_where_the_settings_say_so(tmp_path: Path) -> None:
    with library(tmp_path, ingest=IngestConfig(keep_originals=False)) as opened:
        collection = opened.open("default", create=True)
        collection.put(Source("a.md", b"# One\n\nText."))
        assert collection.archive.counts().original_bytes == 0
        with pytest.raises(OriginalNotFound, match="is not kept"):
            collection.archive.original("a.md")
    with library(tmp_path) as opened:
        collection = opened.open("default")
        change = collection.state.change
        assert collection.put(Source("a.md", b"# One\n\nText.")).status == "unchanged"
        assert collection.state.change == change
        _, file = collection.archive.original("a.md")
        with file:
            assert file.read() == b"# One\n\nText."


def test_a_sweep_removes_only_what_no_version_needs(tmp_path: Path) -> None:
    with library(tmp_path) as opened:
        collection = opened.open("default", create=True)
        collection.put(Source("a.md", b"# One\n\nText."))
        folder = tmp_path / "collections/default/originals"
        (kept,) = folder.glob("*/*")
        (folder / "ab").mkdir(exist_ok=True)
        strays = [folder / "ab" / ("0" * 62), folder / "ab" / ("0" * 62 + ".1.new")]
        for stray in strays:
            stray.write_bytes(b"left by a process that was killed")
        collection.purging.sweep()
        assert list(folder.glob("*/*")) == [kept]


def test_an_original_that_a_sweep_removed_before_the_commit_is_written_again(tmp_path: Path) -> None:
    with library(tmp_path) as opened:
        collection = opened.open("default", create=True)
        collection.put(Source("a.md", b"# One\n\nText."))
        folder = tmp_path / "collections/default/originals"
        (kept,) = folder.glob("*/*")
        kept.unlink()
        collection.put(Source("b.md", b"# One\n\nText."))
        _, file = collection.archive.original("b.md")
        file.close()
