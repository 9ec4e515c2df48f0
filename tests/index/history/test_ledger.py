import json
import logging
from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import LedgerFailed
from index.history import ErasedTags, Ledger, LedgerFollower, Retention
from index.ingest.preparation import Source
from index.library import Library
from tests.opening import store_in


def library(data: Path, ledger: Path | None = None) -> Library:
    return Library(data, embedder=WordEmbedder(), config=LibraryConfig(erasure_ledger=ledger))


def lines(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_everything_that_is_erased_is_entered_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere" / "ledger.jsonl"
    with library(tmp_path / "data", path) as opened:
        collection = opened.open("notes", create=True)
        for text in (b"One moon.", b"Two moons.", b"Three moons."):
            collection.put(Source("secret-moons.txt", text))
        collection.put(Source("other.txt", b"No moon."))
        collection.editor.rename("other.txt", "another.txt")
        assert not path.exists()
        collection.editor.prune(Retention(keep_versions=2))
        assert len(lines(path)) == 1
        collection.editor.delete("secret-moons.txt")
        assert len(lines(path)) == 3
        opened.delete("notes")
    entered = lines(path)
    assert [set(one) for one in entered] == [
        {"version", "erased", "crc"},
    ] * 3 + [{"begun", "erased", "crc"}, {"collection", "erased", "crc"}]
    assert "moon" not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert not (tmp_path / "data" / "erasures.jsonl").exists()


def test_it_is_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    with library(tmp_path) as opened:
        collection = opened.open("notes", create=True)
        collection.put(Source("a.txt", b"One moon."))
        collection.editor.delete("a.txt")
    assert len(lines(tmp_path / "erasures.jsonl")) == 1


def test_what_a_crash_prevented_is_entered_when_the_collection_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "erasures.jsonl"
    with library(tmp_path) as opened:
        opened.open("notes", create=True).put(Source("a.txt", b"One moon."))
    folder = tmp_path / "collections" / "notes"
    store = store_in(folder)
    store.delete("a.txt")  # and killed before the ledger learns of it
    expected = store.erased_tags()
    store.close()
    with library(tmp_path) as opened:
        collection = opened.open("notes")
        assert len(lines(path)) == 1
        collection.put(Source("b.txt", b"Two moons."))
    assert [bytes.fromhex(one["version"]) for one in lines(path)] == [tag for _, tag in expected]
    with library(tmp_path) as opened:
        opened.open("notes").put(Source("d.txt", b"Four moons."))
    assert len(lines(path)) == 1


def test_a_line_that_was_cut_off_is_left_out_and_written_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert ledger.read() is None
    ledger.add_versions([b"\x01" * 16, b"\x02" * 16])
    content = ledger.path.read_bytes()
    ledger.path.write_bytes(content[:-30])
    ledger.add_versions([b"\x01" * 16, b"\x02" * 16])
    ledger.end_collection(ledger.begin_collection(b"\x03" * 16), is_erased=True)
    with caplog.at_level(logging.WARNING):
        assert ledger.read() == ErasedTags(frozenset([b"\x01" * 16, b"\x02" * 16]), frozenset([b"\x03" * 16]))
    assert "Line 2" in caplog.text
    assert ledger.path.read_bytes().count(b"\n") == 5


def test_a_ledger_that_cannot_be_written_is_logged_and_made_up_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "erasures.jsonl"
    path.mkdir()
    with library(tmp_path) as opened:
        collection = opened.open("notes", create=True)
        collection.put(Source("a.txt", b"One moon."))
        collection.editor.delete("a.txt")  # done, whatever becomes of the ledger
        assert collection.archive.find_document("a.txt") is None
        assert "ledger of erasures" in caplog.text
        with pytest.raises(LedgerFailed, match="Check that"):
            opened.delete("notes")
        assert opened.names() == ["notes"]
        path.rmdir()
        collection.put(Source("b.txt", b"Two moons."))
    assert len(lines(path)) == 1


def test_a_damaged_collection_can_be_deleted_all_the_same(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with library(tmp_path) as opened:
        opened.open("notes", create=True)
    (tmp_path / "collections/notes/store.sqlite").write_bytes(b"damaged" * 1000)
    with library(tmp_path) as opened:
        opened.delete("notes")
        assert opened.names() == []
    assert "without an entry" in caplog.text


def test_following_costs_nothing_when_nothing_was_erased(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    follower = LedgerFollower(Ledger(tmp_path / "ledger.jsonl"), store)
    follower.follow()
    assert not (tmp_path / "ledger.jsonl").exists()
    store.close()
