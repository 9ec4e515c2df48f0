from __future__ import annotations

import os
import shutil
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.errors import SpoolFull
from service.jobs.quota import Quota, size_of
from service.jobs.spool import Spool
from tests.service.http_service import eventually

NO_ROOM = 10**18
"""More bytes than any disk has."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_what_is_above_the_bound_is_refused_with_what_to_do(folder: Path) -> None:
    spool = Spool(folder, most=10)
    spool.put("job", 1, BytesIO(b"12345678"))
    with pytest.raises(SpoolFull, match=r"take 8 bytes, and 3 more .* 10 .*LOCCIT_MAX_SPOOL_BYTES") as told:
        spool.quota.require(3)
    assert told.value.headers == {"Retry-After": "60"}
    spool.quota.require(2)
    spool.put("job", 2, BytesIO(b"12"))
    assert spool.quota.used == 10


def test_a_file_is_refused_before_it_is_written_above_the_bound(folder: Path) -> None:
    spool = Spool(folder, most=10)
    with spool.create("job", 1) as file:
        file.write(b"1" * 9)
        with pytest.raises(SpoolFull):
            file.write(b"22")
        file.write(b"2")
        file.keep()
    assert spool.path("job", file.name).read_bytes() == b"1" * 9 + b"2"


def test_there_is_no_bound_unless_one_is_set(folder: Path) -> None:
    quota = Quota(folder)
    quota.require(10**6)
    quota.take(10**6)
    assert quota.used == 10**6


def test_some_of_the_disk_is_left_free(folder: Path) -> None:
    free = shutil.disk_usage(folder.parent).free
    with pytest.raises(SpoolFull, match="almost full") as told:
        Quota(folder, reserve=NO_ROOM).require(0)
    assert told.value.headers == {"Retry-After": "60"}
    Quota(folder, reserve=free // 2).require(0)
    with pytest.raises(SpoolFull, match="almost full"):
        Quota(folder, reserve=free // 2).require(free)
    with pytest.raises(SpoolFull, match="almost full"):
        Spool(folder, reserve=NO_ROOM).put("job", 1, BytesIO(b"x"))


def test_files_of_earlier_are_counted(folder: Path) -> None:
    Spool(folder).put("job", 1, BytesIO(b"12345"))
    spool = Spool(folder, most=6)
    assert spool.quota.used == 5
    with pytest.raises(SpoolFull):
        spool.quota.require(2)
    spool.remove("job", ["000001", "000001"])
    assert spool.quota.used == 0


def test_what_another_process_has_done_with_is_seen_before_an_upload_is_refused(folder: Path) -> None:
    here, there = Spool(folder, most=10), Spool(folder)
    here.put("job", 1, BytesIO(b"12345678"))
    assert here.quota.used == 8
    there.clear("job")
    eventually(lambda: _fits(here, 10))


def _fits(spool: Spool, size: int) -> bool:
    try:
        spool.quota.require(size)
    except SpoolFull:
        return False
    return True


def test_a_write_that_failed_is_counted_by_what_is_there(folder: Path) -> None:
    spool = Spool(folder)
    assert spool.quota.used == 0
    with spool.create("job", 1) as file:
        os.close(file._file.fileno())  # as a disk that is pulled out
        with pytest.raises(OSError, match="Bad file descriptor"):
            file.write(b"x" * 1_000_000)
    assert spool.quota.used == on_disk(folder) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_a_disk_that_is_full_is_told_as_that(folder: Path) -> None:
    spool = Spool(folder)
    with spool.create("job", 1) as file:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, file._file.fileno())
        os.close(full)
        with pytest.raises(SpoolFull, match="almost full"):
            file.write(b"x" * 1_000_000)


def test_the_size_of_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    assert size_of(tmp_path / "none") == size_of(tmp_path / "file") == 0
    assert size_of(tmp_path) == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("ab"), st.integers(0, 9)),
        st.tuples(st.just("remove"), st.sampled_from("ab"), st.integers(1, 5)),
        st.tuples(st.just("clear"), st.sampled_from("ab"), st.just(0)),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_what_is_counted_is_what_is_there(folder: Path, steps: list[tuple[str, str, int]]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    spool = Spool(folder, most=20)
    assert spool.quota.used == 0
    for number, (step, job, of) in enumerate(steps, start=1):
        if step == "put":
            try:
                spool.put(job, number, BytesIO(bytes(of)))
            except SpoolFull:
                assert on_disk(folder) + of > 20
        elif step == "remove":
            spool.remove(job, [f"{of:06}"])
        else:
            spool.clear(job)
        assert spool.quota.used == on_disk(folder) <= 20
