"""Measure how long the stages of a search take."""

from __future__ import annotations

from time import perf_counter


class Stopwatch:
    """Measures the duration of stages in milliseconds; a stage that runs twice has the sum."""

    def __init__(self) -> None:
        self.timings: dict[str, float] = {}
        self._start = perf_counter()

    def note(self, stage: str, began: float) -> None:
        """Note that a stage has ended that began at a :func:`time.perf_counter`."""
        spent = (perf_counter() - began) * 1000
        self.timings[stage] = round(self.timings.get(stage, 0.0) + spent, 3)

    def durations(self) -> dict[str, float]:
        """Return the durations of all stages, and ``total``."""
        self.note("total", self._start)
        return self.timings
