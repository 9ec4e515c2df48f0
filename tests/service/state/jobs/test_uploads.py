from __future__ import annotations

import threading
from pathlib import Path

import pytest

from service.errors import ClientGone, SpoolFull
from service.state.jobs.checksums import ENDING
from service.state.jobs.records import Job, NewItem
from service.state.jobs.spool.folder import FolderSpool
from service.state.jobs.uploads import Upload
from tests.contracts.jobs.model import MemoryJobStore
from tests.patience import PATIENCE


@pytest.fixture
def store() -> MemoryJobStore:
    return MemoryJobStore()


@pytest.fixture
def spool(tmp_path: Path) -> FolderSpool:
    return FolderSpool(tmp_path / "spool", max_bytes=1000)


def files(spool: FolderSpool) -> list[str]:
    """The files, without their checksums."""
    return sorted(path.name for path in spool.path("", "").glob("*/*") if path.suffix != ENDING)


def test_committed_job_owns_the_files(store: MemoryJobStore, spool: FolderSpool) -> None:
    upload = Upload(spool)
    upload.begin()
    upload.write(b"The ")
    upload.write(memoryview(b"lamp."))
    assert upload.finish() == ("000001", 9)
    assert upload.put(b"Lit.") == ("000002", 4)

    def add(job_id: str) -> Job:
        return store.add(job_id, "lamps", [NewItem("file", "a.md", "000001", 9)])

    job = upload.commit(add)
    upload.close()
    assert job.id == upload.job_id
    assert spool.path(job.id, "000001").read_bytes() == b"The lamp."
    assert spool.path(job.id, "000002").read_bytes() == b"Lit."
    assert spool.quota.used == 13


def test_files_without_a_job_are_deleted(spool: FolderSpool) -> None:
    upload = Upload(spool)
    upload.put(b"Lit.")
    upload.begin()
    upload.write(b"The lamp")
    upload.close()
    upload.close()
    assert files(spool) == []
    assert spool.quota.used == 0


def test_files_are_deleted_when_the_job_cannot_be_added(spool: FolderSpool) -> None:
    upload = Upload(spool)
    upload.put(b"Lit.")

    def fail(_: str) -> Job:
        raise SpoolFull("Full.")

    with pytest.raises(SpoolFull):
        upload.commit(fail)
    upload.close()
    assert files(spool) == []


def test_writes_after_close_are_refused(spool: FolderSpool) -> None:
    """The writing thread may lag behind when a request is aborted."""
    upload = Upload(spool)
    upload.begin()
    upload.close()
    for late in (upload.begin, lambda: upload.write(b"x"), upload.finish, lambda: upload.put(b"x")):
        with pytest.raises(ClientGone):
            late()
    with pytest.raises(ClientGone):
        upload.commit(lambda _: pytest.fail("made a job"))
    assert files(spool) == []


def test_close_waits_for_a_commit(store: MemoryJobStore, spool: FolderSpool) -> None:
    upload = Upload(spool)
    name, size = upload.put(b"Lit.")
    adding, go_on = threading.Event(), threading.Event()

    def add(job_id: str) -> Job:
        adding.set()
        assert go_on.wait(PATIENCE)
        return store.add(job_id, "lamps", [NewItem("file", "a.md", name, size)])

    threads = [threading.Thread(target=upload.commit, args=(add,)), threading.Thread(target=upload.close)]
    threads[0].start()
    assert adding.wait(PATIENCE)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert store.job(upload.job_id).counts.total == 1
    assert files(spool) == ["000001"]


def test_uploads_share_the_limit(spool: FolderSpool) -> None:
    first, second = Upload(spool), Upload(spool)
    first.put(bytes(600))
    second.begin()
    with pytest.raises(SpoolFull):
        second.write(bytes(600))
    second.close()
    first.close()
    third = Upload(spool)
    third.put(bytes(1000))
    third.close()
