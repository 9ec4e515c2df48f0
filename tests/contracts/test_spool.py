"""What every spool does. A new one adds a fixture parameter, and no test."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from service.errors import SpoolFull
from service.state.jobs.protocols import Spool
from service.state.jobs.spool.bucket import BucketSpool
from service.state.jobs.spool.folder import FolderSpool
from service.state.jobs.spool.shared import LayeredSpool
from tests.objects import bucket_at, objects_url
from tests.service.state.jobs.spooling import spool_file

Opener = Callable[[int], Spool]
"""Opens an empty spool with a bound in bytes."""


@pytest.fixture(params=["folder", "bucket", "layered"])
def open_spool(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    def opener(max_bytes: int) -> Spool:
        if request.param == "bucket":
            return BucketSpool(bucket_at(objects_url()).below("spool"), max_bytes=max_bytes)
        folder = FolderSpool(tmp_path / "spool", max_bytes=max_bytes)
        if request.param == "layered":
            return LayeredSpool(FolderSpool(tmp_path / "shared", max_bytes=max_bytes), folder)
        return folder

    return opener


@pytest.fixture
def spool(open_spool: Opener) -> Spool:
    return open_spool(0)


def read(spool: Spool, job: str, name: str) -> bytes:
    with spool.open(job, name) as file:
        return file.read()


def exists(spool: Spool, job: str, name: str) -> bool:
    with suppress(FileNotFoundError), spool.open(job, name):
        return True
    return False


# Files


def test_file_is_read_back_as_it_was_written(spool: Spool) -> None:
    data = os.urandom(300_000)
    with closing(spool.create("job", 1)) as file:
        for start in range(0, len(data), 70_000):
            file.write(memoryview(data)[start : start + 70_000])
        file.keep()
    spool.sync("job")
    assert file.size == len(data)
    assert read(spool, "job", file.name) == data


def test_empty_file_is_kept(spool: Spool) -> None:
    name, size = spool_file(spool, "job", 1, b"")
    assert (read(spool, "job", name), size) == (b"", 0)


def test_open_file_can_be_read_from_any_offset(spool: Spool) -> None:
    name, _ = spool_file(spool, "job", 1, b"head and body")
    with spool.open("job", name) as file:
        assert file.seek(0, os.SEEK_END) == 13
        file.seek(5)
        assert (file.read(3), file.tell(), file.read()) == (b"and", 8, b" body")


def test_files_of_a_job_have_names_of_their_own(spool: Spool) -> None:
    names = [spool_file(spool, "job", number, b"%d" % number)[0] for number in (1, 2, 3)]
    other, _ = spool_file(spool, "other", 1, b"other")
    assert [read(spool, "job", name) for name in names] == [b"1", b"2", b"3"]
    assert read(spool, "other", other) == b"other"


def test_missing_file_is_not_found(spool: Spool) -> None:
    name, _ = spool_file(spool, "job", 1, b"1")
    for job, missing in (("job", "000009"), ("nope", name)):
        with pytest.raises(FileNotFoundError):
            spool.open(job, missing)


def test_files_are_removed_one_by_one(spool: Spool) -> None:
    first, _ = spool_file(spool, "job", 1, b"1")
    second, _ = spool_file(spool, "job", 2, b"2")
    spool.remove("job", [first, first, "000009"])
    spool.remove("nope", [first])
    assert not exists(spool, "job", first)
    assert exists(spool, "job", second)


def test_job_is_cleared_with_its_incomplete_files(spool: Spool) -> None:
    name, _ = spool_file(spool, "job", 1, b"1")
    other, _ = spool_file(spool, "other", 1, b"2")
    with closing(spool.create("job", 2)) as aborted:
        aborted.write(b"half")
    spool.clear("job")
    spool.clear("job")
    assert not exists(spool, "job", name)
    assert not exists(spool, "job", aborted.name)
    assert exists(spool, "other", other)


def test_only_idle_files_of_unknown_jobs_are_cleared(spool: Spool) -> None:
    spool.clear_unknown([], idle_seconds=0.0)  # nothing was ever spooled
    name, _ = spool_file(spool, "known", 1, b"1")
    spool_file(spool, "unknown", 1, b"1")
    spool.clear_unknown(["known"], idle_seconds=3600.0)
    assert exists(spool, "unknown", name)
    spool.clear_unknown(["known"], idle_seconds=0.0)
    assert not exists(spool, "unknown", name)
    assert exists(spool, "known", name)


# The limit


def test_no_room_above_the_limit(open_spool: Opener) -> None:
    spool = open_spool(10)
    spool_file(spool, "job", 1, b"12345678")
    with pytest.raises(SpoolFull, match=r"take 8 bytes, and 3 more .* 10 .*LOCCIT_MAX_SPOOL_BYTES") as caught:
        spool.require_room(3)
    assert caught.value.headers == {"Retry-After": "60"}
    spool.require_room(2)
    spool_file(spool, "other", 1, b"12")
    with pytest.raises(SpoolFull):
        spool.require_room(1)


def test_write_above_the_limit_is_refused_as_a_whole(open_spool: Opener) -> None:
    spool = open_spool(10)
    with closing(spool.create("job", 1)) as file:
        file.write(b"1" * 9)
        with pytest.raises(SpoolFull):
            file.write(b"22")
        file.write(b"2")
        file.keep()
    assert read(spool, "job", file.name) == b"1" * 9 + b"2"


def test_any_size_fits_without_a_limit(spool: Spool) -> None:
    spool.require_room(10**6)
    spool_file(spool, "job", 1, bytes(10**6))


def test_deleted_files_give_their_room_back(open_spool: Opener) -> None:
    spool = open_spool(10)
    name, _ = spool_file(spool, "job", 1, b"12345")
    spool_file(spool, "job", 2, b"12345")
    spool.remove("job", [name, name])
    spool.require_room(5)
    with pytest.raises(SpoolFull):
        spool.require_room(6)
    with closing(spool.create("job", 3)) as aborted:
        aborted.write(b"12345")
    spool.clear("job")
    spool.require_room(10)
    spool_file(spool, "unknown", 1, b"12345")
    spool.clear_unknown([], idle_seconds=0.0)
    spool.require_room(10)


def test_uploads_in_several_threads_share_the_limit(open_spool: Opener) -> None:
    spool = open_spool(1000)
    written = []

    def upload(job: str) -> None:
        with closing(spool.create(job, 1)) as file, suppress(SpoolFull):
            while True:
                file.write(b"1234567")
                written.append(7)

    threads = [threading.Thread(target=upload, args=(f"job{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The last write of each other thread may be missing from a count.
    assert 1000 - 7 < sum(written) <= 1000 + 3 * 7


def test_bytes_of_a_file_can_be_overwritten(spool: Spool) -> None:
    name, _ = spool_file(spool, "job", 1, b"keep erase keep")
    spool.overwrite("job", name, [(5, 2), (7, 3)])
    assert read(spool, "job", name) == b"keep \0\0\0\0\0 keep"
    spool.overwrite("job", "000009", [(0, 5)])
    spool.overwrite("other", name, [(0, 5)])
