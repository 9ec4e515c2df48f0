"""Services that are killed while files are uploaded, attached, detached and deleted."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.crash.child import Order
from tests.crash.fault_points import IN_AN_UPLOAD, Point
from tests.crash.test_kills import KILLED, seed_of, some
from tests.crash.uploading import UploadWitness
from tests.crash.witness import Processes
from tests.sizes import FULL

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.name != "posix", reason="forks and kills processes"),
]

RANDOM_KILLS = 60 if FULL else 2
TIMES = (1, 3) if FULL else (1,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "collections" / "default"


@pytest.mark.parametrize(
    ("point", "time"), [(one, time) for one in some(IN_AN_UPLOAD) for time in TIMES], ids=str
)
def test_killed_at_a_point(processes: Processes, folder: Path, point: Point, time: int) -> None:
    witness = UploadWitness()
    order = Order(str(folder), processes.pipe(), seed_of(point, time), point, time, does="upload")
    told, status = processes.run(order)
    witness.hear(told)
    assert status == KILLED, f"it never came to {point}"
    witness.check(folder.parents[1])


def test_killed_again_and_again_at_random_moments(processes: Processes, folder: Path) -> None:
    """One data folder goes through all of them."""
    witness = UploadWitness()
    for number in range(RANDOM_KILLS):
        draw = random.Random(number)
        told, status = processes.run(
            Order(str(folder), processes.pipe(), number, does="upload", operations=200),
            kill_after=(draw.randint(0, 25), draw.uniform(0, 0.1)),
        )
        assert status == KILLED, told[-1:]
        witness.hear(told)
        witness.check(folder.parents[1])
