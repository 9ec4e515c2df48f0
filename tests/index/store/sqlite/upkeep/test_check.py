import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import StoreDamaged
from index.records import Problem
from index.store.sqlite import FolderCatalogue, SqliteStore, is_in_use, pin_database
from tests.contracts.documents import OTHER, document, embed, now

DIMENSION = 8


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """Two documents, one of them renamed, one of two versions; all but the last passages have vectors."""
    store = SqliteStore(path)
    store.put([document("a", metadata={"year": 2020, "tags": ["x", "y"]}), document("b")])
    embed(store)
    store.put([document("a", OTHER, metadata={"year": 2021})])
    store.rename("b", "c")
    embed(store)
    store.put([document("d", "Waiting words. They have no vector.")])
    yield store
    store.close()


def found(store: SqliteStore) -> list[Problem]:
    return list(store.problems(DIMENSION))


def damage(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_healthy_store_has_no_problems(store: SqliteStore) -> None:
    seen: list[tuple[int, int]] = []
    assert list(store.problems(DIMENSION, lambda *at: seen.append(at))) == []
    assert seen == sorted(seen)
    assert seen[-1] == (7, 7)  # texts and vectors: "a" and "b" had the same text
    store.delete("a")
    store.prune([version.key for version in now(store).replaced_versions()])
    assert found(store) == []


def test_a_document_that_one_commit_has_twice_is_no_problem(store: SqliteStore) -> None:
    store.put([document("twice"), document("twice", OTHER)])
    assert found(store) == []


def test_retired_and_restored_documents_are_no_problem(store: SqliteStore, path: Path) -> None:
    store.retire(["a", "c", "d"])
    store.put([document("c")])
    embed(store)
    assert found(store) == []
    before = now(store).counts()
    damage(path, "UPDATE totals SET documents = 9, characters = 0")
    assert [one.code for one in found(store)] == ["totals_wrong"]
    store.repair(DIMENSION)
    assert found(store) == []
    assert now(store).counts() == before
    store.delete("a")
    assert found(store) == []


@pytest.mark.parametrize(
    "damaging",
    [
        "UPDATE documents SET retired = 1.5 WHERE id = 'a'",
        "UPDATE versions SET removed = 9, replaced = 9.5 WHERE number = 2",
    ],
)
def test_a_document_that_is_half_retired_is_found(store: SqliteStore, path: Path, damaging: str) -> None:
    damage(path, damaging)
    assert "newest_version_wrong" in {one.code for one in found(store)}


REPAIRABLE = {
    "totals_wrong": "UPDATE totals SET passages = passages + 1",
    "attributes_wrong": "UPDATE attributes SET value = 1999 WHERE key = 'year'",
    "attributes_unused": "INSERT INTO attributes VALUES ('x', 's', 'y', 99)",
    "alias_without_document": "INSERT INTO aliases VALUES ('z', 99)",
    "claim_unused": "INSERT INTO claims VALUES (x'00', 'embed/1')",
    "original_bytes_wrong": "UPDATE meta SET value = 7 WHERE key = 'original_bytes'",
    "original_unused": "INSERT INTO originals VALUES (x'00', 1)",
    "removal_missing": "DELETE FROM removals",
    "text_block_without_text": "INSERT INTO text_blocks VALUES (x'00', 0, x'00')",
    "text_without_version": "INSERT INTO texts VALUES (x'00', 1)",
    "vector_damaged": "UPDATE embeddings SET vector = zeroblob(3) WHERE rowid = 1",
    "vector_missing": "DELETE FROM embeddings WHERE rowid = 1",
    "vector_unused": "INSERT INTO embeddings SELECT x'00', vector, NULL FROM embeddings LIMIT 1",
    "version_without_name": "DELETE FROM names",
}
BEYOND_REPAIR = {
    "change_wrong": "UPDATE meta SET value = 1 WHERE key = 'change'",
    "change_order_wrong": "UPDATE versions SET removed = added - 1 WHERE removed IS NOT NULL",
    "document_without_version": "UPDATE documents SET version = 99 WHERE id = 'a'",
    "metadata_damaged": "UPDATE documents SET metadata = '{' WHERE id = 'a'",
    "newest_version_wrong": "UPDATE documents SET version = (SELECT key FROM versions v WHERE v.document ="
    " documents.key ORDER BY number LIMIT 1) WHERE id = 'a'",
    "passage_damaged": 'UPDATE passages SET "end" = "end" - 1 WHERE id = 1',
    "passage_heading_damaged": "UPDATE passages SET heading = 'Other' WHERE id = 1",
    "passage_of_old_version": "UPDATE passages SET removed = NULL WHERE id = 1",
    "passage_without_version": "UPDATE passages SET version = 99 WHERE id = 1",
    "structure_damaged": "UPDATE versions SET structure = x'00' WHERE number = 2",
    "text_damaged": "UPDATE text_blocks SET body = zeroblob(20) WHERE rowid = 1",
    "text_length_wrong": "UPDATE texts SET length = length + 1",
    "version_without_document": "DELETE FROM documents WHERE id = 'a'",
    "version_without_text": "DELETE FROM texts",
}


@pytest.mark.parametrize("code", REPAIRABLE)
def test_what_is_derived_is_repaired(store: SqliteStore, path: Path, code: str) -> None:
    with store.snapshot() as moment:
        before = moment.mark
    damage(path, REPAIRABLE[code])
    problems = found(store)
    assert code in {one.code for one in problems}
    assert all(one.is_repairable and one.message.count("epair it") == 1 for one in problems), problems
    store.repair(DIMENSION)
    assert found(store) == []
    assert not now(store).includes(before)
    embed(store)
    assert store.waiting(10**6) == 0
    assert found(store) == []


@pytest.mark.parametrize("code", BEYOND_REPAIR)
def test_what_is_beyond_repair_is_told_and_left_alone(store: SqliteStore, path: Path, code: str) -> None:
    damage(path, BEYOND_REPAIR[code])
    ours = [one for one in found(store) if one.code == code]
    assert ours
    assert not any(one.is_repairable for one in ours)
    assert all("Restore a backup" in one.message for one in ours)
    store.repair(DIMENSION)
    assert code in {one.code for one in found(store)}


def test_texts_are_compared_with_their_hashes_not_only_unpacked(store: SqliteStore, path: Path) -> None:
    other = "(SELECT b.body FROM text_blocks b WHERE b.rowid = 2)"
    damage(path, f"UPDATE text_blocks SET body = {other} WHERE rowid = 1")  # noqa: S608
    assert "text_damaged" in {one.code for one in found(store)}


def test_damaged_sentences_and_numbers_that_are_none_are_found(store: SqliteStore, path: Path) -> None:
    damage(path, "UPDATE embeddings SET sentences = x'0102' WHERE rowid = 1")
    assert DIMENSION == 8
    damage(path, "UPDATE embeddings SET vector = x'007e007e007e007e007e007e007e007e' WHERE rowid = 2")
    assert [one.code for one in found(store)] == ["vector_damaged"] * 2


def test_of_many_equal_problems_the_first_are_told(store: SqliteStore, path: Path) -> None:
    damage(path, *("INSERT INTO aliases SELECT 'z' || COUNT(*), 99 FROM aliases" for _ in range(30)))
    problems = found(store)
    assert len(problems) == 21
    assert problems[-1].place == "10 more"


def test_a_damaged_page_is_found(store: SqliteStore, path: Path) -> None:
    store.close()
    is_in_use(path)  # merges the log
    content = bytearray(path.read_bytes())
    content[3 * 4096 : 5 * 4096] = b"\xff" * (2 * 4096)
    path.write_bytes(content)
    with closing(SqliteStore(path)) as damaged:
        problems = found(damaged)
    assert {one.code for one in problems} <= {"store_damaged", "store_index_damaged"}
    assert any(not one.is_repairable for one in problems)


def test_a_damaged_index_is_made_anew(store: SqliteStore, path: Path) -> None:
    damage(
        path,
        "PRAGMA writable_schema = ON",
        # The index follows fewer rows than it says: rows are missing from it.
        "UPDATE sqlite_master SET sql = sql || ' WHERE number < 0' WHERE name = 'versions_text'",
        "PRAGMA writable_schema = RESET",
    )
    damage(path, "REINDEX versions_text")
    damage(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, ' WHERE number < 0', '') WHERE name = 'versions_text'",
        "PRAGMA writable_schema = RESET",
    )
    store.close()
    with closing(SqliteStore(path)) as reopened:
        problems = found(reopened)
        assert {one.code for one in problems} == {"store_index_damaged"}
        reopened.repair(DIMENSION)
        assert found(reopened) == []


def test_a_copy_is_consistent_and_needs_no_log(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with pin_database(path) as database:
        store.delete("a")
        database.copy(copy)
    assert not copy.with_name("copy.sqlite-wal").exists()
    with closing(SqliteStore(copy)) as copied:
        assert found(copied) == []
        assert now(copied).document("a").version == 2


def test_whether_a_file_is_open_is_known(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    assert is_in_use(path)
    store.close()
    assert not is_in_use(path)
    assert not is_in_use(tmp_path / "nothing.sqlite")
    (tmp_path / "garbage.sqlite").write_bytes(b"garbage" * 1000)
    assert not is_in_use(tmp_path / "garbage.sqlite")


def test_a_collection_is_copied_without_what_is_derived(tmp_path: Path) -> None:
    catalogue = FolderCatalogue(tmp_path / "collections")
    catalogue.describe("one", {"format": 1})
    with closing(catalogue.open("one")) as store:
        store.put([document()])
        for name in ("answerability.json", "originals/ab/abcd", "lexical/applied.json", "write.lock"):
            path = tmp_path / "collections/one" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
        with catalogue.pin(["one", "missing"]) as copies:
            store.delete("a")
            assert list(copies) == ["one"]
            copies["one"](tmp_path / "copies/one")
    copied = {str(path.relative_to(tmp_path / "copies/one")) for path in (tmp_path / "copies").rglob("*.*")}
    assert {"collection.json", "store.sqlite", "answerability.json"} == copied
    assert (tmp_path / "copies/one/originals/ab/abcd").read_text() == "originals/ab/abcd"
    with closing(FolderCatalogue(tmp_path / "copies").open("one")) as copy:
        assert now(copy).document("a").version == 1


def test_a_damaged_store_is_not_copied(store: SqliteStore, path: Path, tmp_path: Path) -> None:
    store.close()
    is_in_use(path)
    content = bytearray(path.read_bytes())
    content[4096 : 5 * 4096] = b"\xff" * (4 * 4096)
    path.write_bytes(content)
    with pytest.raises(StoreDamaged, match="was not copied"), pin_database(path) as database:
        database.copy(tmp_path / "copy.sqlite")
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreDamaged, match="was not copied"), pin_database(path):
        pass
    with pytest.raises(FileNotFoundError), pin_database(tmp_path / "missing.sqlite"):
        pass
