"""Learning rate: warm-up, a constant rate for as long as the run lasts, and a decay to nothing at its end."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True, slots=True)
class Schedule:
    """Warm-up, constant, decay ("WSD"). A run of unknown length ends well whenever its decay is started."""

    peak: float = 1e-4
    warmup: int = 300
    """Steps until the rate is reached."""

    def rate(self, step: int, decayed: float = 0.0) -> float:
        """The rate at a step; ``decayed`` is the part of the decay that is done, 0 to 1."""
        warm = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        return self.peak * warm * (1 - sqrt(min(1.0, max(0.0, decayed))))
