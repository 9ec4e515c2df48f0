import gzip
import itertools
import json
import tarfile
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from index.config import LibraryConfig
from index.errors import StoreDamaged
from index.history import Ledger
from index.library import Library
from service.flows.upkeep import back_up, bundle, check, restore
from service.flows.upkeep.bundle import BundleWriter, read
from service.flows.upkeep.errors import BackupDamaged, BackupFailed, NoData, TargetInUse
from service.flows.upkeep.manifest import Manifest
from service.state.files import FileErasure, FileStore, StoreLabel, UploadedFile, open_file_store
from service.state.identity import open_key_store
from service.state.jobs import open_job_store, open_spool, pin_jobs
from service.state.jobs.records import NewItem
from service.state.jobs.uploads import Upload
from tests.service.flows.upkeep.conftest import Opener, files, names, put

TARGETS = ["backup", "backup.tar", "backup.tar.gz"]


@pytest.fixture
def filled(data: Path, open_library: Opener) -> Path:
    library = open_library()
    put(library, "mars.txt", "Mars has two moons, Phobos and Deimos.")
    put(library, "law.txt", "Article 1. Everybody may ask.", collection="laws")
    library.close()
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_a_backup_has_the_record_and_nothing_that_is_derived(filled: Path, tmp_path: Path, name: str) -> None:
    (filled / "models").mkdir()
    (filled / "models" / "graph.bin").write_bytes(b"derived")
    (filled / "collections/notes/answerability.json").write_text("{}")
    (filled / "erasures.jsonl").write_text("")
    open_key_store(filled).close()
    target = tmp_path / "elsewhere" / name
    target.parent.mkdir()
    progress: list[int] = []
    manifest = back_up(filled, target, progress.append)
    originals = {name for name in manifest.files if "/originals/" in name}
    assert len(originals) == 2
    assert sorted(set(manifest.files) - originals) == [
        "collections/laws/collection.json",
        "collections/laws/store.sqlite",
        "collections/notes/answerability.json",
        "collections/notes/collection.json",
        "collections/notes/store.sqlite",
        "keys.sqlite",
    ]
    assert manifest.collections["notes"]["documents"] == 1
    assert sum(progress) == 2 * manifest.size  # written, and read again
    assert names(target.parent) == [name]
    assert read(target, None) == manifest
    assert target.stat().st_mode & 0o077 == 0
    if target.is_dir():
        assert set(files(target)) == {*manifest.files, "manifest.json"}
        assert all(path.stat().st_mode & 0o077 == 0 for path in target.rglob("*.*"))
    else:
        with tarfile.open(target) as tar:
            assert tar.getnames()[-1] == "manifest.json"


def test_where_a_backup_cannot_be_is_told(filled: Path, tmp_path: Path) -> None:
    with pytest.raises(TargetInUse, match="in the data folder"):
        back_up(filled, filled / "backup")
    (tmp_path / "there").mkdir()
    with pytest.raises(TargetInUse, match="exists already"):
        back_up(filled, tmp_path / "there")
    with pytest.raises(TargetInUse, match=r"ends in \.tar"):
        back_up(filled, tmp_path / "backup.tar.zst")
    with pytest.raises(NoData):
        back_up(tmp_path / "nothing", tmp_path / "backup")
    (tmp_path / "file").write_text("")
    with pytest.raises(BackupFailed, match="Check that"):
        back_up(filled, tmp_path / "file" / "backup")


def test_a_damaged_store_is_not_backed_up(filled: Path, tmp_path: Path) -> None:
    path = filled / "collections/notes/store.sqlite"
    content = bytearray(path.read_bytes())
    content[4096 : 6 * 4096] = b"\xff" * (5 * 4096)
    path.write_bytes(content)
    for name in TARGETS:
        with pytest.raises(StoreDamaged, match="was not copied"):
            back_up(filled, tmp_path / name)
        assert names(tmp_path) == ["data"]


class Writer(threading.Thread):
    """Calls a function with 1, 2, 3 ... until it is stopped."""

    def __init__(self, write: Callable[[int], object]) -> None:
        super().__init__()
        self._write, self._stop_asked = write, threading.Event()
        self.failed: list[Exception] = []

    def run(self) -> None:
        numbers = itertools.count(1)
        try:
            while not self._stop_asked.is_set():
                self._write(next(numbers))
        except Exception as error:
            self.failed.append(error)

    def __enter__(self) -> None:
        self.start()

    def __exit__(self, *_: object) -> None:
        self._stop_asked.set()
        self.join()
        assert self.failed == []


def upload(data: Path, number: int) -> None:
    """Queue a job with a file, and finish the one three jobs before as the runner does."""
    spool = open_spool(data, max_bytes=0)
    with closing(open_job_store(data)) as store:
        file = spool.create(f"job{number}", 1)
        file.write(b"waiting")
        file.keep()
        spool.sync(f"job{number}")
        store.add(f"job{number}", "notes", [NewItem("file", "x.txt", file.name, 7)])
        if number > 3:
            done = f"job{number - 3}"
            store.settle(done, [replace(one, outcome="added") for one in store.items(done, limit=9)])
            spool.remove(done, [file.name])


def rewrite(library: Library, number: int) -> None:
    """Replace one of seven documents, and delete another."""
    put(library, f"a{number % 7}.txt", f"Number {number} of a.")
    put(library, f"b{number % 7}.txt", f"Number {number} of b.")
    library.open("notes").editor.delete(f"a{number % 7}.txt")


def assert_consistent(data: Path, library: Library) -> None:
    """Every file that a job waits for is there, and every document has its text."""
    spool = open_spool(data, max_bytes=0)
    with closing(open_job_store(data)) as store:
        for job in store.jobs(limit=10**6):
            for item in store.items(job.id, limit=9, outcomes=("waiting",)):
                with spool.open(job.id, item.spooled) as file:
                    assert file.read() == b"waiting"
    archive = library.open("notes").archive
    for record in archive.documents(limit=100):
        version, text = archive.text(record.id)
        assert version.text_sha256 == record.text_sha256
        assert text.endswith(f" of {record.id[0]}.")
    assert {one.problem.code for one in check(data, LibraryConfig())} == set()


def test_a_backup_while_others_write_is_of_one_moment(
    data: Path, open_library: Opener, tmp_path: Path
) -> None:
    library = open_library()
    put(library, "a.txt", "Number 0 of a.")
    with Writer(lambda number: rewrite(library, number)), Writer(lambda number: upload(data, number)):
        for name in ("one", "two", "three.tar"):
            back_up(data, tmp_path / name)
            restored = tmp_path / f"restored-{name}"
            restore(restored, tmp_path / name, ledger=None)
            assert_consistent(restored, open_library(restored))


@pytest.mark.parametrize("name", TARGETS)
def test_an_interrupted_backup_is_never_taken_for_one(tmp_path: Path, name: str) -> None:
    target = tmp_path / name

    def fail() -> None:
        with BundleWriter(target) as writer, writer.part() as folder:
            (folder / "a").write_text("a")
            assert not target.exists()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert names(tmp_path) == []
    # What a killed process leaves is replaced by the next attempt, and cannot be restored meanwhile.
    left = tmp_path / f"{name}.unfinished"
    with BundleWriter(target) as killed:
        with killed.part() as folder:
            (folder / "a").write_text("a")
        left.rename(tmp_path / "kept")
    (tmp_path / "kept").rename(left)
    with pytest.raises(BackupDamaged):
        read(left, None)
    with BundleWriter(target) as again:
        with again.part() as folder:
            (folder / "b").write_text("b")
        again.finish(Manifest("now", "loccit"))
    assert list(read(target, None).files) == ["b"]


@pytest.mark.parametrize("name", TARGETS)
def test_every_change_to_a_backup_is_noticed(filled: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / name
    back_up(filled, target)
    paths = sorted(path for path in ([target] if target.is_file() else target.rglob("*")) if path.is_file())
    for path in paths:
        pack, unpack = (gzip.compress, gzip.decompress) if name == "backup.tar.gz" else (bytes, bytes)
        content = unpack(path.read_bytes())
        spots = [*range(0, len(content), max(1, len(content) // 7))]
        if name.startswith("backup.tar"):  # which has zeros between files, and their times
            spots = [content.find(b"SQLite format 3") + 3, content.find(b'"made_by"') + 3]
        for spot in spots:
            damaged = bytearray(content)
            damaged[spot] ^= 0x10
            path.write_bytes(pack(damaged))
            with pytest.raises(BackupDamaged):
                read(target, None)
        whole = pack(content)
        for shorter in (b"", whole[: len(whole) // 2]):
            path.write_bytes(shorter)
            with pytest.raises(BackupDamaged):
                read(target, None)
        path.write_bytes(whole)
        assert read(target, None).files


def test_a_collection_whose_record_is_lost_is_not_left_out_in_silence(filled: Path, tmp_path: Path) -> None:
    (filled / "collections/notes/store.sqlite").unlink()
    with pytest.raises(StoreDamaged, match="is missing"):
        back_up(filled, tmp_path / "backup")


def test_a_backup_of_a_later_format_is_refused_by_name(filled: Path, tmp_path: Path) -> None:
    back_up(filled, tmp_path / "backup")
    path = tmp_path / "backup" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 2}))
    with pytest.raises(BackupDamaged, match="format 2"):
        read(tmp_path / "backup", None)


@pytest.mark.parametrize("name", ["../out", "/out", "a/../../out"])
def test_no_file_is_written_outside_the_folder(tmp_path: Path, name: str) -> None:
    with tarfile.open(tmp_path / "backup.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(BackupDamaged):
        bundle.read(tmp_path / "backup.tar", into)
    assert names(tmp_path) == ["backup.tar", "into"]
    assert names(into) == []


def test_uploaded_files_are_in_a_backup(filled: Path, tmp_path: Path) -> None:
    with closing(open_file_store(filled)) as store:
        kept, gone = (uploaded(store, name) for name in ("kept", "gone"))
        store.set_label(StoreLabel("notes", "Notes", "", {"a": "b"}, 1.0))
        back_up(filled, tmp_path / "backup")
        ledger = Ledger(filled / "erasures.jsonl")
        FileErasure(store, ledger).erase_file(gone)
    restored = tmp_path / "restored"
    restore(restored, tmp_path / "backup", ledger=ledger)
    with closing(open_file_store(restored)) as store:
        assert store.files() == [kept]
        assert store.label("notes") == StoreLabel("notes", "Notes", "", {"a": "b"}, 1.0)
        with store.open("kept") as content:
            assert content.read() == b"kept"
    assert not (restored / "files" / "gone").exists()
    assert list(check(restored, LibraryConfig())) == []
    (restored / "files" / "kept" / "000001").unlink()
    assert [one.problem.code for one in check(restored, LibraryConfig())] == ["upload_missing"]


def uploaded(store: FileStore, name: str) -> UploadedFile:
    upload = Upload(store.spool, name)
    _, size = upload.put(name.encode())
    file = UploadedFile(name, f"{name}.txt", "assistants", size, 1.0, "/")
    return upload.commit(lambda _: store.add(file))


def test_a_job_whose_file_is_missing_is_not_backed_up(filled: Path, tmp_path: Path) -> None:
    upload(filled, 1)
    upload(filled, 2)
    open_spool(filled, max_bytes=0).clear("job2")
    with pytest.raises(StoreDamaged, match="are missing, job2/000001 for instance"):
        back_up(filled, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


def test_files_that_went_since_the_state_was_pinned_are_named(filled: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        upload(filled, number)
    with pin_jobs(filled) as before:
        upload(filled, 4)  # ends the first
        assert before.copy(tmp_path / "jobs", tmp_path / "spool") == {("job1", "000001")}
    with pin_jobs(filled) as after:
        assert after.copy(tmp_path / "jobs", tmp_path / "spool") == frozenset()


def test_an_uploaded_file_whose_bytes_are_missing_is_not_backed_up(filled: Path, tmp_path: Path) -> None:
    with closing(open_file_store(filled)) as store:
        uploaded(store, "kept")
        store.spool.clear("kept")
    with pytest.raises(StoreDamaged, match="uploaded file kept"):
        back_up(filled, tmp_path / "backup")
