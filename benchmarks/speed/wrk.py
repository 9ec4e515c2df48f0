"""Requests sent by wrk (https://github.com/wg/wrk), and what came of each.

wrk is written in C: it takes a fraction of a millisecond of a processor for a request, where the service
has the other milliseconds to itself. Its script, ``wrk.lua``, sends another question each time, keeps to a
schedule where there is one, and tells of each answer when it came and what it was.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = Path(__file__).with_suffix(".lua")
_GRACE = 10.0
_LONGEST_REPLY = 600.0
"""Seconds that wrk waits for a reply: it takes 8 bytes of memory for each microsecond of them."""
OK, OVERLOADED = 200, 429


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer: when it was due, sent and answered, in seconds of one clock.

    ``stages`` are milliseconds by stage, as the service told them; there are none where it refused.
    """

    due: float
    sent: float
    answered: float
    status: int
    stages: Mapping[str, float]

    @property
    def ms(self) -> float:
        """Milliseconds from when it was due: a request that had to wait for a connection waited too."""
        return 1000 * (self.answered - self.due)

    @property
    def late_ms(self) -> float:
        """Milliseconds by which it was sent too late."""
        return 1000 * (self.sent - self.due)


@dataclass(frozen=True, slots=True)
class Load:
    """What came of a run: the exchanges in the order of their answers, and the requests that got none.

    ``generator_seconds`` is the processor time that wrk itself took.
    """

    exchanges: Sequence[Exchange]
    unanswered: int
    generator_seconds: float

    def of(self, *statuses: int) -> list[Exchange]:
        """Those that were answered so."""
        return [one for one in self.exchanges if one.status in statuses]

    @property
    def seconds(self) -> float:
        """From the first that was sent to the last answer."""
        sent = min((one.sent for one in self.exchanges), default=0.0)
        return max((one.answered for one in self.exchanges), default=0.0) - sent

    @property
    def per_second(self) -> float:
        """Questions that were answered a second."""
        return len(self.of(OK)) / self.seconds if self.exchanges else 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """``requests`` in all over so many connections; ``rate`` a second, or 0: as fast as answers come.

    What is not answered after ``seconds`` is counted as unanswered.
    """

    connections: int
    requests: int
    rate: float = 0.0
    seconds: float = 120.0


def send(address: str, bodies: Sequence[str], plan: Plan) -> Load:
    """Send JSON bodies of one line, in order and again from the start, to ``POST /v1/ask``.

    Raises FileNotFoundError where wrk is not installed, subprocess.CalledProcessError when it fails.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise FileNotFoundError("wrk is not installed. On Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder:
        asked, records = Path(folder) / "bodies.jsonl", Path(folder) / "records.tsv"
        asked.write_text("".join(f"{body}\n" for body in bodies), encoding="utf-8")
        command = [wrk, "--threads", "1", "--connections", str(plan.connections)]
        patience = min(plan.seconds, _LONGEST_REPLY)
        command += ["--duration", f"{plan.seconds:.0f}s", "--timeout", f"{patience:.0f}s"]
        command += ["--script", str(_SCRIPT), address, "--", str(asked), str(records)]
        before = _processor_seconds()
        subprocess.run(  # noqa: S603 - fixed words, numbers, and paths of ours
            [*command, str(plan.requests), f"{plan.rate:g}"],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=plan.seconds + _GRACE,
        )
        exchanges = list(_read(records))
        return Load(exchanges, plan.requests - len(exchanges), _processor_seconds() - before)


def _read(records: Path) -> Iterator[Exchange]:
    for line in records.read_text(encoding="ascii").splitlines():
        due, sent, answered, status, stages = line.split("\t")
        yield Exchange(float(due), float(sent), float(answered), int(status), staged(stages))


def staged(header: str) -> dict[str, float]:
    """Milliseconds by stage, of a Server-Timing header (W3C) that has a duration for each."""
    parts = (part.strip().partition(";dur=") for part in header.split(",") if part.strip())
    return {name: float(duration) for name, _, duration in parts}


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
