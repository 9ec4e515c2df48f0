"""Say on a terminal what a command is waiting for, and sum it up where it took long."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from rich.status import Status

from cli.terminal.consoles import stderr

_LONG = 4.0
"""Seconds from which a command says what took them."""


class Waiting:
    """The steps of a command. ``advice`` says what is faster; ``clock`` counts seconds.

    Prints nothing unless stderr is a terminal.
    """

    def __init__(self, *, advice: str = "", clock: Callable[[], float] = time.perf_counter) -> None:
        self._advice = advice
        self._clock = clock
        self._console = stderr()
        self._steps: list[tuple[str, float]] = []
        self._status = Status("", console=self._console)

    def __enter__(self) -> Waiting:
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status.stop()
        if error is None and self._console.is_terminal and (told := self.summary()):
            self._console.print(f"[dim]{told}[/]", highlight=False)

    def step(self, name: str, note: str = "") -> None:
        """Begin a step, which ends the one before. ``note`` is said with it."""
        self._steps.append((name, self._clock()))
        self._status.update(f"{name} … {note}" if note else f"{name} …")

    def summary(self) -> str:
        """The seconds of each step; empty if they are few together."""
        begun = [at for _, at in self._steps]
        ended = [*begun[1:], self._clock()]
        if not begun or ended[-1] - begun[0] < _LONG:
            return ""
        seconds = (
            f"{name} {until - at:.1f} s"
            for (name, _), at, until in zip(self._steps, begun, ended, strict=False)
        )
        return f"{ended[-1] - begun[0]:.1f} s: {', '.join(seconds)}. {self._advice}".rstrip()
