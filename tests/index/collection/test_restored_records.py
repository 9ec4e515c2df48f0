"""An older copy of store.sqlite that is put back: the indexes beside it follow another history."""

import logging
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from index.collection import Collection
from index.ingest.preparation import Source
from tests.index.conftest import Opener
from tests.log_lines import lines
from tests.opening import store_in

WORDS = ["aardvark", "bittern", "capercaillie", "dormouse", "ermine", "fulmar", "goshawk", "hoopoe"]


def put(collection: Collection, name: str, words: list[str]) -> None:
    """One document for each word, which no other has; with vectors."""
    for word in words:
        collection.put(Source(f"{name}-{word}.txt", f"The {name} notes tell of the {word}.".encode()))
    collection.embed_pending()


def asked(collection: Collection, word: str) -> tuple[str, int | None, int | None]:
    """The first document, and its ranks in both searches."""
    best = collection.ask(f"Where is the {word}?", k=1).hits[0]
    return best.citation.document_id, best.explain.dense.rank, best.explain.lexical.rank


def assert_finds(collection: Collection, name: str, words: list[str]) -> None:
    for word in words:
        found, dense, lexical = asked(collection, word)
        assert (found, lexical) == (f"{name}-{word}.txt", 1)
        assert dense is not None


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return lines(caplog, least=logging.WARNING)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "default"


@pytest.fixture
def restored(open_collection: Opener, folder: Path, tmp_path: Path) -> Path:
    """A folder whose record is older than its indexes; both indexes are on disk."""
    collection = open_collection()
    put(collection, "old", WORDS[:2])
    collection.close()
    shutil.copy(folder / "store.sqlite", tmp_path / "backup.sqlite")
    collection = open_collection()
    put(collection, "lost", WORDS[2:5])
    collection._engine.dense.compact()  # type: ignore[attr-defined]
    collection.close()
    shutil.copy(tmp_path / "backup.sqlite", folder / "store.sqlite")
    return folder


def test_what_is_put_in_after_a_restore_is_found(
    open_collection: Opener, restored: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collection = open_collection()
    assert len(warnings(caplog)) == 2
    assert all("does not belong to the record" in line for line in warnings(caplog))
    put(collection, "new", WORDS[5:])
    assert_finds(collection, "new", WORDS[5:])
    assert_finds(collection, "old", WORDS[:2])
    assert not any("lost" in one for one in map(str, collection.ask("lost notes", k=50).hits))
    collection.close()
    assert_finds(open_collection(), "new", WORDS[5:])
    assert len(warnings(caplog)) == 2


@pytest.mark.parametrize("count", [1, 3, 5])
def test_an_index_of_another_history_is_known_whatever_its_number(
    open_collection: Opener, restored: Path, tmp_path: Path, count: int, caplog: pytest.LogCaptureFixture
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    for name in ("lexical", "vectors"):
        shutil.move(restored / name, aside / name)
    collection = open_collection()
    put(collection, "new", WORDS[5:] + [f"w{number}" for number in range(count)])
    collection.close()
    for name in ("lexical", "vectors"):
        shutil.rmtree(restored / name, ignore_errors=True)
        shutil.move(aside / name, restored / name)
    collection = open_collection()
    assert len(warnings(caplog)) == 2
    assert_finds(collection, "new", WORDS[5:])
    assert_finds(collection, "old", WORDS[:2])


def test_indexes_of_another_collection_are_not_used(
    open_collection: Opener, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collection = open_collection()
    put(collection, "first", WORDS[:3])
    collection._engine.dense.compact()  # type: ignore[attr-defined]
    collection.close()
    (folder / "store.sqlite").unlink()
    store_in(folder).close()
    collection = open_collection()
    assert len(warnings(caplog)) == 2
    put(collection, "second", WORDS[3:6])
    assert_finds(collection, "second", WORDS[3:6])


def test_a_new_epoch_makes_the_indexes_anew(
    open_collection: Opener, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    collection = open_collection()
    put(collection, "old", WORDS[:3])
    collection._engine.dense.compact()  # type: ignore[attr-defined]
    collection.close()
    with closing(store_in(folder)) as store:
        store.begin_epoch()
    collection = open_collection()
    assert len(warnings(caplog)) == 2
    assert_finds(collection, "old", WORDS[:3])
    collection._engine.dense.compact()  # type: ignore[attr-defined]
    collection.close()
    caplog.clear()
    assert_finds(open_collection(), "old", WORDS[:3])
    assert warnings(caplog) == []


def test_a_record_put_back_under_a_running_service_is_noticed(
    open_collection: Opener, folder: Path, tmp_path: Path
) -> None:
    """In another process's eyes: the collection is open, and what is derived is on disk and in memory."""
    collection = open_collection()
    put(collection, "old", WORDS[:2])
    with closing(store_in(folder)) as store:
        store.begin_epoch()
    put(collection, "new", WORDS[2:4])
    assert_finds(collection, "old", WORDS[:2])
    assert_finds(collection, "new", WORDS[2:4])
    assert collection.refresh() is None
