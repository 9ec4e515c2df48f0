from __future__ import annotations

import os
import time
from io import BytesIO
from pathlib import Path

import pytest

from service.jobs.spool import Spool


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


def test_a_file_is_kept_from_where_it_stands(spool: Spool) -> None:
    file = BytesIO(b"head and body")
    file.seek(5)
    name, size = spool.put("job", 1, file)
    assert size == 8
    assert spool.path("job", name).read_bytes() == b"and body"


def test_files_larger_than_a_piece_are_kept_whole(spool: Spool) -> None:
    data = os.urandom(2 * 1024 * 1024 + 3)
    name, size = spool.put("job", 1, BytesIO(data))
    assert size == len(data)
    assert spool.path("job", name).read_bytes() == data


def test_a_file_never_takes_the_place_of_another(spool: Spool) -> None:
    names = [spool.put("job", number, BytesIO(b"%d" % number))[0] for number in (1, 2, 3)]
    assert len(set(names)) == 3
    spool.remove("job", names[:1])
    with pytest.raises(FileExistsError):
        spool.put("job", 2, BytesIO(b"other"))
    assert spool.path("job", names[1]).read_bytes() == b"2"


def test_files_of_a_job_are_forgotten_one_by_one_or_at_once(spool: Spool) -> None:
    first, _ = spool.put("job", 1, BytesIO(b"1"))
    second, _ = spool.put("job", 2, BytesIO(b"2"))
    other, _ = spool.put("other", 1, BytesIO(b"3"))
    spool.remove("job", [first, first, "000009"])
    assert not spool.path("job", first).exists()
    assert spool.path("job", second).exists()
    spool.clear("job")
    spool.clear("job")
    assert not spool.path("job", second).exists()
    assert spool.path("other", other).exists()


def test_only_old_files_of_unknown_jobs_are_forgotten(spool: Spool, tmp_path: Path) -> None:
    spool.clear_unknown([])  # there is no folder yet
    for job in ("known", "old", "being sent"):
        spool.put(job, 1, BytesIO(b"1"))
    long_ago = time.time() - 90_000
    for job in ("known", "old"):
        os.utime(tmp_path / "spool" / job, (long_ago, long_ago))
    spool.clear_unknown(["known"])
    assert sorted(path.name for path in (tmp_path / "spool").iterdir()) == ["being sent", "known"]
