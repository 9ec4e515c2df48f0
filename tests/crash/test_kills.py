"""Processes that are killed while they write, embed and answer: nothing acknowledged is lost or half done.

Some of the kills are on every run, hundreds of them under ``make test-full``.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.child import Order, damage
from tests.crash.fault_points import (
    BETWEEN_RECORD_AND_INDEXES,
    IN_A_COMPACTION,
    IN_A_PURGE,
    IN_A_REPAIR_OF_VECTORS,
    IN_A_REPAIR_OF_WORDS,
    IN_A_TRANSACTION,
    WHEN_CREATED,
    Point,
)
from tests.crash.witness import Processes, Witness
from tests.sizes import FULL

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(os.name != "posix", reason="forks and kills processes"),
]

KILLED = -9
Start = Callable[[], tuple[Path, Witness]]
POINTS = IN_A_TRANSACTION + BETWEEN_RECORD_AND_INDEXES + IN_A_COMPACTION + IN_A_PURGE
TIMES = (1, 2, 3, 5) if FULL else (1,)
SELDOM = [one for one in IN_A_PURGE if one.what.endswith(":Rewriter._write_again")]
"""Most purges of so small a collection copy the index, and write no segment again."""
RANDOM_KILLS = 150 if FULL else 3


def some(points: list[Point]) -> list[Point]:
    """All of them under ``make test-full``, a quarter on every run."""
    return points if FULL else points[::4]


@pytest.mark.parametrize(
    ("point", "time"),
    [(point, time) for point in some(POINTS) for time in TIMES if time == 1 or point not in SELDOM],
    ids=str,
)
def test_killed_at_a_point(
    processes: Processes, start: Start, tmp_path: Path, point: Point, time: int
) -> None:
    folder, witness = start()
    order = Order(str(folder), processes.pipe(), seed_of(point, time), point, time)
    killed(processes, order, witness)
    check(witness, folder, tmp_path)


@pytest.mark.parametrize("point", some(WHEN_CREATED), ids=str)
def test_killed_while_the_collection_is_created(processes: Processes, tmp_path: Path, point: Point) -> None:
    folder, witness = tmp_path / "data" / "collections" / "default", Witness()
    folder.parent.mkdir(parents=True)
    killed(processes, Order(str(folder), processes.pipe(), seed_of(point), point), witness)
    check(witness, folder, tmp_path)


@pytest.mark.parametrize("point", some(IN_A_REPAIR_OF_WORDS), ids=str)
def test_killed_while_the_index_of_words_is_made_anew(
    processes: Processes, start: Start, tmp_path: Path, point: Point
) -> None:
    """The process finds the damage in the background."""
    folder, witness = start()
    damage(folder / "lexical")
    order = Order(str(folder), processes.pipe(), seed_of(point), point, checks_later=True)
    killed(processes, order, witness)
    check(witness, folder, tmp_path, is_damaged=True)


@pytest.mark.parametrize("point", some(IN_A_REPAIR_OF_VECTORS), ids=str)
def test_killed_while_the_index_of_vectors_is_made_anew(
    processes: Processes, start: Start, tmp_path: Path, point: Point
) -> None:
    """The compaction finds the damage, which is done while the files are open."""
    folder, witness = start()
    order = Order(str(folder), processes.pipe(), seed_of(point), point, damages="vectors")
    killed(processes, order, witness)
    check(witness, folder, tmp_path, is_damaged=True)


def test_killed_again_and_again_at_random_moments(processes: Processes, start: Start, tmp_path: Path) -> None:
    """One collection goes through all of them."""
    folder, witness = start()
    for number in range(RANDOM_KILLS):
        draw = random.Random(number)
        told, status = processes.run(
            Order(str(folder), processes.pipe(), number),
            kill_after=(draw.randint(0, 25), draw.uniform(0, 0.05)),
        )
        assert status == KILLED, told[-1:]
        print(f"kill {number}, after {sum('done' in one for one in told)} writes: ", end="")  # noqa: T201 -- the time to ready is reported
        witness.hear(told)
        check(witness, folder, tmp_path)


def killed(processes: Processes, order: Order, witness: Witness) -> None:
    """Run a process until it is killed at its point."""
    told, status = processes.run(order)
    witness.hear(told)
    assert status == KILLED, f"it never came to {order.point}"


def check(witness: Witness, folder: Path, builds: Path, *, is_damaged: bool = False) -> None:
    ready = witness.check(folder, builds, is_damaged=is_damaged)
    print(f"ready after {1000 * ready:.0f} ms")  # noqa: T201 -- the time to ready is reported


def seed_of(*of: object) -> int:
    return random.Random(str(of)).randrange(10**6)
