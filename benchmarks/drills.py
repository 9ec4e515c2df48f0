"""What drills have shown (``make drills``): kept in drills.json, and shown in docs/scale.md."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).with_name("drills.json")


@dataclass(frozen=True, slots=True)
class Drill:
    """What was done to an installation under load, and how its requests ended.

    ``overtaken`` are documents with a text whose request its client had given up and followed by another:
    whoever had the request carried it out later. ``refused`` and ``unanswered`` count writes and questions
    without success by their error. ``load`` is that of the machine, in processes for each processor.
    """

    name: str
    acknowledged: int
    lost: int
    overtaken: int
    refused: Mapping[str, int]
    answers: int
    wrong: int
    unanswered: Mapping[str, int]
    seconds_without_writes: float
    seconds_without_answers: float
    load: float

    @property
    def is_passed(self) -> bool:
        """Whether nothing was lost or wrong."""
        return not (self.lost or self.wrong)

    def row(self) -> tuple[str, ...]:
        """Its row in a table."""
        overtaken = f", {self.overtaken} overtaken" if self.overtaken else ""
        return (
            self.name,
            f"{self.acknowledged}, **{self.lost}**{overtaken}",
            _counts(self.refused),
            f"{self.seconds_without_writes} s",
            f"{self.answers}, **{self.wrong}**",
            _counts(self.unanswered),
            f"{self.seconds_without_answers} s",
        )


COLUMNS = (
    "drill",
    "writes acknowledged, lost",
    "refused",
    "longest time without a write",
    "answers, wrong",
    "refused",
    "longest time without an answer",
)


def drills() -> list[Drill]:
    """The drills that were kept."""
    return [Drill(**one) for one in json.loads(RESULTS.read_text())] if RESULTS.exists() else []


def keep(drill: Drill) -> None:
    """Keep a drill, in the place of the earlier one of its name."""
    kept = {one.name: one for one in drills()} | {drill.name: drill}
    RESULTS.write_text(json.dumps([asdict(one) for one in kept.values()], indent=1) + "\n")


def _counts(errors: Mapping[str, int]) -> str:
    return ", ".join(f"{count} × {error}" for error, count in sorted(errors.items())) or "none"
