"""The trainer: goes on from a checkpoint, and ends at a signal, at a number of steps or after some time."""

from __future__ import annotations

import json
import signal
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from training.cross_encoder import checkpoints
from training.cross_encoder.checkpoints import Progress
from training.cross_encoder.encoding import Batch
from training.cross_encoder.model import CrossEncoder, Weights, inputs, losses
from training.cross_encoder.schedule import Schedule
from training.cross_encoder.stream import Position

CURVE = "curve.jsonl"
_LONGEST_STEP = 30.0
"""Seconds. A step that takes longer was interrupted: its time does not count."""

Batches = Callable[[Position], Iterator[tuple[Batch, Position]]]
Evaluate = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Limits:
    """When a part of a run ends. 0: never."""

    steps: int = 0
    """The step after which it ends, counted from the beginning of the run."""
    hours: float = 0.0
    decay: bool = False
    """Lower the rate to nothing until then."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run is trained."""

    schedule: Schedule = field(default_factory=Schedule)
    weights: Weights = field(default_factory=Weights)
    weight_decay: float = 0.01
    clip: float = 1.0
    checkpoint_seconds: float = 600.0
    evaluate_steps: int = 1000
    log_steps: int = 50
    bf16: bool = True


class Trainer:
    """Trains a model and keeps its state in a folder."""

    def __init__(
        self,
        model: CrossEncoder,
        folder: Path,
        *,
        settings: Settings | None = None,
        seed: int = 1,
        stream: str = "",
    ) -> None:
        self.model = model
        self.folder = folder
        self.settings = settings or Settings()
        self.progress = Progress(seed=seed, stream=stream)
        self._optimizer = torch.optim.AdamW(
            _groups(model, self.settings), lr=0.0, betas=(0.9, 0.98), fused=True
        )
        self._stop = False
        self._sums: dict[str, float] = defaultdict(float)
        self._counts: dict[str, int] = defaultdict(int)

    def resume(self, source: Path | None = None) -> bool:
        """Go on from the checkpoint of a folder, if it has one. A new stream begins at its start."""
        source = source or self.folder
        if not (source / checkpoints.NAME).exists():
            return False
        wanted = self.progress
        self.progress, model, optimizer = checkpoints.load(source)
        self.model.load_state_dict(model)
        self._optimizer.load_state_dict(optimizer)
        if wanted.stream != self.progress.stream:
            self.note("stream", {"before": self.progress.stream, "after": wanted.stream})
            self.progress.stream, self.progress.position = wanted.stream, Position()
        return True

    def stop(self, *_: int | FrameType | None) -> None:
        """End after this step; as a handler of signals."""
        self._stop = True

    def run(self, batches: Batches, limits: Limits, evaluate: Evaluate | None = None) -> None:
        """Train until a limit or a signal; write checkpoints, and the curve of losses and evaluations."""
        with self._stopped_by_signals():
            self._run(batches, limits, evaluate)
        self.save()
        if evaluate and not self._stop:
            self.note("evaluation", evaluate())

    def _run(self, batches: Batches, limits: Limits, evaluate: Evaluate | None) -> None:
        first_step, spent, saved = self.progress.step, 0.0, time.monotonic()
        for batch, after in batches(self.progress.position):
            done = _part_done(self.progress.step - first_step, limits.steps - first_step, spent, limits)
            if done >= 1 or self._stop:
                break
            self.progress.decayed = done if limits.decay else 0.0
            began = time.monotonic()
            self._step(batch)
            self.progress.position = after
            took = min(time.monotonic() - began, _LONGEST_STEP)
            spent += took
            self.progress.seconds += took
            if self.progress.step % self.settings.log_steps == 0:
                self._log()
            if evaluate and self.progress.step % self.settings.evaluate_steps == 0:
                self.note("evaluation", evaluate())
            if time.monotonic() - saved > self.settings.checkpoint_seconds:
                self.save()
                saved = time.monotonic()

    @contextmanager
    def _stopped_by_signals(self) -> Iterator[None]:
        before = {number: signal.signal(number, self.stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def save(self) -> None:
        """Write a checkpoint."""
        checkpoints.save(self.folder, self.progress, self.model.state_dict(), self._optimizer.state_dict())

    def note(self, kind: str, values: Mapping[str, Any]) -> None:
        """Add a line to the curve."""
        progress = self.progress
        line = {
            "kind": kind, "step": progress.step, "samples": progress.samples,
            "minutes": round(progress.seconds / 60, 1), **values,
        }  # fmt: skip
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / CURVE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _step(self, batch: Batch) -> None:
        rate = self.settings.schedule.rate(self.progress.step, self.progress.decayed)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self.model.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bf16):
            scores = self.model(*inputs(batch))
        found = losses(scores, batch, self.settings.weights)
        torch.autograd.backward(torch.stack(list(found.values())).sum())
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self._optimizer.step()
        self._optimizer.zero_grad(set_to_none=True)
        self.progress.step += 1
        self.progress.samples += len(batch.answers)
        for name, loss in found.items():
            self._sums[name] += float(loss.detach())
            self._counts[name] += 1

    def _log(self) -> None:
        progress = self.progress
        means = {name: round(self._sums[name] / self._counts[name], 4) for name in sorted(self._sums)}
        self._sums.clear()
        self._counts.clear()
        speed = round(progress.samples / max(progress.seconds, 1e-9), 1)
        rate = self.settings.schedule.rate(progress.step, progress.decayed)
        self.note("loss", {**means, "samples_per_second": speed, "rate": round(rate, 7)})


def _groups(model: CrossEncoder, settings: Settings) -> list[dict[str, Any]]:
    """Weights with decay, and vectors (biases, norms) without."""
    trained = [one for one in model.parameters() if one.requires_grad]
    return [
        {"params": [one for one in trained if one.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [one for one in trained if one.ndim <= 1], "weight_decay": 0.0},
    ]


def _part_done(steps: int, most_steps: int, seconds: float, limits: Limits) -> float:
    parts = [0.0]
    if limits.steps:
        parts.append(steps / most_steps if most_steps > 0 else 1.0)
    if limits.hours:
        parts.append(seconds / 3600 / limits.hours)
    return max(parts)
