"""Whether a service stays as it is under load.

``python -m benchmarks.speed.soak [--minutes 30] [--save FILE]``.

``loccit serve`` with SciFact's documents is asked at 70 % of its capacity, while documents are put,
replaced and deleted all the time. The capacity is measured first, with the same writes. Reported are what was
not answered, and how memory, file descriptors and threads of the service grew after the first tenth of the
time; a table tells them over time.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import psutil

from benchmarks import sets
from benchmarks.figures import exact, show
from benchmarks.proportions import percentile, proportion
from benchmarks.sets import DATA, SCIFACT
from benchmarks.speed.freshness import serving
from benchmarks.speed.http_load import Figures, claims
from benchmarks.speed.wrk import OK, Exchange, Load, Plan, send
from service.settings import load_settings
from service.state.library import open_library

SHARE = 0.7
"""Of the capacity."""
_CLIENTS = 8
_CAPACITY_SECONDS = 20.0
_SLICE_SECONDS = 30.0
_SAMPLE_SECONDS = 1.0
_WRITES_A_SECOND = 2.0
_ROTATING = 200
"""Documents that are put, replaced and deleted in turn."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The service at a time, in seconds since the start: resident bytes, open descriptors, threads."""

    at: float
    memory: int
    descriptors: int
    threads: int

    @staticmethod
    def of(process: psutil.Process, at: float) -> Sample:
        """A process and those that it started."""
        all_of_them = [process, *process.children(recursive=True)]
        return Sample(
            at,
            sum(one.memory_info().rss for one in all_of_them),
            sum(one.num_fds() for one in all_of_them),
            sum(one.num_threads() for one in all_of_them),
        )


@dataclass
class Soak:
    """What was seen."""

    samples: list[Sample] = field(default_factory=list)
    writes: Counter[int] = field(default_factory=Counter)
    """Writes by the status of their answer; 0 for none."""
    exchanges: list[Exchange] = field(default_factory=list)
    unanswered: int = 0

    def take(self, load: Load) -> None:
        """Add what came of a slice of time."""
        self.exchanges.extend(load.exchanges)
        self.unanswered += load.unanswered

    def figures(self) -> Figures:
        """What failed, how long answers took, and how much each grew since the second tenth of the time."""
        asked = len(self.exchanges) + self.unanswered
        answered = [one.ms for one in self.exchanges if one.status == OK]
        written = self.writes.total()
        failed = written - sum(self.writes[status] for status in (200, 201, 204))
        found = {
            "failed_questions": proportion(asked - len(answered), asked),
            "failed_writes": proportion(failed, written),
            "p50_ms": percentile(answered, 50),
            "p99_ms": percentile(answered, 99),
        }
        tenth = max(1, len(self.samples) // 10)
        for name in ("memory", "descriptors", "threads"):
            values = [getattr(one, name) for one in self.samples]
            early, late = statistics.median(values[tenth : 2 * tenth]), statistics.median(values[-tenth:])
            found[f"{name}_growth"] = exact(late / early - 1.0, len(values))
        return found

    def table(self, rows: int = 20) -> Iterator[str]:
        """Lines of text: the samples over time."""
        yield "second  memory in MiB  descriptors  threads"
        for one in self.samples[:: max(1, len(self.samples) // rows)]:
            yield f"{one.at:6.0f}  {one.memory / 2**20:13.1f}  {one.descriptors:11}  {one.threads:7}"


def soak(data: Path, folder: Path, minutes: float) -> tuple[Figures, Soak]:
    """Run it; the collection is made in the data folder where it is not there."""
    data.mkdir(parents=True, exist_ok=True)
    asked = claims(folder)
    with open_library(load_settings(data=data)) as library:
        name = sets.collection_of(library, folder).name
    bodies = [json.dumps({"question": one, "collection": name}) for one in asked]
    with serving(data.resolve()) as client:
        (process,) = (one for one in psutil.Process().children() if "serve" in one.cmdline())
        address = str(client.base_url)
        with _writing(client, name, Soak()):
            capacity = _capacity(address, bodies)
        seen = Soak()
        with _writing(client, name, seen), _sampling(process, seen):
            end, at = time.monotonic() + 60 * minutes, 0
            while (left := end - time.monotonic()) > 1:
                seconds = min(_SLICE_SECONDS, left)
                plan = Plan(64, round(SHARE * capacity * seconds), SHARE * capacity, 3 * seconds)
                seen.take(send(address, bodies[at:] + bodies[:at], plan))
                at = (at + plan.requests) % len(bodies)
    return {"capacity_per_second": exact(capacity, 1), **seen.figures()}, seen


def _capacity(address: str, bodies: Sequence[str]) -> float:
    """Answers a second to clients that ask the next question when they have the last answer."""
    rate = send(address, bodies, Plan(1, 60)).per_second
    requests = max(10 * _CLIENTS, round(rate * _CAPACITY_SECONDS))
    return send(address, bodies[::-1], Plan(_CLIENTS, requests, seconds=10 * _CAPACITY_SECONDS)).per_second


@contextmanager
def _repeated(work: Callable[[], None], every: float) -> Iterator[None]:
    """Do something in a thread, again and again after so many seconds, until the end of the block."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(every):
            work()

    thread = threading.Thread(target=repeat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def _writing(client: httpx.Client, collection: str, seen: Soak) -> Iterator[None]:
    """Put, replace and delete documents all the time."""
    numbers = count()
    query = {"collection": collection}

    def write() -> None:
        number = next(numbers)
        path = f"/v1/documents/soak/{number % _ROTATING}.txt"
        try:
            if number % 3 == 2 and number >= _ROTATING:
                answer = client.delete(path, params=query)
            else:
                text = " ".join(f"Lamp {number * 7919 + at} burns {number} hours." for at in range(20))
                answer = client.put(path, params=query, content=text)
            seen.writes[answer.status_code] += 1
        except httpx.HTTPError:
            seen.writes[0] += 1

    with _repeated(write, 1 / _WRITES_A_SECOND):
        yield


@contextmanager
def _sampling(process: psutil.Process, seen: Soak) -> Iterator[None]:
    """Look at the service all the time."""
    begun = time.monotonic()

    def look() -> None:
        with suppress(psutil.NoSuchProcess):  # a process that read a file and ended
            seen.samples.append(Sample.of(process, time.monotonic() - begun))

    with _repeated(look, _SAMPLE_SECONDS):
        yield


def main() -> None:
    """Print the table and the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="data folder with the collection")
    parser.add_argument("--folder", type=Path, default=SCIFACT, help="documents and questions, as in BEIR")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--save", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    figures, seen = soak(options.data, options.folder, options.minutes)
    print("\n".join(seen.table()))
    print(
        f"questions by status: {dict(Counter(one.status for one in seen.exchanges))}, "
        f"unanswered: {seen.unanswered}; writes by status: {dict(seen.writes)}"
    )
    show(figures, options.save)


if __name__ == "__main__":
    main()
