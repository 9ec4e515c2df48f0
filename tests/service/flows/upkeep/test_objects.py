"""A data folder whose originals and uploads are elsewhere: erasures, backup, restore, check."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from index.config import LibraryConfig
from index.embedding import WordEmbedder
from index.errors import ObjectsUnavailable
from index.ingest import Source
from index.library import Library
from service.flows.ingest.background.purging import open_purger
from service.flows.upkeep import back_up, check, repair, restore
from service.flows.upkeep.errors import BackupFailed
from service.state.databases.owner import OWNER, find_owner
from service.state.jobs import JOBS, open_job_store, open_spool
from service.state.jobs.protocols import Spool
from service.state.jobs.records import NewItem
from tests.objects import bucket_at, objects_url
from tests.service.flows.upkeep.conftest import put
from tests.service.state.jobs.spooling import spool_file

MOONS = "Mars has two moons, Phobos and Deimos."
RINGS = "Saturn has rings of ice and dust."


class Place:
    """A place for objects, and what is in it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def names(self) -> set[str]:
        """The last parts of the names of all objects."""
        if self.url.startswith("file:"):
            folder = Path(self.url.removeprefix("file://"))
            return {"".join(path.parts[-2:]) for path in folder.rglob("*") if path.is_file()}
        return {"".join(one.name.split("/")[-1:]) for one in bucket_at(self.url).list()}


@pytest.fixture(params=["folder", "bucket"])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Place:
    return Place(objects_url() if request.param == "bucket" else f"file://{tmp_path / 'shared'}")


@pytest.fixture
def library(data: Path, place: Place) -> Iterator[Library]:
    with open_library(data, place.url) as opened:
        yield opened


def open_library(data: Path, objects: str) -> Library:
    return Library(data, embedder=WordEmbedder(), config=LibraryConfig(objects=objects))


def original(library: Library, name: str, collection: str = "notes") -> bytes:
    _, file = library.open(collection).archive.original(name)
    with file:
        return file.read()


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def upload(data: Path, objects: str, job: str) -> None:
    """Add a job with a file that waits."""
    with closing(open_job_store(data)) as jobs:
        name, size = spool_file(open_spool(data, objects=objects), job, 1, RINGS.encode())
        jobs.add(job, "notes", [NewItem("file", "saturn.txt", name, size)])


def read_upload(spool: Spool, job: str) -> bytes:
    with spool.open(job, "000001") as file:
        return file.read()


def purge(library: Library, collection: str = "notes") -> None:
    with open_purger(library) as purger:
        assert purger.finish(library.open(collection)) == "done"


def test_originals_are_in_the_place_until_they_are_erased(data: Path, library: Library, place: Place) -> None:
    put(library, "mars.txt", MOONS)
    put(library, "saturn.txt", RINGS)
    assert place.names() == {sha(MOONS), sha(RINGS)}
    assert not list(data.glob("**/originals/*/*"))
    assert original(library, "mars.txt") == MOONS.encode()
    library.open("notes").editor.delete("mars.txt")
    purge(library)
    assert place.names() == {sha(RINGS)}


@pytest.mark.processes
def test_an_erasure_deletes_by_name_and_lists_nothing(data: Path) -> None:
    url = objects_url()
    requests: list[str] = []
    # Shared by all of the process; botocore tells of each request.
    events = bucket_at(url)._client.meta.events

    def note(model: Any, **_: object) -> None:
        requests.append(model.name)

    with open_library(data, url) as library:
        for name, text in (("mars.txt", MOONS), ("again.txt", MOONS), ("saturn.txt", RINGS)):
            put(library, name, text)
        events.register("before-call.s3", note)
        for name in ("saturn.txt", "mars.txt"):
            library.open("notes").editor.delete(name)
        purge(library)
        events.unregister("before-call.s3", note)
        assert requests == ["DeleteObject"]
        assert original(library, "again.txt") == MOONS.encode()
    assert Place(url).names() == {sha(MOONS)}


@pytest.mark.parametrize("forgotten", ["none noted", "an earlier one noted", "too many"])
def test_originals_whose_names_are_not_known_are_found_by_a_listing(
    data: Path, library: Library, place: Place, forgotten: str
) -> None:
    put(library, "mars.txt", MOONS)
    put(library, "saturn.txt", RINGS)
    notes = library.open("notes")
    notes.editor.delete("mars.txt")
    noted = {"none noted": None, "an earlier one noted": '{"change": 1, "names": []}'}
    with closing(sqlite3.connect(data / "collections/notes/store.sqlite")) as record, record:
        (now,) = record.execute("SELECT value FROM meta WHERE key = 'discarded'").fetchone()
        value = noted.get(forgotten, json.dumps(json.loads(now) | {"names": None}))
        record.execute("DELETE FROM meta WHERE key = 'discarded'")
        if value:
            record.execute("INSERT INTO meta VALUES ('discarded', ?)", (value,))
    purge(library)
    assert place.names() == {sha(RINGS)}
    put(library, "mars.txt", MOONS)
    notes.editor.delete("mars.txt")
    purge(library)
    assert place.names() == {sha(RINGS)}


def test_what_is_put_again_before_the_purge_stays(library: Library, place: Place) -> None:
    put(library, "mars.txt", MOONS)
    library.open("notes").editor.delete("mars.txt")
    put(library, "again.txt", MOONS)
    purge(library)
    assert original(library, "again.txt") == MOONS.encode()
    library.open("notes").editor.delete("again.txt")
    purge(library)
    assert place.names() == set()


def test_a_sweep_removes_what_no_write_needs_any_more(library: Library, place: Place) -> None:
    put(library, "mars.txt", MOONS)
    purging = library.open("notes").purging
    assert not purging.is_sweep_due()
    library._catalogue.originals("notes").put(hashlib.sha256(RINGS.encode()).digest(), RINGS.encode())
    assert purging.sweep(idle_seconds=60) == 0
    assert place.names() == {sha(MOONS), sha(RINGS)}
    assert [one.size for one in purging.strays(idle_seconds=-60)] == [len(RINGS)]
    assert purging.sweep(idle_seconds=-60) == 1
    assert place.names() == {sha(MOONS)}


def test_a_check_tells_of_files_that_belong_to_nothing_and_a_repair_removes_them(
    data: Path, library: Library, place: Place
) -> None:
    put(library, "mars.txt", MOONS)
    upload(data, place.url, "job")
    spool_file(open_spool(data, objects=place.url), "refused", 1, b"Pluto")
    library._catalogue.originals("notes").put(hashlib.sha256(RINGS.encode()).digest(), RINGS.encode())
    before, config = place.names(), library.config
    library.close()
    assert list(check(data, config)) == []  # they may be those of a write that is under way
    found = list(check(data, config, idle_seconds=-60))
    assert {(one.collection, one.problem.code) for one in found} == {
        ("notes", "file_unused"),
        ("", "upload_unused"),
    }
    assert f"1 files, {len(RINGS)} bytes" in found[0].problem.message
    assert place.names() == before
    repair(data, config, found)
    assert list(check(data, config, idle_seconds=-60)) == []
    with open_library(data, place.url) as again:
        assert original(again, "mars.txt") == MOONS.encode()
    assert read_upload(open_spool(data, objects=place.url), "job") == RINGS.encode()


def test_a_collection_that_is_made_again_meets_no_objects_of_before(library: Library, place: Place) -> None:
    put(library, "mars.txt", MOONS)
    put(library, "mars.txt", MOONS, collection="other")
    library.delete("notes")
    assert place.names() == {sha(MOONS)}
    library.open("notes", create=True).put(Source("saturn.txt", RINGS.encode()))
    assert place.names() == {sha(MOONS), sha(RINGS)}
    assert original(library, "saturn.txt") == RINGS.encode()
    assert original(library, "mars.txt", "other") == MOONS.encode()


def test_a_deletion_during_an_outage_is_finished_by_the_next_process(data: Path, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    with open_library(data, f"file://{shared}") as library:
        put(library, "mars.txt", MOONS)
        (collection,) = (shared / "collections").iterdir()
        collection.rename(tmp_path / "away")
        collection.touch()  # no folder: it cannot be removed
        with pytest.raises(OSError, match="Not a directory"):
            library.delete("notes")
        assert library.names() == []
        with open_library(data, "") as unaware:  # it does not know the place, and leaves what tells of it
            assert unaware.names() == []
        collection.unlink()
        (tmp_path / "away").rename(collection)
    with open_library(data, f"file://{shared}") as library:
        assert library.names() == []
        assert not list((shared / "collections").iterdir())


def test_a_backup_has_what_is_elsewhere_and_is_restored_into_the_data_folder(
    data: Path, library: Library, place: Place, tmp_path: Path
) -> None:
    put(library, "mars.txt", MOONS)
    upload(data, place.url, "job")
    assert sha(MOONS) in place.names()
    assert list(check(data, library.config)) == []
    back_up(data, tmp_path / "backup", objects=place.url)
    restore(tmp_path / "alone", tmp_path / "backup", ledger=None)
    assert list(check(tmp_path / "alone", LibraryConfig())) == []
    with open_library(tmp_path / "alone", "") as alone:
        assert original(alone, "mars.txt") == MOONS.encode()
    assert read_upload(open_spool(tmp_path / "alone"), "job") == RINGS.encode()


def test_a_restore_removes_what_is_no_longer_needed(
    data: Path, library: Library, place: Place, tmp_path: Path
) -> None:
    put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup", objects=place.url)
    put(library, "later.txt", "It came after the backup.")
    put(library, "saturn.txt", RINGS, collection="later")
    library.close()
    restore(data, tmp_path / "backup", ledger=None, replace=True, objects=place.url)
    assert place.names() == {sha(MOONS)}
    with open_library(data, place.url) as restored:
        assert original(restored, "mars.txt") == MOONS.encode()
        restored.open("notes").editor.delete("mars.txt")
        purge(restored)
    assert place.names() == set()
    assert not [path for path in data.glob("**/originals/*/*") if path.is_file()]


def test_a_restore_into_another_folder_leaves_what_the_first_one_has(
    data: Path, library: Library, place: Place, tmp_path: Path
) -> None:
    put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup", objects=place.url)
    put(library, "saturn.txt", RINGS)
    first = library.open("notes").archive
    restored = restore(tmp_path / "drill", tmp_path / "backup", ledger=None, objects=place.url)
    assert [name.rpartition("/")[0] for name in restored.left] == ["collections"]
    with open_library(tmp_path / "drill", place.url) as drill:
        assert original(drill, "mars.txt") == MOONS.encode()
        put(drill, "new.txt", "It is in the copy alone.")
        drill.open("notes").editor.delete("mars.txt")
        purge(drill)
        assert place.names() == {sha(MOONS), sha(RINGS), sha("It is in the copy alone.")}
        drill.delete("notes")
    assert place.names() == {sha(MOONS), sha(RINGS)}
    assert first.counts().documents == 2
    assert list(check(data, library.config)) == []


def test_a_copy_that_was_restored_without_the_place_is_apart_from_it(
    data: Path, library: Library, place: Place, tmp_path: Path
) -> None:
    put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup", objects=place.url)
    restore(tmp_path / "drill", tmp_path / "backup", ledger=None)
    put(library, "saturn.txt", RINGS)
    restore(tmp_path / "drill", tmp_path / "backup", ledger=None, replace=True, objects=place.url)
    assert place.names() == {sha(MOONS), sha(RINGS)}
    assert list(check(data, library.config)) == []


def test_a_damaged_collection_is_restored_to_the_folder_that_it_has(
    data: Path, library: Library, place: Place, tmp_path: Path
) -> None:
    put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup", objects=place.url)
    put(library, "saturn.txt", RINGS)
    library.close()
    (data / "collections/notes/store.sqlite").write_bytes(b"damaged" * 1000)
    restored = restore(data, tmp_path / "backup", ledger=None, replace=True, objects=place.url)
    assert restored.left == []
    assert place.names() == {sha(MOONS)}
    with open_library(data, place.url) as again:
        again.open("notes").editor.delete("mars.txt")
        purge(again)
    assert place.names() == set()


@pytest.mark.parametrize("lost", [False, True])
def test_a_restore_that_goes_on_knows_the_folders_of_before(
    data: Path, library: Library, place: Place, tmp_path: Path, lost: bool
) -> None:
    put(library, "mars.txt", MOONS)
    back_up(data, tmp_path / "backup", objects=place.url)
    put(library, "saturn.txt", RINGS)
    upload(data, place.url, "job")
    owner = find_owner(data)
    library.close()
    (data / ".replaced").write_text("in the way")
    with pytest.raises(BackupFailed):
        restore(data, tmp_path / "backup", ledger=None, replace=True, objects=place.url)
    (data / ".replaced").unlink()
    if lost:
        shutil.rmtree(data / "collections")
        (data / OWNER).unlink()
        (data / JOBS).unlink()
    else:  # as a kill leaves it
        (data / ".replaced").mkdir()
        (data / "collections").rename(data / ".replaced/collections")
    assert restore(data, tmp_path / "backup", ledger=None, objects=place.url).left == []
    assert place.names() >= {sha(MOONS)}
    assert sha(RINGS) not in place.names()
    assert find_owner(data) == owner


def test_a_copy_uses_up_no_uploads_of_the_service_that_it_was_made_of(
    data: Path, library: Library, place: Place, tmp_path: Path
) -> None:
    put(library, "mars.txt", MOONS)
    drill = tmp_path / "drill"
    upload(data, place.url, "first")
    back_up(data, tmp_path / "backup", objects=place.url)
    upload(data, place.url, "later")
    restored = restore(drill, tmp_path / "backup", ledger=None, objects=place.url)
    assert {name.partition("/")[0] for name in restored.left} == {"collections", "services"}
    upload(drill, place.url, "other")
    for spool in (open_spool(folder, objects=place.url) for folder in (data, drill)):
        assert read_upload(spool, "first") == RINGS.encode()
    open_spool(drill, objects=place.url).clear_unknown({"other"}, idle_seconds=-60)
    assert read_upload(open_spool(drill, objects=place.url), "other") == RINGS.encode()
    for job in ("first", "later"):
        assert read_upload(open_spool(data, objects=place.url), job) == RINGS.encode()
    library.close()
    restored = restore(data, tmp_path / "backup", ledger=None, replace=True, objects=place.url)
    assert restored.left == []
    assert read_upload(open_spool(data, objects=place.url), "later") == RINGS.encode()


def test_a_damaged_copy_takes_no_folder_of_the_service(
    data: Path, library: Library, place: Place, tmp_path: Path
) -> None:
    put(library, "mars.txt", MOONS)
    upload(data, place.url, "first")
    back_up(data, tmp_path / "backup", objects=place.url)
    restore(tmp_path / "drill", tmp_path / "backup", ledger=None)
    (tmp_path / "drill/collections/notes/store.sqlite").write_bytes(b"damaged" * 1000)
    put(library, "saturn.txt", RINGS)
    restore(tmp_path / "drill", tmp_path / "backup", ledger=None, replace=True, objects=place.url)
    assert list(check(data, library.config)) == []


def test_a_check_finds_an_original_that_is_missing(library: Library, data: Path, place: Place) -> None:
    put(library, "mars.txt", MOONS)
    if place.url.startswith("s3:"):
        bucket_at(place.url).clear("")
    else:
        for path in Path(place.url.removeprefix("file://")).rglob(sha(MOONS)[2:]):
            path.unlink()
    assert [one.problem.code for one in check(data, library.config)] == ["original_missing"]


@pytest.mark.processes
def test_a_document_is_refused_while_the_store_cannot_be_reached(data: Path) -> None:
    objects_url()  # for the credentials
    with open_library(data, "s3://bucket?endpoint_url=http://127.0.0.1:1&region=x") as library:
        notes = library.open("notes", create=True)
        with pytest.raises(ObjectsUnavailable, match="cannot be reached"):
            notes.put(Source("mars.txt", MOONS.encode()))
        assert notes.archive.find_document("mars.txt") is None
