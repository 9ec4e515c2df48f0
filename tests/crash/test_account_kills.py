"""Services that are killed while people sign out, keys are revoked and documents erased."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.crash.accounts import AccountWitness
from tests.crash.child import Order
from tests.crash.test_kills import KILLED
from tests.crash.witness import Processes
from tests.mounts import mounted
from tests.sizes import FULL

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.name != "posix", reason="forks and kills processes"),
]

KILLS = int(os.environ.get("LOCCIT_TESTS_KILLS", "150" if FULL else "2"))
"""Of each of the two tests."""


def test_killed_again_and_again(processes: Processes, tmp_path: Path) -> None:
    kill(processes, tmp_path / "data", fills=False)


@pytest.mark.mount
def test_killed_again_and_again_on_a_disk_that_is_full_now_and_then(
    processes: Processes, tmp_path: Path
) -> None:
    with mounted(tmp_path / "disk", "size=64m") as disk:
        kill(processes, disk / "data", fills=True)


def kill(processes: Processes, data: Path, *, fills: bool) -> None:
    """One data folder goes through all of them; what each process acknowledged must be there."""
    folder, witness = data / "collections" / "default", AccountWitness()
    for number in range(KILLS):
        draw = random.Random(number)
        told, status = processes.run(
            Order(str(folder), processes.pipe(), number, does="account", operations=200, fills=fills),
            kill_after=(draw.randint(0, 25), draw.uniform(0, 0.1)),
        )
        assert status == KILLED, told[-1:]
        witness.hear(told)
        witness.check(data)
