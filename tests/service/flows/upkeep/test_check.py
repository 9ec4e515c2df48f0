import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.library import Library
from service.flows.upkeep import back_up, check, repair
from service.flows.upkeep.errors import NoData
from service.state.data_folder import DataInUse, RestoreUnfinished
from service.state.jobs import open_job_store, open_spool
from service.state.jobs.records import NewItem
from tests.service.flows.upkeep.conftest import Opener, answers, files, put

MOONS = "Mars has two moons, Phobos and Deimos."
RINGS = "Saturn has rings of ice and dust."
CONFIG = LibraryConfig()


def codes(data: Path) -> list[tuple[str, str]]:
    return sorted({(one.collection, one.problem.code) for one in check(data, CONFIG)})


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two collections with indexes on disk, of several changes, and a job that waits for its file."""
    data = tmp_path_factory.mktemp("template")
    with Library(data, embedder=WordEmbedder(), config=CONFIG) as library:
        for number in range(8):
            put(library, f"{number}.txt", f"{MOONS} Number {number}.")
        library.open("notes")._engine.dense.compact()  # type: ignore[attr-defined]
        put(library, "saturn.txt", RINGS)
        library.open("notes").editor.delete("3.txt")
        put(library, "law.txt", "Everybody may ask.", collection="laws")
    spool = open_spool(data, max_bytes=0)
    with closing(open_job_store(data)) as jobs:
        file = spool.create("job1", 1)
        file.write(b"waiting")
        file.keep()
        jobs.add("job1", "notes", [NewItem("file", "x.txt", file.name, 7)])
    return data


@pytest.fixture
def filled(template: Path, data: Path) -> Path:
    """A copy of those, for a test to damage: to write them takes longer than to check them."""
    return shutil.copytree(template, data)


def test_a_healthy_folder_has_no_problems_also_while_it_is_used(filled: Path, open_library: Opener) -> None:
    seen: list[tuple[str, int, int]] = []
    before = files(filled)
    assert list(check(filled, CONFIG, lambda *at: seen.append(at))) == []
    assert {name for name, *_ in seen} == {"laws", "notes"}
    assert {name: content for name, content in files(filled).items() if name in before} == before
    with open_library() as library:
        put(library, "later.txt", "A later one.")
        assert list(check(filled, CONFIG)) == []


def zeros(path: Path) -> None:
    path.write_bytes(bytes(len(path.read_bytes())))


def base(data: Path, ending: str) -> Path:
    (path,) = (data / "collections/notes/vectors").glob(f"base-*{ending}")
    return path


def segment(data: Path, ending: str) -> Path:
    return sorted((data / "collections/notes/lexical").glob(f"segments-*/*{ending}"))[0]


def original(data: Path) -> Path:
    return sorted((data / "collections/notes/originals").glob("*/*"))[0]


def older_lexical(data: Path) -> None:
    """Indexes of another collection, whose number is ahead."""
    shutil.rmtree(data / "collections/laws/lexical")
    shutil.copytree(data / "collections/notes/lexical", data / "collections/laws/lexical")


def without_passage(data: Path) -> None:
    """A passage that the record has no longer, though no change says so."""
    path = data / "collections/notes/store.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM passages WHERE id = 2")
        connection.execute("UPDATE totals SET passages = passages - 1")


DAMAGES: dict[str, tuple[Callable[[Path], object], set[tuple[str, str]]]] = {
    "vectors zeroed": (lambda data: zeros(base(data, ".faiss")), {("notes", "index_damaged")}),
    "ids missing": (lambda data: base(data, "ids.npy").unlink(), {("notes", "index_damaged")}),
    "manifest": (
        lambda data: (data / "collections/notes/vectors/manifest.json").write_text("{}"),
        {("notes", "index_damaged")},
    ),
    "terms zeroed": (lambda data: zeros(segment(data, ".term")), {("notes", "index_damaged")}),
    "applied": (
        lambda data: (data / "collections/notes/lexical/applied.json").write_text("{"),
        {("notes", "index_damaged")},
    ),
    "another index": (older_lexical, {("laws", "index_foreign")}),
    "totals": (
        lambda data: damage(data, "UPDATE totals SET passages = 99"),
        {("notes", "totals_wrong")},
    ),
    "vector": (
        lambda data: damage(data, "DELETE FROM embeddings WHERE rowid = 1"),
        {("notes", "vector_missing")},
    ),
    "left over": (lambda data: (data / ".replaced").mkdir(), {("", "left_over")}),
}


def damage(data: Path, statement: str) -> None:
    path = data / "collections/notes/store.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("name", DAMAGES)
def test_what_is_derived_is_found_damaged_and_repaired(filled: Path, open_library: Opener, name: str) -> None:
    with open_library() as library:
        before = answers(library, "moons of Mars", "rings of ice")
    do, expected = DAMAGES[name]
    do(filled)
    findings = list(check(filled, CONFIG))
    assert expected <= {(one.collection, one.problem.code) for one in findings}
    assert all(one.problem.is_repairable for one in findings)
    repair(filled, CONFIG, findings)
    assert codes(filled) == []
    with open_library() as library:
        library.open("notes").embed_pending()
        assert answers(library, "moons of Mars", "rings of ice") == before


BEYOND_REPAIR: dict[str, tuple[Callable[[Path], object], set[tuple[str, str]]]] = {
    "text": (
        lambda data: damage(data, "UPDATE text_blocks SET body = zeroblob(9) WHERE rowid = 1"),
        {("notes", "text_damaged")},
    ),
    "record": (
        lambda data: zeros(data / "collections/notes/store.sqlite"),
        {("notes", "store_damaged")},
    ),
    "record missing": (
        lambda data: (data / "collections/notes/store.sqlite").unlink(),
        {("notes", "store_damaged")},
    ),
    "description missing": (
        lambda data: (data / "collections/notes/collection.json").unlink(),
        {("notes", "description_missing")},
    ),
    "description changed": (
        lambda data: (data / "collections/notes/collection.json").write_text(
            (data / "collections/notes/collection.json")
            .read_text()
            .replace('"overlap_tokens": 32', '"overlap_tokens": 31')
        ),
        {("notes", "description_damaged")},
    ),
    "description broken": (
        lambda data: (data / "collections/notes/collection.json").write_text("{"),
        {("notes", "store_damaged")},
    ),
    "jobs": (lambda data: (data / "jobs.sqlite").write_bytes(b"x" * 9000), {("", "jobs_damaged")}),
    "keys": (lambda data: (data / "keys.sqlite").write_bytes(b"x" * 9000), {("", "database_damaged")}),
    "original": (lambda data: zeros(original(data)), {("notes", "original_damaged")}),
    "original missing": (lambda data: original(data).unlink(), {("notes", "original_missing")}),
    "upload": (lambda data: shutil.rmtree(data / "spool"), {("", "upload_missing")}),
    "passages": (without_passage, {("notes", "index_wrong"), ("notes", "vector_unused")}),
}


@pytest.mark.parametrize("name", BEYOND_REPAIR)
def test_what_is_beyond_repair_is_found(filled: Path, name: str) -> None:
    do, expected = BEYOND_REPAIR[name]
    do(filled)
    assert expected <= set(codes(filled))


def test_job_counts_are_compared(filled: Path) -> None:
    with closing(sqlite3.connect(filled / "jobs.sqlite", isolation_level=None)) as connection:
        connection.execute("UPDATE counts SET items = items + 1")
        connection.execute("INSERT INTO items (job, number, kind, name, spooled, bytes, request)"
                           " VALUES (99, 1, 'file', 'y', '', 0, '{}')")  # fmt: skip
    assert codes(filled) == [("", "job_counts_wrong"), ("", "job_missing")]


def test_a_folder_that_is_used_is_not_repaired(filled: Path, open_library: Opener) -> None:
    with open_library() as library:
        put(library, "later.txt", "A later one.")
        with pytest.raises(DataInUse):
            repair(filled, CONFIG, [])


def test_a_folder_without_data_is_told(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(NoData):
        list(check(tmp_path / "nothing", CONFIG))
    (filled / "restore-unfinished").touch()
    with pytest.raises(RestoreUnfinished):
        list(check(filled, CONFIG))


def test_a_restored_folder_has_no_problems(filled: Path, tmp_path: Path) -> None:
    from service.flows.upkeep import restore

    back_up(filled, tmp_path / "backup.tar")
    restore(tmp_path / "other", tmp_path / "backup.tar", ledger=None)
    assert codes(tmp_path / "other") == []
    assert json.loads((tmp_path / "other/collections/notes/collection.json").read_text())["format"] == 1
