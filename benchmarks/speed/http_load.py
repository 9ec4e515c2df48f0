"""How fast a served collection answers over HTTP: ``python -m benchmarks.speed.http_load [--save FILE]``.

``loccit serve`` runs in a process of its own with SciFact's 5,183 documents and its default settings, on the
same processors as the generator of the load (:mod:`benchmarks.speed.wrk`). Questions are SciFact's 1,109
claims, a different one each time; k is the default, 5. Measured are

- one client that asks the next question when it has the last answer, its stages as the service tells them,
  and the time that the model alone takes for the same questions in this process;
- clients of that kind, more and more of them: the most answers a second is called the capacity;
- arrivals that do not wait for answers, at rates around the capacity and far beyond it.

Times depend on the machine; what is claimed are ratios of one run.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks import sets
from benchmarks.figures import exact, show
from benchmarks.proportions import percentile, proportion
from benchmarks.sets import DATA, SCIFACT
from benchmarks.speed.freshness import serving
from benchmarks.speed.wrk import OK, OVERLOADED, Exchange, Load, Plan, send
from evaluation import questions
from evaluation.measures import Estimate
from service.flows.ask.batching import CACHED_QUESTIONS
from service.settings import load_settings
from service.state.library import open_library

CLIENTS = (1, 2, 4, 8, 16, 32)
RATES = (0.5, 0.8, 1.5, 10.0)
"""Arrivals a second, in capacities. The last is kept up three times as long as the others: what was let in
before anything had to be refused is to be a small part of it, as it is of an overload that lasts."""
PERCENTS = {"p50": 50.0, "p90": 90.0, "p99": 99.0, "p999": 99.9}
_MOST_CONNECTIONS = 512
SINGLE = 2000
"""Questions of the one client."""
SECONDS = 20.0
"""Of each other run."""
_WARM = 30
_ENCODED = 300
Figures = dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: ``single`` questions of one client, ``seconds`` for each other run."""

    single: int = SINGLE
    seconds: float = SECONDS


@dataclass(slots=True)
class Target:
    """A service, what it is asked, and the processor seconds that it has used so far."""

    address: str
    bodies: Sequence[str]
    used: Callable[[], float]
    asked: int = 0
    """Questions so far: the next plan goes on there, so that none that is asked is cached."""

    def load(self, plan: Plan) -> tuple[Load, float]:
        """The outcome of a plan, and the processor seconds it cost."""
        begun = self.used()
        at = self.asked % len(self.bodies)
        load = send(self.address, [*self.bodies[at:], *self.bodies[:at]], plan)
        self.asked += len(load.exchanges)
        return load, self.used() - begun


def study(data: Path = DATA, folder: Path = SCIFACT, extent: Extent = Extent()) -> Figures:
    """All figures; the collection is made in the data folder where it is not there."""
    data.mkdir(parents=True, exist_ok=True)
    asked = claims(folder)
    # As the service opens it: which way of running the model is fastest is found out here, if it is not yet.
    with open_library(load_settings(data=data)) as library:
        name = sets.collection_of(library, folder).name
        embed = library.embedder.embed_queries
        figures = {"encoder_p50_ms": percentile(_encoding(embed, asked[:_ENCODED]), 50)}
    with serving(data.resolve()) as client:
        (process,) = (one for one in psutil.Process().children() if "serve" in one.cmdline())
        target = Target(str(client.base_url), _bodies(asked, name), lambda: _used(process))
        send(target.address, target.bodies[::-1], Plan(1, _WARM))
        figures |= single(target, extent, figures["encoder_p50_ms"])
        figures |= crowd(target, extent)
        figures |= open_loop(target, extent, figures)
    return figures


def claims(folder: Path) -> list[str]:
    """SciFact's claims of both splits."""
    return [one.text for split in ("train", "test") for one in questions.load(folder, split=split)]


def unseen(question: str, number: int) -> str:
    """A question with the same words that the service has not cached: white space says which it is."""
    first, *words = question.split()
    return first + "".join(f"{' ' * (1 + (number >> at & 1))}{word}" for at, word in enumerate(words))


def _bodies(asked: Sequence[str], collection: str) -> list[str]:
    """Requests with each question, in more ways than the service caches: each one is to be encoded."""
    rounds = 2 * (1 + CACHED_QUESTIONS // len(asked))
    return [
        json.dumps({"question": unseen(one, at), "collection": collection})
        for at in range(rounds)
        for one in asked
    ]


def _used(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _encoding(embed: Callable[[Sequence[str]], object], asked: Sequence[str]) -> list[float]:
    """Milliseconds of the model for each question by itself."""
    for question in asked[:_WARM]:
        embed([question])
    taken = []
    for question in asked:
        begin = time.perf_counter()
        embed([question])
        taken.append(1000 * (time.perf_counter() - begin))
    return taken


def single(target: Target, extent: Extent, encoder: Estimate) -> Figures:
    """One client: percentiles, the median of each stage, and the median in medians of the model alone."""
    load, used = target.load(Plan(1, extent.single, seconds=600.0))
    answers = answered(load)
    found = percentiles(answers) | medians(answers)
    median, alone = found["p50_ms"], encoder.value
    found["p50_in_encodings"] = Estimate(
        median.value / alone, median.low / alone, median.high / alone, len(answers)
    )
    found["processor_ms"] = exact(1000 * used / len(answers), len(answers))
    found["generator_processor_ms"] = exact(1000 * load.generator_seconds / len(answers), len(answers))
    return found


def answered(load: Load) -> list[Exchange]:
    """The answers of a load that the service can bear. Raises RuntimeError when something was refused."""
    answers = load.of(OK)
    if load.unanswered or len(answers) < len(load.exchanges):
        statuses = sorted({one.status for one in load.exchanges} - {OK})
        raise RuntimeError(f"{load.unanswered} requests got no answer, others the statuses {statuses}.")
    return answers


def percentiles(exchanges: Sequence[Exchange]) -> Figures:
    """Percentiles of milliseconds."""
    return {f"{name}_ms": percentile([one.ms for one in exchanges], of) for name, of in PERCENTS.items()}


def medians(exchanges: Sequence[Exchange]) -> Figures:
    """The median of each stage, and of what is left of the client's time."""
    found = {
        f"stage_{name}_ms": percentile([one.stages[name] for one in exchanges], 50)
        for name in exchanges[0].stages
    }
    found["stage_http_ms"] = percentile([one.ms - one.stages["total"] for one in exchanges], 50)
    return found


def crowd(target: Target, extent: Extent) -> Figures:
    """Answers a second by number of clients, each with its percentiles; the most of them, and the gain."""
    found: Figures = {}
    per_second: dict[int, float] = {}
    for clients in CLIENTS:
        # Enough of them for the time wanted, were it as fast as with fewer clients.
        expected = max(per_second.values(), default=0.0) or _rate_of_one(target)
        plan = Plan(clients, max(10 * clients, round(expected * extent.seconds)), seconds=10 * extent.seconds)
        load, used = target.load(plan)
        answers = answered(load)
        per_second[clients] = load.per_second
        found[f"clients_{clients}_per_second"] = exact(load.per_second, len(answers))
        found[f"clients_{clients}_processor_ms"] = exact(1000 * used / len(answers), len(answers))
        found |= {f"clients_{clients}_{name}": one for name, one in percentiles(answers).items()}
    capacity = max(per_second.values())
    found["capacity_per_second"] = exact(capacity, len(CLIENTS))
    found["capacity_gain"] = exact(capacity / per_second[1], len(CLIENTS))
    return found


def _rate_of_one(target: Target) -> float:
    return target.load(Plan(1, 2 * _WARM))[0].per_second


def open_loop(target: Target, extent: Extent, closed: Mapping[str, Estimate]) -> Figures:
    """What comes of arrivals that do not wait, by rate in capacities; ``closed`` has the other figures."""
    found: Figures = {}
    capacity = closed["capacity_per_second"].value
    for times in RATES:
        rate, seconds = times * capacity, extent.seconds * (3 if times == RATES[-1] else 1)
        plan = Plan(_MOST_CONNECTIONS, round(rate * seconds), rate, seconds=3 * seconds)
        load, _ = target.load(plan)
        name = f"open_{times:g}x".replace(".", "_")
        found |= {f"{name}_{part}": one for part, one in outcome(load, rate).items()}
        found[f"{name}_settled_p99_ms"] = percentile([one.ms for one in settled(load.of(OK))], 99)
        for part in ("p99", "settled_p99"):
            slow = found[f"{name}_{part}_ms"]
            found[f"{name}_{part}_ratio"] = exact(slow.value / closed["p99_ms"].value, slow.questions)
        found[f"{name}_of_capacity"] = exact(load.per_second / capacity, len(load.exchanges))
    return found


def settled(exchanges: Sequence[Exchange]) -> list[Exchange]:
    """Those that were due a second or more after the first: the service knows by then what comes."""
    first = min(one.due for one in exchanges)
    return [one for one in exchanges if one.due >= first + 1.0]


def outcome(load: Load, rate: float) -> Figures:
    """Shares by outcome, and how long either took.

    ``failed`` is the share with neither an answer nor a 429; ``arrivals`` is the rate in parts of the one
    wanted, ``late_p99_ms`` how late the generator was at most: far from 1, or late, it did not keep up.
    Raises RuntimeError when nothing was answered.
    """
    asked = len(load.exchanges) + load.unanswered
    fine, refused = load.of(OK), load.of(OVERLOADED)
    if not fine:
        raise RuntimeError(f"The service answered none of {asked} requests; its log is in the data folder.")
    found = {
        "refused": proportion(len(refused), asked),
        "failed": proportion(asked - len(fine) - len(refused), asked),
        "arrivals": exact(_rate(load) / rate, asked),
        "late_p99_ms": percentile([one.late_ms for one in load.exchanges], 99),
        "generator_processors": exact(load.generator_seconds / load.seconds, asked),
    }
    found |= percentiles(fine)
    if refused:
        found |= {f"refused_{name}": one for name, one in percentiles(refused).items()}
    return found


def _rate(load: Load) -> float:
    sent = sorted(one.sent for one in load.exchanges)
    return (len(sent) - 1) / (sent[-1] - sent[0]) if len(sent) > 1 else 0.0


def main() -> None:
    """Print the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA, help="data folder with the collection")
    parser.add_argument("--single", type=int, default=SINGLE, help="questions of the one client")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each other run")
    parser.add_argument("--save", type=Path, help="also write them to this file")
    options = parser.parse_args()
    figures = study(options.data, extent=Extent(options.single, options.seconds))
    show(figures, options.save)


if __name__ == "__main__":
    main()
