from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from service.state.jobs import checksums
from service.state.jobs.checksums import copy_spooled, is_damaged
from service.state.jobs.spool.folder import FolderSpool
from tests.service.state.jobs.spooling import spool_file


@pytest.fixture
def spool(tmp_path: Path) -> FolderSpool:
    return FolderSpool(tmp_path / "spool")


def test_file_is_never_overwritten(spool: FolderSpool) -> None:
    name, _ = spool_file(spool, "job", 1, b"1")
    with pytest.raises(FileExistsError):
        spool.create("job", 1)
    assert spool.path("job", name).read_bytes() == b"1"


def test_clearing_a_job_leaves_no_folder(spool: FolderSpool, tmp_path: Path) -> None:
    spool_file(spool, "job", 1, b"1")
    spool.clear("job")
    assert list((tmp_path / "spool").iterdir()) == []


def test_folders_are_idle_by_their_last_new_file(spool: FolderSpool, tmp_path: Path) -> None:
    for job in ("known", "old", "uploading"):
        spool_file(spool, job, 1, b"1")
    long_ago = time.time() - 5000
    for job in ("known", "old"):
        os.utime(tmp_path / "spool" / job, (long_ago, long_ago))
    spool.clear_unknown(["known"], idle_seconds=3600.0)
    assert sorted(path.name for path in (tmp_path / "spool").iterdir()) == ["known", "uploading"]


def test_a_check_knows_a_file_that_is_not_what_was_written(tmp_path: Path) -> None:
    spool = FolderSpool(tmp_path / "spool")
    names = [spool_file(spool, "job", number, b"What was sent. " * number)[0] for number in (1, 2, 3, 4)]
    changed, kept, zeroed, unknown = names
    assert not any(is_damaged(spool, "job", name) for name in names)
    spool.path("job", changed).write_bytes(b"what was sent. ")
    spool.overwrite("job", zeroed, [(0, 4)])
    checksums.beside(spool.path("job", unknown)).write_bytes(b"")  # a power cut
    assert [is_damaged(spool, "job", name) for name in names] == [True, False, False, False]
    checksums.beside(spool.path("job", kept)).write_bytes(b"no digits")
    assert is_damaged(spool, "job", kept)
    assert not is_damaged(spool, "job", "000009")
    copy_spooled(spool, "job", changed, tmp_path / "copy")
    assert checksums.read(tmp_path / "copy") == spool.checksum("job", changed)
    spool.remove("job", names)
    assert list(spool.path("job", "").iterdir()) == []
