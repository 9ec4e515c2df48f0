from __future__ import annotations

import os
import shutil
from contextlib import closing
from io import FileIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from service.errors import SpoolFull
from service.state.jobs.checksums import ENDING
from service.state.jobs.spool.folder import FolderFile, FolderSpool
from service.state.jobs.spool.quota import folder_quota, size_of
from tests.patience import eventually
from tests.service.state.jobs.spooling import spool_file
from tests.sizes import examples

NO_ROOM = 10**18
"""More bytes than any disk has."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def on_disk(folder: Path) -> int:
    """Bytes of the files, without their checksums."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ENDING)


def new_file(folder: Path) -> FileIO:
    job = folder / "job"
    job.mkdir(parents=True)
    return (job / "000001").open("xb", buffering=0)


def test_no_bound_by_default(folder: Path) -> None:
    quota = folder_quota(folder)
    quota.require(10**6)
    quota.take(10**6)
    assert quota.used == 10**6


def test_reserve_of_the_disk_stays_free(folder: Path) -> None:
    free = shutil.disk_usage(folder.parent).free
    with pytest.raises(SpoolFull, match="almost full") as caught:
        folder_quota(folder, reserve=NO_ROOM).require(0)
    assert caught.value.headers == {"Retry-After": "60"}
    folder_quota(folder, reserve=free // 2).require(0)
    with pytest.raises(SpoolFull, match="almost full"):
        folder_quota(folder, reserve=free // 2).require(free)
    with pytest.raises(SpoolFull, match="almost full"):
        spool_file(FolderSpool(folder, reserve=NO_ROOM), "job", 1, b"x")


def test_files_of_an_earlier_process_count(folder: Path) -> None:
    spool_file(FolderSpool(folder), "job", 1, b"12345")
    spool = FolderSpool(folder, max_bytes=6)
    assert spool.quota.used == 5
    with pytest.raises(SpoolFull):
        spool.require_room(2)
    spool.remove("job", ["000001", "000001"])
    assert spool.quota.used == 0


def test_files_deleted_by_another_process_are_noticed_before_a_refusal(folder: Path) -> None:
    here, there = FolderSpool(folder, max_bytes=10), FolderSpool(folder)
    spool_file(here, "job", 1, b"12345678")
    assert here.quota.used == 8
    there.clear("job")
    eventually(lambda: fits(here, 10))


def fits(spool: FolderSpool, size: int) -> bool:
    try:
        spool.require_room(size)
    except SpoolFull:
        return False
    return True


def test_files_are_recounted_after_a_failed_write(folder: Path) -> None:
    quota = folder_quota(folder)
    assert quota.used == 0
    raw = new_file(folder)
    with closing(FolderFile(raw, quota)) as file:
        file.write(b"kept")
        os.close(raw.fileno())  # like a disk that is unplugged
        with pytest.raises(OSError, match="Bad file descriptor"):
            file.write(b"x" * 1_000_000)
    assert quota.used == on_disk(folder) == len(b"kept")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="has no /dev/full")
def test_full_disk_is_reported_as_a_full_spool(folder: Path) -> None:
    folder.mkdir()
    with Path("/dev/full").open("wb", buffering=0) as full:
        file = FolderFile(full, folder_quota(folder))
        with pytest.raises(SpoolFull, match="almost full"):
            file.write(b"x" * 1_000_000)


def test_size_of_a_missing_folder_is_0(tmp_path: Path) -> None:
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


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_used_bytes_are_those_on_disk(folder: Path, steps: list[tuple[str, str, int]]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    spool = FolderSpool(folder, max_bytes=20)
    assert spool.quota.used == 0
    for number, (step, job, of) in enumerate(steps, start=1):
        if step == "put":
            try:
                spool_file(spool, job, number, bytes(of))
            except SpoolFull:
                assert on_disk(folder) + of > 20
        elif step == "remove":
            spool.remove(job, [f"{of:06}"])
        else:
            spool.clear(job)
        assert spool.quota.used == on_disk(folder) <= 20
