from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.errors import ClientGone, SpoolFull
from service.jobs.records import Job, NewItem
from service.jobs.spool import Spool
from service.jobs.store import JobStore
from service.jobs.uploads import Upload


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    store = JobStore(tmp_path / "jobs.sqlite")
    yield store
    store.close()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", most=1000)


def left(spool: Spool) -> list[str]:
    return sorted(path.name for path in spool.path("", "").glob("*/*"))


def test_files_are_a_jobs_once_it_is_there(store: JobStore, spool: Spool) -> None:
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


def test_files_without_a_job_are_forgotten(spool: Spool) -> None:
    upload = Upload(spool)
    upload.put(b"Lit.")
    upload.begin()
    upload.write(b"The lamp")
    upload.close()
    upload.close()
    assert left(spool) == []
    assert spool.quota.used == 0


def test_a_job_that_cannot_be_made_leaves_nothing(spool: Spool) -> None:
    upload = Upload(spool)
    upload.put(b"Lit.")

    def fail(_: str) -> Job:
        raise SpoolFull("Full.")

    with pytest.raises(SpoolFull):
        upload.commit(fail)
    upload.close()
    assert left(spool) == []


def test_what_comes_after_the_end_is_not_kept(spool: Spool) -> None:
    """The thread that writes may be behind when a request is broken off."""
    upload = Upload(spool)
    upload.begin()
    upload.close()
    for late in (upload.begin, lambda: upload.write(b"x"), upload.finish, lambda: upload.put(b"x")):
        with pytest.raises(ClientGone):
            late()
    with pytest.raises(ClientGone):
        upload.commit(lambda _: pytest.fail("made a job"))
    assert left(spool) == []


def test_a_job_that_is_being_made_is_waited_for(store: JobStore, spool: Spool) -> None:
    upload = Upload(spool)
    name, size = upload.put(b"Lit.")
    adding, go_on = threading.Event(), threading.Event()

    def add(job_id: str) -> Job:
        adding.set()
        assert go_on.wait(10)
        return store.add(job_id, "lamps", [NewItem("file", "a.md", name, size)])

    threads = [threading.Thread(target=upload.commit, args=(add,)), threading.Thread(target=upload.close)]
    threads[0].start()
    assert adding.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert store.job(upload.job_id).counted.total == 1
    assert left(spool) == ["000001"]


def test_two_uploads_share_the_bound(spool: Spool) -> None:
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
