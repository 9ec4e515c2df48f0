"""Metrics of several processes: real ones, each with a place in one folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.settings import METRICS_FOLDER
from tests.service.monitoring.metrics.exposition import value

pytestmark = pytest.mark.processes

WORKER = """
import sys
from pathlib import Path
from service.monitoring.metrics import Metrics

metrics = Metrics(Path(sys.argv[1]))
metrics.instruments.ready.set(1)
print(metrics.worker, flush=True)
for line in sys.stdin:
    if line == "ask\\n":
        metrics.instruments.stages({"total": 3.0})
        print(flush=True)
    else:
        text, _ = metrics.render("", lambda: ())
        print(len(text.decode().splitlines()), text.decode(), sep="\\n", end="", flush=True)
"""


class Worker:
    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, METRICS_FOLDER: str(folder)},
        )
        self.place = int(self._line())

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def ask(self) -> None:
        self._say("ask")
        self._line()

    def scrape(self) -> str:
        self._say("scrape")
        return "".join(self._line() for _ in range(int(self._line())))

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def end(self) -> None:
        self.process.communicate()
        assert self.process.returncode == 0


Start = Callable[[], Worker]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Worker] = []

    def one() -> Worker:
        started.append(Worker(tmp_path))
        return started[-1]

    yield one
    for worker in started:
        if worker.process.poll() is None:
            worker.kill()


def counted(text: str) -> tuple[float, float, float]:
    return (
        value(text, "questions_total"),
        value(text, "question_stage_seconds_count", stage="total"),
        value(text, "workers_ready"),
    )


def test_each_worker_tells_the_sum_of_all(start: Start) -> None:
    first, second = start(), start()
    assert {first.place, second.place} == {0, 1}
    first.ask()
    second.ask()
    second.ask()
    assert counted(first.scrape()) == counted(second.scrape()) == (3, 3, 2)


@pytest.mark.parametrize("ending", [Worker.kill, Worker.end], ids=["killed", "ended"])
def test_counts_of_a_dead_worker_stay_and_its_gauges_go(
    start: Start, ending: Callable[[Worker], None], tmp_path: Path
) -> None:
    first, second = start(), start()
    second.ask()
    ending(second)
    assert counted(first.scrape()) == (1, 1, 1)
    files = {path.name for path in tmp_path.glob("*.db")}
    third = start()
    assert third.place == second.place
    third.ask()
    # Counters never fall, and a worker that dies again and again leaves no more files behind.
    assert counted(first.scrape()) == counted(third.scrape()) == (2, 2, 2)
    assert files <= {path.name for path in tmp_path.glob("*.db")}
    assert len(list(tmp_path.glob("*.db"))) == 6
