"""How much longer a question takes than before: ``python -m benchmarks.speed.interleaved --before REVISION``.

Both versions serve SciFact's 5,183 documents at the same time, on one machine, with a key. No question comes
twice with the same white space, so that none is cached and the model embeds each one. One client sends each
claim to both, in random order: what else happens on the machine happens to both. Before comes from a worktree
of a git revision, or from the folder of a checkout; both run with the libraries that are installed here. Each
version makes a data folder of its own, where there is none yet, which takes minutes.

With ``--grouped`` the key of a version that knows groups has one, and so many documents are in it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, urlencode

import numpy as np

from benchmarks.figures import show
from benchmarks.proportions import percentile
from benchmarks.sets import DATA, SCIFACT
from benchmarks.speed.http_load import claims, unseen
from benchmarks.speed.wrk import OK
from evaluation.measures import Estimate

NOW = Path(__file__).parents[2]
QUESTIONS = 2000
_WARM = 50
_RESAMPLES = 2000
_PATIENCE = 120.0
_KEY = "interleaved-" + "k" * 32
_GROUP = "interleaved"
_ADDRESS = re.compile(r"http://(127\.0\.0\.1):(\d+)")
_MAKE = """
import sys
from pathlib import Path
from benchmarks import sets
from service.settings import load_settings
try:
    from service.state.library import open_library
except ImportError:  # a version in which it had another place
    from service.library_settings import open_library
with open_library(load_settings(data=Path(sys.argv[1]))) as library:
    print(sets.collection_of(library, Path(sys.argv[2])).name)
"""
"""Run by each version: the modules are its own."""


@dataclass(frozen=True, slots=True)
class Version:
    """The code of a version, and its data folder."""

    code: Path
    data: Path

    def run(self, *arguments: str, timeout: float | None = None) -> subprocess.CompletedProcess[str]:
        """Run Python with this version's code."""
        return subprocess.run(  # noqa: S603
            [sys.executable, *arguments],
            cwd=self.code,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
        )

    def environment(self, **settings: str) -> dict[str, str]:
        """The environment without settings of the service but these."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOCCIT_")}
        return {**inherited, "PYTHONPATH": str(self.code), "LOCCIT_DATA": str(self.data), **settings}


@dataclass(frozen=True, slots=True)
class Service:
    """A service and one connection to it, over which requests are sent with a key."""

    host: str
    port: int
    key: str
    connection: HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "connection", HTTPConnection(self.host, self.port, timeout=_PATIENCE))

    def request(self, method: str, path: str, body: str | None = None, *, key: str = "") -> tuple[int, bytes]:
        """Status and body of a response."""
        headers = {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"}
        self.connection.request(method, path, None if body is None else body.encode(), headers)
        response = self.connection.getresponse()
        return response.status, response.read()


@dataclass(frozen=True, slots=True)
class Reply:
    """The time of one request, and the stage times that the service told, in milliseconds."""

    ms: float
    stages: Mapping[str, float]
    passages: tuple[str, ...]
    """Locators of the passages."""


def study(before: Version, now: Version, *, questions: int, grouped: int, folder: Path = SCIFACT) -> None:
    """Measure and print: medians, differences of medians, the processor."""
    name = [made(version, folder) for version in (before, now)][-1]
    with ExitStack() as stack:
        services = [stack.enter_context(serving(version, grouped=grouped)) for version in (before, now)]
        if grouped:
            for service in services:
                _group(service, name, grouped)
        replies = interleaved(services, asked(claims(folder), name, _WARM + questions))
    print(f"{processor()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    differing = sum(one.passages != other.passages for one, other in zip(*replies, strict=True))
    print(f"{differing} of {len(replies[0])} answers have other passages than before")
    show(compared(*replies))


def interleaved(
    services: Sequence[Service], bodies: Sequence[str], *, warm: int = _WARM
) -> tuple[list[Reply], list[Reply]]:
    """The replies of two services to the same requests, sent to the two in random order.

    The first ``warm`` requests are not among them.
    """
    order = random.Random(1)
    replies: tuple[list[Reply], list[Reply]] = ([], [])
    for body in bodies:
        for at in order.sample((0, 1), 2):
            replies[at].append(_ask(services[at], body))
    return replies[0][warm:], replies[1][warm:]


def _ask(service: Service, body: str) -> Reply:
    began = time.perf_counter()
    status, content = service.request("POST", "/v1/ask", body)
    ms = 1000 * (time.perf_counter() - began)
    if status != OK:
        raise RuntimeError(f"a question was answered with the status {status}: {content[:500]!r}")
    answer = json.loads(content)
    return Reply(ms, answer["timings_ms"], tuple(one["citation"]["locator"] for one in answer["passages"]))


def asked(questions: Sequence[str], collection: str, number: int) -> list[str]:
    """So many requests, with the questions in random order; all of them, before one is asked again."""
    order = random.Random(2)
    rounds = -(-number // len(questions))
    drawn = [unseen(one, at) for at in range(rounds) for one in order.sample(questions, len(questions))]
    return [json.dumps({"question": one, "collection": collection}) for one in drawn[:number]]


def compared(before: Sequence[Reply], now: Sequence[Reply]) -> dict[str, Estimate]:
    """The medians of both, and the differences of medians: of the whole, of each stage, and of the rest."""
    figures = {
        "before_p50_ms": percentile([one.ms for one in before], 50),
        "now_p50_ms": percentile([one.ms for one in now], 50),
        "difference_ms": _difference(before, now, None),
        "difference_rest_ms": _difference(before, now, ""),
    }
    stages = [stage for stage in now[0].stages if stage in before[0].stages]
    return figures | {f"difference_{stage}_ms": _difference(before, now, stage) for stage in stages}


def _difference(before: Sequence[Reply], now: Sequence[Reply], stage: str | None) -> Estimate:
    """Median now less median before, with its 95 % interval (bootstrap over questions).

    Of the whole time without a stage; of the time that is in no stage with an empty one.
    """

    def times(replies: Sequence[Reply]) -> np.ndarray:
        if stage is None:
            return np.array([one.ms for one in replies])
        if not stage:
            return np.array([one.ms - one.stages["total"] for one in replies])
        return np.array([one.stages[stage] for one in replies])

    both = np.stack([times(before), times(now)])
    drawn = np.random.default_rng(0).integers(0, both.shape[1], (_RESAMPLES, both.shape[1]))
    medians = np.median(both[:, drawn], axis=2)
    low, high = np.percentile(medians[1] - medians[0], [2.5, 97.5])
    old, new = np.median(both, axis=1)
    return Estimate(float(new - old), float(low), float(high), both.shape[1])


@contextmanager
def code_of(before: str, repository: Path = NOW) -> Iterator[Path]:
    """The folder of a checkout, or a worktree of a revision of the repository, removed at the end.

    Raises :class:`subprocess.CalledProcessError` for what is neither.
    """
    if Path(before).is_dir():
        yield Path(before).resolve()
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "before"
        _git("worktree", "add", "--detach", str(tree), before, folder=repository)
        try:
            yield tree
        finally:
            _git("worktree", "remove", "--force", str(tree), folder=repository)


def revision_of(code: Path) -> str:
    """The commit of a checkout, or the name of its folder where git does not know it."""
    try:
        return _git("rev-parse", "--short=12", "HEAD", folder=code)
    except subprocess.CalledProcessError:
        return code.name


def _git(*arguments: str, folder: Path = NOW) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()


def made(version: Version, folder: Path) -> str:
    """The name of the collection of a folder's documents, which the version makes where it is not there."""
    version.data.mkdir(parents=True, exist_ok=True)
    done = version.run("-c", _MAKE, str(version.data), str(folder))
    if done.returncode:
        raise RuntimeError(f"{version.code} could not make its data folder: {done.stderr[-2000:]}")
    return done.stdout.splitlines()[-1]


@contextmanager
def serving(version: Version, *, grouped: int = 0) -> Iterator[Service]:
    """``loccit serve`` of a version, ready."""
    token = (_made_key(version) if grouped else "") or _KEY
    log = version.data / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "serve", "--port", "0"],
            cwd=version.code,
            stderr=output,
            env=version.environment(LOCCIT_API_KEY=_KEY),
        )
    try:
        deadline = time.monotonic() + _PATIENCE
        while not (found := _ADDRESS.search(log.read_text())):
            _wait(deadline, log)
        service = Service(found[1], int(found[2]), token)
        while service.request("GET", "/readyz")[0] != OK:
            _wait(deadline, log)
        yield service
    finally:
        process.terminate()
        process.wait(_PATIENCE)


def _wait(deadline: float, log: Path) -> None:
    if time.monotonic() > deadline:
        raise RuntimeError(f"the service did not start: {log.read_text()}")
    time.sleep(0.1)


def _made_key(version: Version) -> str:
    """A key whose group may read documents; empty where the version has no such keys."""
    done = version.run("-m", "cli", "keys", "create", "interleaved", "--group", _GROUP, "--json")
    return "" if done.returncode else str(json.loads(done.stdout)["key"])


def _group(service: Service, collection: str, most: int) -> None:
    """Let only the group read so many documents, where the version knows groups."""
    path = f"/v1/documents?{urlencode({'collection': collection, 'limit': most})}"
    for one in json.loads(service.request("GET", path, key=_KEY)[1])["documents"]:
        at = f"/v1/documents/{quote(one['document_id'], safe='')}?{urlencode({'collection': collection})}"
        service.request("PATCH", at, json.dumps({"groups": [_GROUP]}), key=_KEY)


def processor() -> str:
    """The model of the processor, as the system tells it."""
    told = Path("/proc/cpuinfo")
    named = re.search(r"model name\s*: (.*)", told.read_text()) if told.exists() else None
    return named[1] if named else platform.processor() or platform.machine()


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.interleaved", description=__doc__)
    parser.add_argument("--before", required=True, help="git revision, or the folder of a checkout")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="questions to each version")
    parser.add_argument("--grouped", type=int, default=0, help="documents that only the key's group may read")
    parser.add_argument("--data", type=Path, default=DATA / "interleaved", help="folder of the data folders")
    given = parser.parse_args()
    data = given.data.resolve()
    with code_of(given.before) as code:
        before = Version(code, data / revision_of(code))
        study(before, Version(NOW, data / "now"), questions=given.questions, grouped=given.grouped)


if __name__ == "__main__":
    main()
