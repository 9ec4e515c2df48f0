"""A collection that has lost its record or its description, and one whose creation was cut short."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from index.embedding import WordEmbedder
from index.errors import CollectionNotFound, StoreDamaged
from index.ingest.preparation import Source
from index.library import Library
from index.store.sqlite import FolderCatalogue, SqliteStore
from tests.contracts.documents import document, now, put
from tests.log_lines import lines

TEXT = b"The lamp was lit at dusk."


def library(data: Path) -> Library:
    return Library(data, embedder=WordEmbedder())


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def lose(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a collection with a document."""
    with library(tmp_path) as opened:
        collection = opened.open("default", create=True)
        collection.put(Source("a.txt", TEXT))
        collection.embed_pending()
        return collection.folder


def found(data: Path) -> list[str]:
    with library(data) as opened:
        return [hit.citation.document_id for hit in opened.open("default").ask("lamp").hits]


@pytest.mark.parametrize("empty", [False, True])
def test_a_lost_record_is_not_made_anew(folder: Path, tmp_path: Path, empty: bool) -> None:
    store = folder / "store.sqlite"
    kept = store.read_bytes()
    store.write_bytes(b"") if empty else store.unlink()
    before = contents(folder)
    for _ in range(2):
        with library(tmp_path) as opened:
            assert opened.names() == ["default"]
            with pytest.raises(StoreDamaged, match=r"store\.sqlite is .*[Rr]estore .* or delete the folder"):
                opened.open("default", create=True)
            with pytest.raises(StoreDamaged, match=r"store\.sqlite is "):
                opened.counts("default")
    assert {path for path in contents(folder) if path.suffix == ".sqlite"} == {
        path for path in before if path.suffix == ".sqlite"
    }
    store.write_bytes(kept)
    assert found(tmp_path) == ["a.txt"]


def test_a_record_lost_while_it_is_open_is_not_made_anew(folder: Path, tmp_path: Path) -> None:
    store = folder / "store.sqlite"
    with library(tmp_path) as opened:
        opened.open("default")
        lose(store, folder / "store.sqlite-wal", folder / "store.sqlite-shm")
        with pytest.raises(StoreDamaged, match=r"store\.sqlite is missing"):
            opened.open("default")
    assert not store.exists()


@pytest.mark.parametrize("empty", [False, True])
def test_a_creation_that_was_cut_short_is_completed(tmp_path: Path, empty: bool) -> None:
    """A description without a record is what earlier versions left."""
    with library(tmp_path) as opened:
        folder = opened.open("default", create=True).folder
    lose(folder / "store.sqlite")
    if empty:
        (folder / "store.sqlite").touch()
    with library(tmp_path) as opened:
        opened.open("default").put(Source("a.txt", TEXT))
    assert found(tmp_path) == ["a.txt"]


def test_a_creation_cut_short_before_the_description_is_completed(tmp_path: Path) -> None:
    folder = tmp_path / "collections" / "default"
    folder.mkdir(parents=True)
    SqliteStore(folder / "store.sqlite").close()
    with library(tmp_path) as opened:
        opened.open("default", create=True).put(Source("a.txt", TEXT))
    assert found(tmp_path) == ["a.txt"]


def test_a_lost_description_is_not_made_anew(folder: Path, tmp_path: Path) -> None:
    lose(folder / "collection.json")
    with library(tmp_path) as opened:
        assert opened.names() == ["default"]
        for create in (False, True):
            with pytest.raises(StoreDamaged, match=r"collection\.json is missing .* same settings"):
                opened.open("default", create=create)
    assert not (folder / "collection.json").exists()
    # As the message says:
    with library(tmp_path) as opened:
        other = opened.open("other", create=True).folder
        shutil.copy(other / "collection.json", folder)
    assert found(tmp_path) == ["a.txt"]


def test_a_changed_fingerprint_is_logged(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = folder / "collection.json"
    told: dict[str, Any] = json.loads(path.read_text())
    assert found(tmp_path) == ["a.txt"]
    assert lines(caplog) == []
    path.write_text(json.dumps({**told, "fingerprint": "0" * 16}))
    assert found(tmp_path) == ["a.txt"]
    assert "was changed after it was written" in caplog.text


def test_what_a_killed_deletion_leaves_is_deleted(folder: Path, tmp_path: Path) -> None:
    doomed = folder.with_name(".default.0123.deleted")
    folder.rename(doomed)
    assert FolderCatalogue(tmp_path / "collections").names() == []
    assert not doomed.exists()


def test_a_store_that_is_opened_to_be_read_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(StoreDamaged, match="is missing"):
        SqliteStore(tmp_path / "store.sqlite", create=False)
    assert not list(tmp_path.iterdir())
    with closing(SqliteStore(tmp_path / "store.sqlite")) as store:
        put(store, [document()])
    with closing(SqliteStore(tmp_path / "store.sqlite", create=False)) as store:
        assert now(store).change() == 1


def test_indexes_of_a_deleted_collection_do_not_prevent_a_new_one(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder / "originals")
    lose(folder / "collection.json", *folder.glob("store.sqlite*"))
    with library(tmp_path) as opened:
        assert opened.names() == []
        collection = opened.open("default", create=True)
        assert not collection.ask("lamp").hits
        collection.put(Source("b.txt", TEXT))
        assert [hit.citation.document_id for hit in collection.ask("lamp").hits] == ["b.txt"]


def test_a_collection_that_was_deleted_and_made_anew_is_left_alone_by_who_had_it_open(tmp_path: Path) -> None:
    with library(tmp_path) as one, library(tmp_path) as other:
        stale = one.open("default", create=True)
        stale.put(Source("old.txt", b"The old lamp."))
        other.delete("default")
        with pytest.raises(CollectionNotFound, match="was deleted"):
            stale.put(Source("lost.txt", b"A lost lamp."))
        assert not stale.folder.exists()
        new = other.open("default", create=True)
        new.put(Source("new.txt", b"The new lamp."))
        new.embed_pending()
        before = contents(new.folder)
        for write in (
            lambda: stale.put(Source("lost.txt", b"A lost lamp.")),
            lambda: stale.editor.delete("old.txt"),
            stale.embed_pending,
            stale.purging.sweep,
        ):
            with pytest.raises(CollectionNotFound, match="was deleted"):
                write()
        assert contents(new.folder) == before
        assert [hit.citation.document_id for hit in new.ask("lamp").hits] == ["new.txt"]


def test_a_deletion_waits_for_a_commit(tmp_path: Path) -> None:
    with library(tmp_path) as one, library(tmp_path) as other:
        collection = one.open("default", create=True)
        collection.put(Source("a.txt", TEXT))
        with ThreadPoolExecutor(1) as threads:
            with collection.editor.writing():
                deletion = threads.submit(other.delete, "default")
                with pytest.raises(TimeoutError):
                    deletion.result(0.3)
                assert collection.folder.exists()
            deletion.result()
        assert not collection.folder.exists()
